/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/kept-call.h"

#include <errno.h>
#include <string.h>

/* Of one message without its body, in memory. */
#define MESSAGE_SIZE 1024U
/* One with more values is not counted to its end; it is taken for as large as the bus lets one be. */
#define MAX_VALUES 1000U
#define LARGE_MESSAGE_SIZE (32U * 1024 * 1024)

/* What one user has us keep. */
typedef struct Load {
        unsigned calls;
        size_t bytes;
} Load;

struct KeptCalls {
        unsigned max_calls;
        GHashTable *by_user; /* by uid, of Load */
};

KeptCalls *kept_calls_new(unsigned max_calls)
{
        KeptCalls *calls = g_new(KeptCalls, 1);

        *calls = (KeptCalls){
                .max_calls = max_calls,
                .by_user = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        };
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

/* Values that were looked at, and the bytes that they are. */
typedef struct Measure {
        unsigned values;
        size_t bytes;
} Measure;

static int add_values(sd_bus_message *m, Measure *measure);

static int add_container(sd_bus_message *m, char type, const char *contents, Measure *measure)
{
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r > 0)
                r = add_values(m, measure);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Of numbers: all at once. */
static int add_array(sd_bus_message *m, char type, Measure *measure)
{
        const void *values;
        size_t size;
        int r = sd_bus_message_read_array(m, type, &values, &size);

        if (r >= 0)
                measure->bytes += size;
        return r;
}

static int add_text(sd_bus_message *m, char type, Measure *measure)
{
        const char *text;
        int r = sd_bus_message_read_basic(m, type, &text);

        if (r > 0)
                measure->bytes += strlen(text);
        return r;
}

/* Up to the end of the container, or of the message; -E2BIG where there are too many values. */
static int add_values(sd_bus_message *m, Measure *measure)
{
        const char *contents;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                if (++measure->values > MAX_VALUES)
                        return -E2BIG;
                measure->bytes += sizeof(uint64_t);
                if (type == 'a' && strchr("ynqiuxtd", *contents))
                        r = add_array(m, *contents, measure);
                else if (strchr("arve", type))
                        r = add_container(m, type, contents, measure);
                else if (strchr("sog", type))
                        r = add_text(m, type, measure);
                else
                        r = sd_bus_message_skip(m, (char[]){ type, '\0' });
                if (r < 0)
                        return r;
        }
        return r;
}

/* About as many bytes as it takes. */
static size_t message_size(sd_bus_message *m)
{
        Measure measure = { .bytes = MESSAGE_SIZE };

        /* What cannot be read is for its handler to tell. */
        (void) sd_bus_message_rewind(m, true);
        if (add_values(m, &measure) == -E2BIG)
                measure.bytes = LARGE_MESSAGE_SIZE;
        (void) sd_bus_message_rewind(m, true);
        return measure.bytes;
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

static Failure *check_number(const KeptCalls *calls, const Load *load)
{
        if (load->calls < calls->max_calls)
                return NULL;
        return failure_new(FAILURE_LIMIT_EXCEEDED,
                           "a user may have %u calls under way; wait for some of the answers",
                           calls->max_calls);
}

static Failure *check_size(const Load *load, size_t size)
{
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
        Failure *failure = check_number(calls, load);
        size_t size = 0;

        /* What is refused is not measured. */
        if (!failure) {
                size = message_size(message);
                failure = check_size(load, size);
        }
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
