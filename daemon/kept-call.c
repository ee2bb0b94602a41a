/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/kept-call.h"

#include <string.h>

/* Of one message without its body, in memory. */
#define MESSAGE_SIZE 1024U

/* What one user has us keep. */
typedef struct Load {
        unsigned calls;
        size_t bytes;
} Load;

struct KeptCalls {
        GHashTable *by_user; /* by uid, of Load */
};

KeptCalls *kept_calls_new(void)
{
        KeptCalls *calls = g_new(KeptCalls, 1);

        *calls = (KeptCalls){ .by_user = g_hash_table_new_full(NULL, NULL, NULL, g_free) };
        return calls;
}

KeptCalls *kept_calls_free(KeptCalls *calls)
{
        if (!calls)
                return NULL;

        g_hash_table_unref(calls->by_user);
        g_free(calls);
        return NULL;
}

/* Goes on over the values up to the end of the container, until there are more bytes than the limit. */
static int add_values(sd_bus_message *m, size_t limit, size_t *size)
{
        const char *contents, *text;
        char type;
        int r;

        while (*size <= limit && (r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                *size += sizeof(uint64_t);
                if (strchr("sog", type)) {
                        r = sd_bus_message_read_basic(m, type, &text);
                        *size += r < 0 ? 0 : strnlen(text, limit);
                } else if (strchr("arve", type)) {
                        r = sd_bus_message_enter_container(m, type, contents);
                        if (r >= 0)
                                r = add_values(m, limit, size);
                        if (r > 0)
                                r = sd_bus_message_exit_container(m);
                } else {
                        r = sd_bus_message_skip(m, (char[]){ type, '\0' });
                }
                if (r < 0)
                        return r;
        }
        return *size <= limit;
}

/* About as many bytes as it takes; more than the limit where it is beyond that. */
static size_t message_size(sd_bus_message *m, size_t limit)
{
        size_t size = MESSAGE_SIZE;

        /* What cannot be read is for its handler to tell. */
        (void) sd_bus_message_rewind(m, true);
        (void) add_values(m, limit, &size);
        (void) sd_bus_message_rewind(m, true);
        return size;
}

static Load *find_load(KeptCalls *calls, uid_t uid)
{
        Load *load = g_hash_table_lookup(calls->by_user, GUINT_TO_POINTER(uid));

        if (!load) {
                load = g_new0(Load, 1);
                g_hash_table_insert(calls->by_user, GUINT_TO_POINTER(uid), load);
        }
        return load;
}

static Failure *check_load(const Load *load, size_t size)
{
        if (load->calls >= KEPT_CALLS_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "a user may have %u calls under way; wait for some of the answers",
                                   KEPT_CALLS_MAX_PER_USER);
        if (load->calls > 0 && load->bytes + size > KEPT_CALLS_MAX_BYTES_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "a user may have calls of %u MiB in all under way; wait for some of the "
                                   "answers",
                                   KEPT_CALLS_MAX_BYTES_PER_USER / 1024 / 1024);
        return NULL;
}

Failure *kept_call_new(KeptCalls *calls, uid_t uid, sd_bus_message *message, KeptCall **ret)
{
        Load *load = find_load(calls, uid);
        size_t size = message_size(message, KEPT_CALLS_MAX_BYTES_PER_USER);
        Failure *failure = check_load(load, size);

        if (failure)
                return failure;
        load->calls++;
        load->bytes += size;
        *ret = g_new(KeptCall, 1);
        **ret = (KeptCall){
                .message = sd_bus_message_ref(message), .owner = calls, .uid = uid, .size = size
        };
        return NULL;
}

KeptCall *kept_call_free(KeptCall *call)
{
        Load *load;

        if (!call)
                return NULL;

        load = find_load(call->owner, call->uid);
        load->bytes -= call->size;
        if (--load->calls == 0)
                g_hash_table_remove(call->owner->by_user, GUINT_TO_POINTER(call->uid));
        sd_bus_message_unref(call->message);
        g_free(call);
        return NULL;
}
