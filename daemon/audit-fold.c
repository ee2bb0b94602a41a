/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit-fold.h"

#include "daemon/user-count.h"

/* What one user, or all who share a count (uid -1), failed in or was denied about one config. */
typedef struct Count {
        AuditEntry last; /* of those in more; its uid and config are those of the count */
        unsigned admitted;
} Count;

struct AuditFold {
        uint64_t period;
        sd_event_source *timer;
        AuditFoldTold told;
        void *userdata;
        GHashTable *counts;  /* set, of Count */
        GHashTable *users;   /* set, of uids */
        UserCount *admitted; /* entries by user */
};

static guint hash_count(const void *data)
{
        const AuditEntry *key = &((const Count *) data)->last;

        return g_str_hash(key->config) ^ (guint) key->author.uid ^ ((guint) key->outcome << 31);
}

static gboolean counts_are_equal(const void *one, const void *other)
{
        const AuditEntry *a = &((const Count *) one)->last, *b = &((const Count *) other)->last;

        return a->outcome == b->outcome && a->author.uid == b->author.uid &&
               g_str_equal(a->config, b->config);
}

static void count_free(void *data)
{
        Count *count = data;

        g_free(count->last.config);
        g_free(count->last.author.unit);
        g_free(count->last.error);
        g_free(count);
}

static void begin(AuditFold *fold)
{
        fold->counts = g_hash_table_new_full(hash_count, counts_are_equal, count_free, NULL);
        fold->users = g_hash_table_new(NULL, NULL);
        fold->admitted = user_count_new();
}

static void clear(AuditFold *fold)
{
        g_hash_table_unref(fold->counts);
        g_hash_table_unref(fold->users);
        user_count_free(fold->admitted);
}

static int on_over(sd_event_source *source, uint64_t time, void *userdata)
{
        audit_fold_end(userdata);
        return 0;
}

int audit_fold_new(sd_event *event, uint64_t period, AuditFoldTold told, void *userdata, AuditFold **ret)
{
        g_autoptr(AuditFold) fold = g_new(AuditFold, 1);
        int r;

        *fold = (AuditFold){ .period = period, .told = told, .userdata = userdata };
        begin(fold);
        r = sd_event_add_time_relative(event, &fold->timer, CLOCK_BOOTTIME, period, 0, on_over, fold);
        if (r >= 0)
                r = sd_event_source_set_enabled(fold->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&fold);
        return 0;
}

AuditFold *audit_fold_free(AuditFold *fold)
{
        if (!fold)
                return NULL;

        sd_event_source_disable_unref(fold->timer);
        clear(fold);
        g_free(fold);
        return NULL;
}

static Count *find(const AuditFold *fold, AuditOutcome outcome, uid_t uid, const char *config)
{
        const Count key = {
                .last = { .outcome = outcome, .config = (char *) config, .author = { .uid = uid } },
        };

        return g_hash_table_lookup(fold->counts, &key);
}

static Count *get(AuditFold *fold, AuditOutcome outcome, uid_t uid, const char *config)
{
        Count *count = find(fold, outcome, uid, config);

        if (count)
                return count;
        count = g_new0(Count, 1);
        count->last.outcome = outcome;
        count->last.author.uid = uid;
        count->last.config = g_strdup(config);
        g_hash_table_add(fold->counts, count);
        return count;
}

static void count_more(Count *count, const AuditEntry *entry)
{
        AuditEntry *last = &count->last;

        if (last->more < G_MAXUINT)
                last->more++;
        last->time = entry->time;
        last->action = entry->action;
        g_free(last->error);
        last->error = g_strdup(entry->error);
        /* Those who share a count are nobody in particular. */
        if (last->author.uid == (uid_t) -1)
                return;
        last->author.pid = entry->author.pid;
        g_free(last->author.unit);
        last->author.unit = g_strdup(entry->author.unit);
}

/* False where there are too many to tell them apart. */
static bool know(AuditFold *fold, uid_t uid)
{
        void *key = GUINT_TO_POINTER(uid);

        if (g_hash_table_contains(fold->users, key))
                return true;
        return g_hash_table_size(fold->users) < AUDIT_FOLD_MAX_USERS && g_hash_table_add(fold->users, key);
}

static void start_timer(AuditFold *fold)
{
        if (g_hash_table_size(fold->counts) == 0 &&
            sd_event_source_set_time_relative(fold->timer, fold->period) >= 0)
                (void) sd_event_source_set_enabled(fold->timer, SD_EVENT_ONESHOT);
}

bool audit_fold_admit(AuditFold *fold, const AuditEntry *entry)
{
        uid_t uid = entry->author.uid;
        Count *count;

        if (uid == 0)
                return true;
        start_timer(fold);
        if (!know(fold, uid)) {
                count_more(get(fold, entry->outcome, (uid_t) -1, ""), entry);
                return false;
        }
        count = find(fold, entry->outcome, uid, entry->config);
        if ((!count || count->admitted < AUDIT_FOLD_MAX_CONFIG) &&
            user_count_get(fold->admitted, uid) < AUDIT_FOLD_MAX_USER) {
                user_count_add(fold->admitted, uid);
                get(fold, entry->outcome, uid, entry->config)->admitted++;
                return true;
        }
        /* Names that he may have made up have no counts of their own. */
        count_more(count ? count : get(fold, entry->outcome, uid, ""), entry);
        return false;
}

static int compare_counts(const void *one, const void *other)
{
        const AuditEntry *a = &(*(Count *const *) one)->last, *b = &(*(Count *const *) other)->last;
        int order = g_strcmp0(a->config, b->config);

        if (a->author.uid != b->author.uid)
                return a->author.uid < b->author.uid ? -1 : 1;
        return order != 0 ? order : (int) a->outcome - (int) b->outcome;
}

void audit_fold_end(AuditFold *fold)
{
        AuditFold before = *fold;
        g_autofree Count **counts = (Count **) g_hash_table_get_keys_as_array(before.counts, NULL);

        begin(fold);
        (void) sd_event_source_set_enabled(fold->timer, SD_EVENT_OFF);
        qsort(counts, g_hash_table_size(before.counts), sizeof *counts, compare_counts);
        for (size_t i = 0; counts[i]; i++)
                if (counts[i]->last.more > 0)
                        fold->told(&counts[i]->last, fold->userdata);
        clear(&before);
}
