/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables: rows for people, and the same rows as JSON
 *
 * A verb says what its columns are and fills in cells, row by row; both forms come from that. Text is
 * escaped here. Where the terminal is too narrow, columns that may shrink are cut, the widest first.
 */
#pragma once

#include "client/ctl/json.h"
#include "client/ctl/style.h"

typedef enum ColumnFlags {
        COLUMN_RIGHT = 1 << 0,     /* aligned at the right */
        COLUMN_SHRINKS = 1 << 1,   /* may be cut */
        COLUMN_JSON_ONLY = 1 << 2, /* not shown to people */
} ColumnFlags;

typedef struct Column {
        const char *header;
        const char *key; /* in JSON */
        ColumnFlags flags;
} Column;

typedef struct Table Table;

/* The columns are borrowed. */
Table *table_new(const Column *columns, size_t n_columns);
Table *table_free(Table *table);

/* Each adds the next cell; a row is full when every column has one. */
void table_add_text(Table *table, const char *text, Accent accent); /* NULL: "-", and null in JSON */
/* What people see, where it is not the same as what JSON has; the latter as with table_add_text(). */
void table_add_shown(Table *table, const char *shown, const char *text, Accent accent);
void table_add_unsigned(Table *table, uint64_t value);
void table_add_amount(Table *table, uint64_t value); /* likewise, but 0 is "-" for people */
void table_add_bytes(Table *table, uint64_t value);  /* as "1.2K" */
void table_add_time(Table *table, uint64_t time);    /* both absolute and relative; 0: "-" */
void table_add_boolean(Table *table, bool value);    /* yes, no */
/* text for people, the node for JSON; either may be NULL. */
void table_add_node(Table *table, const char *text, const Node *node);

size_t table_count(const Table *table);
char *table_format(const Table *table, const Style *style);
/* Appends the cells of a row to an object that is open. */
void table_append_json_row(const Table *table, size_t row, Json *json);
/* Appends an array of objects. */
void table_append_json(const Table *table, Json *json);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
