/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/serial.h"

#define HEAD_SIZE 8U
/* So many members are looked through rather than bisected. */
#define FEW 12U

/* Which characters a key may have without quotes. */
static const bool plain[256] = {
        ['-'] = true, ['_'] = true, ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

static bool parse_quoted(const char **at, SerialKey *key)
{
        const uint8_t *p = (const uint8_t *) *at + 1;
        size_t length = 0;

        key->text = (const char *) p;
        for (; *p != '"'; p++) {
                if (*p == '\\') {
                        key->is_escaped = true;
                        p++;
                        if (*p != '"' && *p != '\\')
                                return false;
                }
                if (*p == '\0')
                        return false;
                if (length++ < HEAD_SIZE)
                        key->head = key->head << 8 | *p;
        }
        key->length = (size_t) ((const char *) p - key->text);
        key->is_long = length > HEAD_SIZE;
        if (length < HEAD_SIZE && length > 0)
                key->head <<= 8 * (HEAD_SIZE - length);
        *at = (const char *) p + 1;
        return true;
}

/* The first eight of some bytes that end at end, with zeros for those that there are not. begin is where
 * reading is allowed from. */
static inline uint64_t read_head(const uint8_t *begin, const uint8_t *end, size_t length)
{
        uint64_t head = 0;

        if (length >= HEAD_SIZE)
                return serial_entry_head(end - length);
        if ((size_t) (end - begin) >= HEAD_SIZE)
                return serial_entry_head(end - HEAD_SIZE) << 8 * (HEAD_SIZE - length);
        for (size_t i = 0; i < length; i++)
                head |= (uint64_t) (end - length)[i] << 8 * (HEAD_SIZE - 1 - i);
        return head;
}

static inline bool parse_plain(const char *path, const char **at, SerialKey *key)
{
        const uint8_t *start = (const uint8_t *) *at;
        const uint8_t *p = start;

        while (plain[*p])
                p++;
        if (p == start)
                return false;
        key->text = *at;
        key->length = (size_t) (p - start);
        key->head = read_head((const uint8_t *) path, p, key->length);
        key->is_long = key->length > HEAD_SIZE;
        *at = (const char *) p;
        return true;
}

bool serial_key_parse(const char *path, const char **segment, SerialKey *ret)
{
        const char *at = *segment;
        SerialKey key = { .head = 0 };

        if (!(*at == '"' ? parse_quoted(&at, &key) : parse_plain(path, &at, &key)))
                return false;
        if (*at == '.') {
                at++;
                if (*at == '\0')
                        return false;
        } else if (*at != '\0') {
                return false;
        }
        *segment = at;
        *ret = key;
        return true;
}

size_t serial_key_index(const SerialKey *key)
{
        uint64_t index = 0;

        if (key->length == 0 || key->length > 10 || (key->length > 1 && key->text[0] == '0'))
                return SIZE_MAX;
        for (size_t i = 0; i < key->length; i++) {
                if (!g_ascii_isdigit(key->text[i]))
                        return SIZE_MAX;
                index = 10 * index + (uint64_t) (key->text[i] - '0');
        }
        return index <= UINT32_MAX ? (size_t) index : SIZE_MAX;
}

static int compare_escaped(const SerialKey *key, const uint8_t *entry)
{
        const char *end = key->text + key->length;

        for (const char *p = key->text; p < end; p++, entry++) {
                if (*p == '\\')
                        p++;
                if ((uint8_t) *p != *entry)
                        return (uint8_t) *p < *entry ? -1 : 1;
        }
        return *entry == '\0' ? 0 : -1;
}

int serial_key_compare_rest(const SerialKey *key, const uint8_t *entry)
{
        if (key->is_escaped)
                return compare_escaped(key, entry);
        entry += HEAD_SIZE;
        if (key->is_long) {
                size_t length = key->length - HEAD_SIZE;
                /* Stops at the NUL of the entry's key. */
                int order = strncmp(key->text + HEAD_SIZE, (const char *) entry, length);

                if (order != 0)
                        return order;
                entry += length;
        }
        return *entry == '\0' ? 0 : -1;
}

/* Among the first n members, by all of the key. */
static Serial bisect(const SerialArray *array, size_t n, const SerialKey *key)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                size_t start = serial_array_start(array, middle);
                int order = serial_key_compare(key, array->data + start);

                if (order == 0)
                        return serial_entry(array->data + start, serial_array_end(array, middle) - start)
                                        .value;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return (Serial){ .kind = SERIAL_NONE };
}

/*
 * Finds the last member whose key's head is not above that of the key: without a branch that depends on
 * keys, since no processor foresees how those compare. Among a few, all are looked at: unlike the steps of a
 * bisection, those looks do not wait for each other. width is a constant to each caller, so that reading an
 * offset is one instruction.
 */
