/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/json.h"

#include "client/ctl/text.h"

#include <math.h>

#define MAX_DEPTH (DOCUMENT_MAX_DEPTH + 8)
#define INDENT 2

struct Json {
        GString *text;
        bool pretty;
        bool filled;    /* the open object or array has something in it */
        bool after_key; /* the next value belongs to the key just written */
        unsigned depth;
        char closers[MAX_DEPTH];
};

Json *json_new(JsonMode mode)
{
        Json *json = g_new0(Json, 1);

        json->text = g_string_new(NULL);
        json->pretty = mode == JSON_PRETTY;
        return json;
}

Json *json_free(Json *json)
{
        if (!json)
                return NULL;

        if (json->text)
                g_string_free(json->text, TRUE);
        g_free(json);
        return NULL;
}

char *json_end(Json *json)
{
        char *text;

        g_assert(json->depth == 0);
        text = g_string_free(g_steal_pointer(&json->text), FALSE);
        json_free(json);
        return text;
}

static void break_line(Json *json)
{
        if (json->pretty)
                g_string_append_printf(json->text, "\n%*s", (int) json->depth * INDENT, "");
}

/* What goes before a value or key. */
static void separate(Json *json)
{
        if (json->after_key) {
                json->after_key = false;
                return;
        }
        if (json->filled)
                g_string_append_c(json->text, ',');
        if (json->depth > 0)
                break_line(json);
        json->filled = true;
}

static void open_container(Json *json, char opener, char closer)
{
        separate(json);
        g_assert(json->depth < MAX_DEPTH);
        g_string_append_c(json->text, opener);
        json->closers[json->depth++] = closer;
        json->filled = false;
}

void json_open_object(Json *json)
{
        open_container(json, '{', '}');
}

void json_open_array(Json *json)
{
        open_container(json, '[', ']');
}

void json_close(Json *json)
{
        char closer;

        g_assert(json->depth > 0);
        closer = json->closers[--json->depth];
        if (json->filled)
                break_line(json);
        g_string_append_c(json->text, closer);
        json->filled = true;
}

static void append_code_unit(Json *json, unsigned unit)
{
        g_string_append_printf(json->text, "\\u%04x", unit);
}

static void append_string(Json *json, const char *value)
{
        g_autofree char *valid = g_utf8_validate(value, -1, NULL) ? NULL : g_utf8_make_valid(value, -1);

        g_string_append_c(json->text, '"');
        for (const char *p = valid ? valid : value; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);

                if (c == '"' || c == '\\')
                        g_string_append_printf(json->text, "\\%c", (char) c);
                else if (c == '\n')
                        g_string_append(json->text, "\\n");
                else if (c == '\t')
                        g_string_append(json->text, "\\t");
                else if (text_is_visible(c))
                        g_string_append_unichar(json->text, c);
                else if (c < 0x10000)
                        append_code_unit(json, c);
                else {
                        append_code_unit(json, 0xd800 + ((c - 0x10000) >> 10));
                        append_code_unit(json, 0xdc00 + (c & 0x3ff));
                }
        }
        g_string_append_c(json->text, '"');
}

void json_add_key(Json *json, const char *key)
{
        separate(json);
        append_string(json, key);
        g_string_append(json->text, json->pretty ? ": " : ":");
        json->after_key = true;
}

void json_add_null(Json *json)
{
        separate(json);
        g_string_append(json->text, "null");
}

void json_add_boolean(Json *json, bool value)
{
        separate(json);
        g_string_append(json->text, value ? "true" : "false");
}

void json_add_integer(Json *json, int64_t value)
{
        separate(json);
        g_string_append_printf(json->text, "%" G_GINT64_FORMAT, value);
}

void json_add_unsigned(Json *json, uint64_t value)
{
        separate(json);
        g_string_append_printf(json->text, "%" G_GUINT64_FORMAT, value);
}

void json_add_double(Json *json, double value)
{
        bool number = isfinite(value);

        separate(json);
        if (!number)
                g_string_append_c(json->text, '"');
        text_append_double(json->text, value);
        if (!number)
                g_string_append_c(json->text, '"');
}

void json_add_string(Json *json, const char *value)
{
        if (!value) {
                json_add_null(json);
                return;
        }
        separate(json);
        append_string(json, value);
}

void json_add_node(Json *json, const Node *node)
{
        switch (node->kind) {
        case NODE_NULL:
                json_add_null(json);
                break;
        case NODE_BOOLEAN:
                json_add_boolean(json, node->boolean);
                break;
        case NODE_INTEGER:
                json_add_integer(json, node->integer);
                break;
        case NODE_UNSIGNED:
                json_add_unsigned(json, node->unsigned_integer);
                break;
        case NODE_DOUBLE:
                json_add_double(json, node->number);
                break;
        case NODE_STRING:
                json_add_string(json, node->string);
                break;
        case NODE_LIST:
                json_open_array(json);
                for (uint32_t i = 0; i < node->length; i++)
                        json_add_node(json, &node->list->items[i]);
                json_close(json);
                break;
        case NODE_MAP:
                json_open_object(json);
                for (uint32_t i = 0; i < node->length; i++) {
                        json_add_key(json, node->map->members[i].key);
                        json_add_node(json, &node->map->members[i].value);
                }
                json_close(json);
                break;
        default:
                g_assert_not_reached();
        }
}
