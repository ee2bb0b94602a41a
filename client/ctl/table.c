/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/table.h"

#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"

#include <string.h>

#define NARROWEST 8U
#define MAX_COLUMNS 16U

typedef enum CellKind {
        CELL_NULL,
        CELL_TEXT,
        CELL_UNSIGNED,
        CELL_BOOLEAN,
        CELL_NODE,
} CellKind;

typedef struct Cell {
        char *text;  /* escaped, for people */
        char *plain; /* of CELL_TEXT, for JSON */
        Accent accent;
        CellKind kind;
        uint64_t number;
        const Node *node;
} Cell;

struct Table {
        const Column *columns;
        size_t n_columns;
        GArray *cells; /* of Cell, row by row */
};

static void cell_clear(void *data)
{
        Cell *cell = data;

        g_free(cell->text);
        g_free(cell->plain);
}

Table *table_new(const Column *columns, size_t n_columns)
{
        Table *table = g_new0(Table, 1);

        g_assert(n_columns > 0 && n_columns <= MAX_COLUMNS);
        table->columns = columns;
        table->n_columns = n_columns;
        table->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
        g_array_set_clear_func(table->cells, cell_clear);
        return table;
}

Table *table_free(Table *table)
{
        if (!table)
                return NULL;

        g_array_unref(table->cells);
        g_free(table);
        return NULL;
}

static void add_cell(Table *table, Cell cell)
{
        if (!cell.text)
                cell.text = g_strdup("-");
        g_array_append_val(table->cells, cell);
}

void table_add_shown(Table *table, const char *shown, const char *text, Accent accent)
{
        add_cell(table, (Cell){ .text = text_escape(shown),
                                .plain = g_strdup(text),
                                .accent = accent,
                                .kind = text ? CELL_TEXT : CELL_NULL });
}

void table_add_text(Table *table, const char *text, Accent accent)
{
        table_add_shown(table, text, text, accent);
}

void table_add_unsigned(Table *table, uint64_t value)
{
        add_cell(table, (Cell){ .text = g_strdup_printf("%" G_GUINT64_FORMAT, value),
                                .kind = CELL_UNSIGNED,
                                .number = value });
}

void table_add_amount(Table *table, uint64_t value)
{
        add_cell(table, (Cell){ .text = value > 0 ? g_strdup_printf("%" G_GUINT64_FORMAT, value) : NULL,
                                .kind = CELL_UNSIGNED,
                                .number = value });
}

static char *format_bytes(uint64_t bytes)
{
        static const char units[] = "KMGTPE";
        double value = (double) bytes;
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        size_t unit = 0;

        if (bytes < 1024)
                return g_strdup_printf("%" G_GUINT64_FORMAT "B", bytes);
        for (value /= 1024; value >= 1023.95; value /= 1024)
                unit++;
        return g_strdup_printf("%s%c", g_ascii_formatd(text, sizeof text, "%.1f", value), units[unit]);
}

void table_add_bytes(Table *table, uint64_t value)
{
        add_cell(table, (Cell){ .text = format_bytes(value), .kind = CELL_UNSIGNED, .number = value });
}

void table_add_time(Table *table, uint64_t time)
{
        add_cell(table, (Cell){ .text = time > 0 ? timestamp_format_both(time) : NULL,
                                .kind = time > 0 ? CELL_UNSIGNED : CELL_NULL,
                                .number = time });
}

void table_add_boolean(Table *table, bool value)
{
        add_cell(table,
                 (Cell){ .text = g_strdup(value ? "yes" : "no"), .kind = CELL_BOOLEAN, .number = value });
}

void table_add_node(Table *table, const char *text, const Node *node)
{
        add_cell(table,
                 (Cell){ .text = text_escape(text), .kind = node ? CELL_NODE : CELL_NULL, .node = node });
}

size_t table_count(const Table *table)
{
        g_assert(table->cells->len % table->n_columns == 0);
        return table->cells->len / table->n_columns;
}