__attribute__((always_inline)) static inline Serial find_by_head(const SerialArray *array,
                                                                 const SerialKey *key, unsigned width)
{
        size_t index = 0, left = array->length, start, end, passed = 0;
        const uint8_t *entry;

        while (left > FEW) {
                size_t half = left / 2;
                size_t former_end = serial_read_offset(array->ends + (index + half - 1) * width, width);
                uint64_t head = serial_entry_head(array->data + serial_align(former_end));

                index = head <= key->head ? index + half : index;
                left -= half;
        }
        for (size_t i = 1; i < left; i++) {
                size_t former_end = serial_read_offset(array->ends + (index + i - 1) * width, width);

                passed += serial_entry_head(array->data + serial_align(former_end)) <= key->head;
        }
        index += passed;

        start = index == 0 ? 0 : serial_align(serial_read_offset(array->ends + (index - 1) * width, width));
        end = serial_read_offset(array->ends + index * width, width);
        entry = array->data + start;
        if (serial_entry_head(entry) != key->head)
                return (Serial){ .kind = SERIAL_NONE };
        /* A head that ends in a zero is all of the key. */
        if ((key->head & 0xff) == 0 || serial_key_compare_rest(key, entry) == 0)
                return serial_entry(entry, end - start).value;
        /* There may be others before it with the same head. */
        return bisect(array, index, key);
}

Serial serial_find_member(const Serial *map, const SerialKey *key)
{
        SerialArray array = serial_array(map);

        if (array.length == 0)
                return (Serial){ .kind = SERIAL_NONE };
        switch (array.width) {
        case 1:
                return find_by_head(&array, key, 1);
        case 2:
                return find_by_head(&array, key, 2);
        case 4:
                return find_by_head(&array, key, 4);
        default:
                return find_by_head(&array, key, 8);
        }
}

const GVariantType *serial_type(const Serial *value)
{
        switch ((SerialKind) value->kind) {
        case SERIAL_BOOLEAN:
                return G_VARIANT_TYPE_BOOLEAN;
        case SERIAL_INTEGER:
                return G_VARIANT_TYPE_INT64;
        case SERIAL_UNSIGNED:
                return G_VARIANT_TYPE_UINT64;
        case SERIAL_DOUBLE:
                return G_VARIANT_TYPE_DOUBLE;
        case SERIAL_STRING:
                return G_VARIANT_TYPE_STRING;
        case SERIAL_NULL:
                return G_VARIANT_TYPE_SIGNATURE;
        case SERIAL_LIST:
                return G_VARIANT_TYPE("av");
        case SERIAL_MAP:
                return G_VARIANT_TYPE_VARDICT;
        case SERIAL_NONE:
                break;
        }
        return NULL;
}

/* Of a variant in normal form: that it has one of the types that documents have. */
static bool check_variant(const uint8_t *data, size_t size)
{
        static const char *const types[] = { "b", "x", "t", "d", "s", "g", "av", "a{sv}" };

        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                size_t length = strlen(types[i]);

                if (size > length && data[size - length - 1] == '\0' &&
                    memcmp(data + size - length, types[i], length) == 0)
                        /* The only signature is the empty one. */
                        return *types[i] != 'g' || size == 3;
        }
        return false;
}

static bool check_value(const Serial *value, size_t large, size_t *large_members);

static bool check_list(const SerialArray *list, size_t large, size_t *large_members)
{
        for (size_t i = 0; i < list->length; i++) {
                size_t start = serial_array_start(list, i);
                size_t end = serial_array_end(list, i);
                Serial item;

                if (!check_variant(list->data + start, end - start))
                        return false;
                item = serial_unwrap(list->data + start, end - start);
                if (!check_value(&item, large, large_members))
                        return false;
        }
        return true;
}

static bool check_map(const SerialArray *map, size_t large, size_t *large_members)
{
        const char *former = NULL;

        if (map->length >= large)
                *large_members += map->length;
        for (size_t i = 0; i < map->length; i++) {
                size_t start = serial_array_start(map, i);
                size_t size = serial_array_end(map, i) - start;
                const uint8_t *entry = map->data + start;
                unsigned width = serial_offset_width(size);
                size_t value = serial_align(serial_read_offset(entry + size - width, width));
                SerialMember member;

                if (!check_variant(entry + value, size - width - value))
                        return false;
                member = serial_entry(entry, size);
                if (former && strcmp(former, member.key) >= 0)
                        return false;
                former = member.key;
                if (!check_value(&member.value, large, large_members))
                        return false;
        }
        return true;
}

static bool check_value(const Serial *value, size_t large, size_t *large_members)
{
        SerialArray array;

        if (value->kind != SERIAL_MAP && value->kind != SERIAL_LIST)
                return true;
        array = serial_array(value);
        return value->kind == SERIAL_MAP ? check_map(&array, large, large_members)
                                         : check_list(&array, large, large_members);
}

/* GLib's look at them, in the machine's own order of bytes. */
static bool is_normal(const uint8_t *data, size_t size)
{
        g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
        g_autoptr(GVariant) variant =
                        g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, bytes, FALSE));

        if (G_BYTE_ORDER == G_BIG_ENDIAN) {
                g_autoptr(GVariant) swapped = NULL;

                /* Swapping makes good what is not normal: compare what it came from. */
                swapped = g_variant_byteswap(variant);
                g_variant_unref(g_steal_pointer(&variant));
                variant = g_variant_byteswap(swapped);
                return g_variant_get_size(variant) == size &&
                       memcmp(g_variant_get_data(variant), data, size) == 0;
        }
        return g_variant_is_normal_form(variant);
}

bool serial_check(const uint8_t *data, size_t size, size_t large, size_t *ret_large_members)
{
        Serial root = serial_root(data, size);

        *ret_large_members = 0;
        if (size == 0)
                return true;
        return is_normal(data, size) && check_value(&root, large, ret_large_members);
}
