/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoders: the bytes of a file to a document
 *
 * What holds for all formats stands here: names of formats, and that a file is UTF-8 without NUL. D-Bus
 * disconnects whoever sends anything else, and no decoder has to look for it again.
 */
#include "daemon/model/decode.h"

#include "daemon/model/decode-private.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
/* How many bytes are validated before ASCII is expected again. */
#define STRETCH 64U
/* That byte in each of the eight places of a word. */
#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static const char *const format_names[N_FORMATS] = {
        [FORMAT_NONE] = "",   [FORMAT_YAML] = "yaml", [FORMAT_JSON] = "json",
        [FORMAT_ENV] = "env", [FORMAT_INI] = "ini",
};

Format format_from_string(const char *name)
{
        for (Format format = FORMAT_NONE + 1; format < N_FORMATS; format++)
                if (strcmp(format_names[format], name) == 0)
                        return format;
        return FORMAT_NONE;
}

const char *format_to_string(Format format)
{
        return format_names[format];
}

Format format_from_file(const char *file)
{
        const char *slash = strrchr(file, '/');
        const char *name = slash ? slash + 1 : file;
        const char *suffix = strrchr(name, '.');

        if (g_str_has_prefix(name, ".env."))
                return FORMAT_ENV;
        if (!suffix)
                return FORMAT_NONE;
        if (strcmp(suffix, ".yml") == 0)
                return FORMAT_YAML;
        return format_from_string(suffix + 1);
}

Place decode_place(const char *text, size_t offset)
{
        Place place = { 1, 1 };

        for (size_t i = 0; i < offset; i++) {
                bool is_return = text[i] == '\r' && text[i + 1] != '\n';

                if (text[i] == '\n' || is_return)
                        place = (Place){ place.line + 1, 1 };
                else if (text[i] != '\r' && ((unsigned char) text[i] & 0xC0) != 0x80)
                        place.column++;
        }
        return place;
}

/* Where the bytes that are not ASCII, or NUL, begin, or a few bytes before: eight are looked at at once. */
static const char *skip_ascii(const char *text, const char *end)
{
        uint64_t word;

        for (; (size_t) (end - text) >= sizeof word; text += sizeof word) {
                memcpy(&word, text, sizeof word);
                if (((word | (word - EACH_BYTE(0x01))) & EACH_BYTE(0x80)) != 0)
                        break;
        }
        return text;
}

/* The first byte that is NUL or not UTF-8, or NULL. */
static const char *find_bad_byte(const char *text, size_t length)
{
        const char *end = text + length, *bad;

        while ((text = skip_ascii(text, end)) < end) {
                size_t stretch = MIN((size_t) (end - text), STRETCH);

                while (text + stretch < end && ((unsigned char) text[stretch] & 0xC0) == 0x80)
                        stretch++;
                if (!g_utf8_validate_len(text, stretch, &bad))
                        return bad;
                text += stretch;
        }
        return NULL;
}

static Failure *check_text(const char *file, const char *text, size_t length)
{
        const char *bad;
        Place place;

        if (length > UINT32_MAX)
                return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_PARSE, file, 0, 0, NULL,
                                      "%zu bytes are more than a config can have", length);
        bad = find_bad_byte(text, length);
        if (!bad)
                return NULL;

        place = decode_place(text, (size_t) (bad - text));
        return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_PARSE, file, place.line, place.column,
                              NULL,
                              *bad == '\0' ? "there is a NUL byte here: expected text"
                                           : "this is not valid UTF-8: save the file in UTF-8");
}

static Failure *decode_format(Format format, Builder *builder, const char *text, size_t length,
                              const char *file, const char *separator)
{
        switch (format) {
        case FORMAT_YAML:
                return decode_yaml(builder, text, length, file);
        case FORMAT_JSON:
                return decode_json(builder, text, length, file);
        case FORMAT_ENV:
                return decode_env(builder, text, length, file, separator);
        case FORMAT_INI:
                return decode_ini(builder, text, length, file);
        default:
                return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_PARSE, file, 0, 0, NULL,
                                      "the file's name does not tell its format: set the format to yaml, "
                                      "json, env or ini");
        }
}

Failure *decode(Format format, const char *file, unsigned layer, const char *data, size_t length,
                const char *separator, Document **ret)
{
        g_autoptr(Builder) builder = NULL;
        const char *text = data ?: "";
        Failure *failure;

        if (length >= strlen(BYTE_ORDER_MARK) &&
            memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
                text += strlen(BYTE_ORDER_MARK);
                length -= strlen(BYTE_ORDER_MARK);
        }
        failure = check_text(file, text, length);
        if (failure)
                return failure;

        builder = builder_new(file, layer, length);
        failure = decode_format(format, builder, text, length, file, separator);
        if (failure)
                return failure;

        *ret = builder_end(builder);
        return NULL;
}
