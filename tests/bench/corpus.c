/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes both formats from one walk: in JSON a comma goes in front of what is not the first of its map or
 * list, and what is closed is closed by a bracket; in YAML the indent does all that.
 */
#include "tests/bench/corpus.h"

#define TENANTS_PER_REGION 64U
#define COUNTER_DIGITS 6U
#define COUNTER_START 100000U

typedef struct Writer {
        GString *text;
        GRand *random;
        bool is_json;
        bool is_first; /* of what was opened last */
        unsigned level;
} Writer;

static void indent(Writer *writer)
{
        for (unsigned i = 0; i < writer->level; i++)
                g_string_append(writer->text, "  ");
}

static void begin_line(Writer *writer)
{
        if (writer->is_json) {
                g_string_append(writer->text, writer->is_first ? "\n" : ",\n");
                writer->is_first = false;
        }
        indent(writer);
}

static void end_line(Writer *writer)
{
        if (!writer->is_json)
                g_string_append_c(writer->text, '\n');
}

static void write_key(Writer *writer, const char *key)
{
        begin_line(writer);
        g_string_append_printf(writer->text, writer->is_json ? "\"%s\":" : "%s:", key);
}

static void open_map(Writer *writer, const char *key, char bracket)
{
        write_key(writer, key);
        if (writer->is_json)
                g_string_append_printf(writer->text, " %c", bracket);
        end_line(writer);
        writer->level++;
        writer->is_first = true;
}

static void close_map(Writer *writer, char bracket)
{
        writer->level--;
        writer->is_first = false;
        if (!writer->is_json)
                return;
        g_string_append_c(writer->text, '\n');
        indent(writer);
        g_string_append_c(writer->text, bracket);
}

static void write_item(Writer *writer, const char *word)
{
        begin_line(writer);
        g_string_append_printf(writer->text, writer->is_json ? "\"%s\"" : "- %s", word);
        end_line(writer);
}

/* A number, true, false or null: written alike in both. */
static void write_word(Writer *writer, const char *key, const char *word)
{
        write_key(writer, key);
        g_string_append_printf(writer->text, " %s", word);
        end_line(writer);
}

static void write_number(Writer *writer, const char *key, unsigned number)
{
        char word[16];

        g_snprintf(word, sizeof(word), "%u", number);
        write_word(writer, key, word);
}

static void write_string(Writer *writer, const char *key, bool quoted, const char *string)
{
        write_key(writer, key);
        g_string_append_printf(writer->text, quoted || writer->is_json ? " \"%s\"" : " %s", string);
        end_line(writer);
}

static unsigned any(Writer *writer, unsigned from, unsigned to)
{
        return (unsigned) g_rand_int_range(writer->random, (gint32) from, (gint32) to);
}

/* Returns where its counter stands. */
static size_t write_tenant(Writer *writer, unsigned index)
{
        static const char *const tiers[] = { "free", "team", "business", "enterprise" };
        static const char *const features[] = { "search", "export", "audit", "mirror", "single-sign-on" };
        char text[64];
        size_t counter;

        g_snprintf(text, sizeof(text), "tenant-%06u", index);
        open_map(writer, text, '{');
        write_string(writer, "tier", false, tiers[any(writer, 0, G_N_ELEMENTS(tiers))]);
        write_word(writer, "enabled", any(writer, 0, 5) > 0 ? "true" : "false");
        write_number(writer, "timeout-ms", COUNTER_START);
        counter = writer->text->len - COUNTER_DIGITS - (writer->is_json ? 0 : 1);
        g_snprintf(text, sizeof(text), "0.%04u", any(writer, 1, 9999));
        write_word(writer, "sampling", text);
        write_word(writer, "owner", "null");

        open_map(writer, "database", '{');
        g_snprintf(text, sizeof(text), "db%02u.region.example:%u", any(writer, 0, 40),
                   any(writer, 1024, 65535));
        write_string(writer, "address", true, text);
        write_number(writer, "pool", any(writer, 1, 200));
        write_string(writer, "comment", false, "moved here from the old cluster");
        close_map(writer, '}');

        open_map(writer, "features", '[');
        write_item(writer, features[any(writer, 0, G_N_ELEMENTS(features))]);
        write_item(writer, features[any(writer, 0, G_N_ELEMENTS(features))]);
        close_map(writer, ']');
        close_map(writer, '}');
        return counter;
}

static size_t write_tenants(Writer *writer, size_t size)
{
        size_t counter = 0;

        for (unsigned index = 0; index == 0 || writer->text->len < size; index++) {
                size_t start = writer->text->len, found;

                if (index % TENANTS_PER_REGION == 0) {
                        char name[32];

                        if (index > 0)
                                close_map(writer, '}');
                        g_snprintf(name, sizeof(name), "region-%04u", index / TENANTS_PER_REGION);
                        open_map(writer, name, '{');
                }
                found = write_tenant(writer, index);
                if (counter == 0 || start < size / 2)
                        counter = found;
        }
        close_map(writer, '}');
        return counter;
}

Corpus *corpus_new(Format format, size_t size, uint32_t seed)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        Corpus *corpus = g_new(Corpus, 1);
        Writer writer = {
                .text = g_string_sized_new(size + 1024),
                .random = random,
                .is_json = format == FORMAT_JSON,
                .is_first = true,
        };

        if (writer.is_json) {
                g_string_append_c(writer.text, '{');
                writer.level = 1;
        } else {
                g_string_append(writer.text, "# Settings of all tenants\n");
        }
        corpus->counter = write_tenants(&writer, size);
        if (writer.is_json)
                g_string_append(writer.text, "\n}\n");

        corpus->length = writer.text->len;
        corpus->text = g_string_free(writer.text, FALSE);
        return corpus;
}

Corpus *corpus_free(Corpus *corpus)
{
        if (!corpus)
                return NULL;

        g_free(corpus->text);
        g_free(corpus);
        return NULL;
}

void corpus_change(Corpus *corpus)
{
        char *digits = corpus->text + corpus->counter;

        for (char *digit = digits + COUNTER_DIGITS; digit-- > digits;) {
                if (*digit < '9') {
                        ++*digit;
                        return;
                }
                *digit = '0';
        }
        /* Past the last value the first digit must not be a zero: JSON has no such numbers. */
        *digits = '1';
}
