/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/instance-changes.h"

typedef struct Heard {
        char *config;
        char *object; /* NULL for a config's version */
        char *state;
        uint64_t version;
        uint64_t time; /* µs, realtime */
} Heard;

struct InstanceChanges {
        GPtrArray *heard; /* of Heard */
};

/* The two lists, and who is told. */
typedef struct Telling {
        const GPtrArray *before, *now;
        GHashTable *states; /* object to Heard, what was told of it last */
        Standings *standings;
        InstanceChangesTold told;
        void *userdata;
} Telling;

static void destroy_heard(void *data)
{
        Heard *heard = data;

        g_free(heard->config);
        g_free(heard->object);
        g_free(heard->state);
        g_free(heard);
}

InstanceChanges *instance_changes_new(void)
{
        InstanceChanges *changes = g_new0(InstanceChanges, 1);

        changes->heard = g_ptr_array_new_with_free_func(destroy_heard);
        return changes;
}

InstanceChanges *instance_changes_free(InstanceChanges *changes)
{
        if (!changes)
                return NULL;

        g_ptr_array_unref(changes->heard);
        g_free(changes);
        return NULL;
}

void instance_changes_hear(InstanceChanges *changes, const char *config, const char *object,
                           const char *state, uint64_t version)
{
        Heard *heard = g_new(Heard, 1);

        *heard = (Heard){ g_strdup(config), g_strdup(object), g_strdup(state), version,
                          (uint64_t) g_get_real_time() };
        g_ptr_array_add(changes->heard, heard);
}

static void tell(const Telling *telling, InstanceReportKind kind, const char *config, uint64_t version,
                 const ListedInstance *instance, uint64_t time)
{
        const InstanceReport report = {
                .kind = kind,
                .time = time,
                .config = config,
                .version = version,
                .instance = instance,
                .standings = telling->standings,
        };

        telling->told(&report, telling->userdata);
}

static bool is_as(const ListedInstance *instance, const Heard *heard)
{
        return g_str_equal(instance->state, heard->state) && instance->version == heard->version;
}

static bool is_same(const ListedInstance *before, const ListedInstance *now)
{
        return g_str_equal(before->state, now->state) && before->version == now->version &&
               g_strcmp0(before->message, now->message) == 0;
}

/* Whether the state is what was told last, so that there is nothing new in it. */
static bool is_told(const Telling *telling, const ListedInstance *before, const Heard *heard)
{
        const Heard *last = g_hash_table_lookup(telling->states, heard->object);

        return last ? g_str_equal(last->state, heard->state) && last->version == heard->version
                    : is_as(before, heard);
}

/* One that came meanwhile is told of as it is now, and one that came and went is not told of at all. */
static void tell_heard(const Telling *telling, Heard *heard)
{
        const ListedInstance *before, *now;
        ListedInstance then;

        if (!heard->object) {
                tell(telling, INSTANCE_REPORT_VERSION, heard->config, heard->version, NULL, heard->time);
                return;
        }
        before = instance_list_find(telling->before, heard->object);
        if (!before || is_told(telling, before, heard))
                return;
        g_hash_table_replace(telling->states, heard->object, heard);
        now = instance_list_find(telling->now, heard->object);
        if (now && is_as(now, heard)) {
                tell(telling, INSTANCE_REPORT_STATE, now->config, 0, now, heard->time);
                return;
        }
        then = *before;
        then.state = heard->state;
        then.version = heard->version;
        then.message = NULL;
        then.details = NULL;
        tell(telling, INSTANCE_REPORT_STATE, then.config, 0, &then, heard->time);
}

/* No signal may have come: the bus drops some, and some are not for everybody. */
static void tell_rest(const Telling *telling, const ListedInstance *now, uint64_t time)
{
        const ListedInstance *before = instance_list_find(telling->before, now->object);
        const Heard *last = g_hash_table_lookup(telling->states, now->object);

        if (!before)
                tell(telling, INSTANCE_REPORT_CAME, now->config, 0, now, time);
        else if (last ? !is_as(now, last) : !is_same(before, now))
                tell(telling, INSTANCE_REPORT_STATE, now->config, 0, now, time);
}

void instance_changes_tell(InstanceChanges *changes, const GPtrArray *before, const GPtrArray *now,
                           Standings *standings, InstanceChangesTold told, void *userdata)
{
        g_autoptr(GHashTable) states = g_hash_table_new(g_str_hash, g_str_equal);
        const Telling telling = { before, now, states, standings, told, userdata };
        uint64_t time = (uint64_t) g_get_real_time();

        for (guint i = 0; i < changes->heard->len; i++)
                tell_heard(&telling, changes->heard->pdata[i]);
        for (guint i = 0; i < now->len; i++)
                tell_rest(&telling, now->pdata[i], time);
        for (guint i = 0; i < before->len; i++) {
                const ListedInstance *old = before->pdata[i];

                if (!instance_list_find(now, old->object))
                        tell(&telling, INSTANCE_REPORT_LEFT, old->config, 0, old, time);
        }
        g_ptr_array_set_size(changes->heard, 0);
}