static const Cell *get_cell(const Table *table, size_t row, size_t column)
{
        return &g_array_index(table->cells, Cell, row * table->n_columns + column);
}

static bool is_shown(const Table *table, size_t column)
{
        return !(table->columns[column].flags & COLUMN_JSON_ONLY);
}

static void shrink(const Table *table, const Style *style, size_t *widths)
{
        size_t total = 0;

        for (size_t i = 0; i < table->n_columns; i++)
                total += is_shown(table, i) ? widths[i] + 1 : 0;

        for (; total > style->columns + 1; total--) {
                size_t widest = MAX_COLUMNS;

                for (size_t i = 0; i < table->n_columns; i++)
                        if (is_shown(table, i) && (table->columns[i].flags & COLUMN_SHRINKS) &&
                            widths[i] > NARROWEST && (widest == MAX_COLUMNS || widths[i] > widths[widest]))
                                widest = i;
                if (widest == MAX_COLUMNS)
                        return;
                widths[widest]--;
        }
}

static void append_cell(GString *out, const Style *style, const char *text, size_t width, Accent accent,
                        bool right, bool last)
{
        g_autofree char *cut = text_ellipsize(text, width, style->unicode);
        size_t used = text_width(cut);
        int padding = (int) (width > used ? width - used : 0);

        g_string_append_printf(out, "%*s%s%s%s", right ? padding : 0, "", style_begin(style, accent), cut,
                               style_end(style, accent));
        if (!last)
                g_string_append_printf(out, "%*s ", right ? 0 : padding, "");
        else
                g_string_append_c(out, '\n');
}

char *table_format(const Table *table, const Style *style)
{
        GString *out = g_string_new(NULL);
        size_t n_rows = table_count(table), last = 0;
        size_t widths[MAX_COLUMNS] = { 0 };

        for (size_t column = 0; column < table->n_columns; column++) {
                if (!is_shown(table, column))
                        continue;
                last = column;
                if (style->legend)
                        widths[column] = text_width(table->columns[column].header);
                for (size_t row = 0; row < n_rows; row++)
                        widths[column] = MAX(widths[column], text_width(get_cell(table, row, column)->text));
        }
        if (style->columns > 0)
                shrink(table, style, widths);

        for (size_t line = style->legend ? 0 : 1; line <= n_rows; line++)
                for (size_t column = 0; column < table->n_columns; column++) {
                        const Cell *cell = line > 0 ? get_cell(table, line - 1, column) : NULL;

                        if (is_shown(table, column))
                                append_cell(out, style, cell ? cell->text : table->columns[column].header,
                                            widths[column], cell ? cell->accent : ACCENT_STRONG,
                                            table->columns[column].flags & COLUMN_RIGHT, column == last);
                }
        return g_string_free(out, FALSE);
}

static void append_json_cell(Json *json, const Cell *cell)
{
        switch (cell->kind) {
        case CELL_NULL:
                json_add_null(json);
                break;
        case CELL_TEXT:
                json_add_string(json, cell->plain);
                break;
        case CELL_UNSIGNED:
                json_add_unsigned(json, cell->number);
                break;
        case CELL_BOOLEAN:
                json_add_boolean(json, cell->number);
                break;
        case CELL_NODE:
                json_add_node(json, cell->node);
                break;
        }
}

void table_append_json_row(const Table *table, size_t row, Json *json)
{
        for (size_t column = 0; column < table->n_columns; column++) {
                json_add_key(json, table->columns[column].key);
                append_json_cell(json, get_cell(table, row, column));
        }
}

void table_append_json(const Table *table, Json *json)
{
        size_t n_rows = table_count(table);

        json_open_array(json);
        for (size_t row = 0; row < n_rows; row++) {
                json_open_object(json);
                table_append_json_row(table, row, json);
                json_close(json);
        }
        json_close(json);
}
