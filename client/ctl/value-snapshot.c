/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A snapshot is read where it lies: the pages are those that the service wrote, nothing goes over the bus.
 */
#include "client/ctl/value.h"

#include "daemon/model/builder.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const Place nowhere = { 0 };

static Failure *add_variant(Builder *builder, GVariant *value);

static Failure *add_list(Builder *builder, GVariant *list)
{
        GVariantIter iterator;
        GVariant *item;
        Failure *failure;

        failure = builder_open_list(builder, nowhere);
        g_variant_iter_init(&iterator, list);
        while (!failure && g_variant_iter_next(&iterator, "v", &item)) {
                failure = add_variant(builder, item);
                g_variant_unref(item);
        }
        return failure ? failure : builder_close(builder);
}

static Failure *add_map(Builder *builder, GVariant *map)
{
        GVariantIter iterator;
        GVariant *value;
        const char *key;
        Failure *failure;

        failure = builder_open_map(builder, nowhere);
        g_variant_iter_init(&iterator, map);
        while (!failure && g_variant_iter_next(&iterator, "{&sv}", &key, &value)) {
                builder_add_key(builder, nowhere, key, strlen(key));
                failure = add_variant(builder, value);
                g_variant_unref(value);
        }
        return failure ? failure : builder_close(builder);
}

static Failure *add_variant(Builder *builder, GVariant *value)
{
        const char *type = g_variant_get_type_string(value);
        const char *text;
        gsize length;

        if (g_str_equal(type, "a{sv}"))
                return add_map(builder, value);
        if (g_str_equal(type, "av"))
                return add_list(builder, value);
        if (g_str_equal(type, "b"))
                builder_add_boolean(builder, nowhere, g_variant_get_boolean(value));
        else if (g_str_equal(type, "x"))
                builder_add_integer(builder, nowhere, g_variant_get_int64(value));
        else if (g_str_equal(type, "t"))
                builder_add_unsigned(builder, nowhere, g_variant_get_uint64(value));
        else if (g_str_equal(type, "d"))
                builder_add_double(builder, nowhere, g_variant_get_double(value));
        else if (g_str_equal(type, "s")) {
                text = g_variant_get_string(value, &length);
                builder_add_string(builder, nowhere, text, length);
        } else if (g_str_equal(type, "g"))
                builder_add_null(builder, nowhere);
        else
                return failure_new(FAILURE_INVALID_ARGUMENT, "documents have no values of type '%s'", type);
        return NULL;
}

static int read_variant(GVariant *variant, Document **ret)
{
        g_autoptr(Builder) builder = builder_new(NULL, 0, g_variant_get_size(variant));
        g_autoptr(Failure) failure = add_map(builder, variant);

        if (failure)
                return -EBADMSG;
        *ret = builder_end(builder);
        return 0;
}

int value_read_snapshot(int fd, Document **ret)
{
        g_autoptr(GVariant) variant = NULL;
        struct stat status;
        void *data = NULL;
        int r;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (status.st_size > 0) {
                data = mmap(NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
                if (data == MAP_FAILED)
                        return -errno;
        }

        variant = g_variant_ref_sink(g_variant_new_from_data(G_VARIANT_TYPE_VARDICT, data,
                                                             (gsize) status.st_size, FALSE, NULL, NULL));
        if (G_BYTE_ORDER == G_BIG_ENDIAN) {
                GVariant *swapped = g_variant_byteswap(variant);

                g_variant_unref(variant);
                variant = swapped;
        }
        /* Also lets GLib go through large lists without looking at each offset again and again. */
        r = g_variant_is_normal_form(variant) ? read_variant(variant, ret) : -EBADMSG;
        g_clear_pointer(&variant, g_variant_unref);
        if (data)
                (void) munmap(data, (size_t) status.st_size);
        return r;
}
