/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/schema-cache.h"

#include "daemon/watch/debounce.h"

#include <errno.h>
#include <time.h>

#define WINDOW_USEC (100 * 1000U)
#define POLL_USEC (2 * 1000 * 1000U)

struct SchemaCache {
        sd_event *event;
        Watcher *watcher;
        GHashTable *entries; /* by path, of Entry */
};

/* One schema file. */
typedef struct Entry {
        SchemaCache *cache;
        char *path;
        Schema *schema;      /* NULL while stale */
        uint64_t generation; /* counts changes */
        GPtrArray *watches;  /* of Watch: its own file, then those it refers to */
        GPtrArray *uses;     /* of SchemaUse */
        Debounce debounce;
        sd_event_source *timer;
} Entry;

struct SchemaUse {
        Entry *entry;
        SchemaChanged changed;
        void *userdata;
};

static void release_watch(void *watch)
{
        watch_free(watch);
}

static void entry_free(void *data)
{
        Entry *entry = data;

        g_clear_pointer(&entry->watches, g_ptr_array_unref);
        sd_event_source_disable_unref(entry->timer);
        schema_unref(entry->schema);
        g_ptr_array_unref(entry->uses);
        g_free(entry->path);
        g_free(entry);
}

SchemaCache *schema_cache_new(sd_event *event, Watcher *watcher)
{
        SchemaCache *cache = g_new(SchemaCache, 1);

        *cache = (SchemaCache){
                .event = event,
                .watcher = watcher,
                .entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free),
        };
        return cache;
}

SchemaCache *schema_cache_free(SchemaCache *cache)
{
        if (!cache)
                return NULL;

        g_hash_table_unref(cache->entries);
        g_free(cache);
        return NULL;
}

/* A user may stop using it while being told. */
static void tell_users(Entry *entry)
{
        g_autoptr(GPtrArray) uses = g_ptr_array_copy(entry->uses, NULL, NULL);

        for (guint i = 0; i < uses->len; i++) {
                SchemaUse *use = g_ptr_array_index(uses, i);

                if (g_ptr_array_find(entry->uses, use, NULL))
                        use->changed(use, use->userdata);
        }
}

static void make_stale(Entry *entry)
{
        entry->schema = schema_unref(entry->schema);
        entry->generation++;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Entry *entry = userdata;

        debounce_act(&entry->debounce, usec);
        make_stale(entry);
        tell_users(entry);
        return 0;
}

/*
 * Users are told when the file has been still, so that none compiles half of it unasked; whoever loads
 * before that has reasons of his own, and sees a save that looks finished at once.
 */
static void on_watch(Watch *watch, WatchEvent event, void *userdata)
{
        Entry *entry = userdata;
        uint64_t now = 0;

        if (event == WATCH_FINISHED)
                make_stale(entry);

        sd_event_now(entry->cache->event, CLOCK_MONOTONIC, &now);
        (void) debounce_event(&entry->debounce, event, now);
        (void) sd_event_source_set_time(entry->timer,
                                        MIN(debounce_deadline(&entry->debounce), now + WINDOW_USEC));
        (void) sd_event_source_set_enabled(entry->timer, SD_EVENT_ONESHOT);
}

static int watch_file(Entry *entry, const char *path)
{
        Watch *watch = NULL;
        int r = watcher_add_file(entry->cache->watcher, path, POLL_USEC, on_watch, entry, &watch);

        if (r >= 0)
                g_ptr_array_add(entry->watches, watch);
        return r;
}

static int entry_new(SchemaCache *cache, const char *path, Entry **ret)
{
        Entry *entry = g_new0(Entry, 1);
        int r;

        entry->cache = cache;
        entry->path = g_strdup(path);
        entry->watches = g_ptr_array_new_with_free_func(release_watch);
        entry->uses = g_ptr_array_new();
        debounce_init(&entry->debounce, WINDOW_USEC, true);
        r = sd_event_add_time(cache->event, &entry->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, entry);
        if (r >= 0)
                r = sd_event_source_set_enabled(entry->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = watch_file(entry, path);
        if (r < 0) {
                entry_free(entry);
                return r;
        }
        g_hash_table_insert(cache->entries, entry->path, entry);
        *ret = entry;
        return 0;
}

int schema_cache_use(SchemaCache *cache, const char *path, SchemaChanged changed, void *userdata,
                     SchemaUse **ret)
{
        Entry *entry = g_hash_table_lookup(cache->entries, path);
        SchemaUse *use;
        int r = 0;

        if (!entry)
                r = entry_new(cache, path, &entry);
        if (r < 0)
                return r;
        use = g_new(SchemaUse, 1);
        *use = (SchemaUse){ .entry = entry, .changed = changed, .userdata = userdata };
        g_ptr_array_add(entry->uses, use);
        *ret = use;
        return 0;
}

SchemaUse *schema_use_free(SchemaUse *use)
{
        Entry *entry;

        if (!use)
                return NULL;

        entry = use->entry;
        g_ptr_array_remove_fast(entry->uses, use);
        if (entry->uses->len == 0)
                g_hash_table_remove(entry->cache->entries, entry->path);
        g_free(use);
        return NULL;
}

Schema *schema_use_get(const SchemaUse *use, uint64_t *ret_generation)
{
        *ret_generation = use->entry->generation;
        return use->entry->schema;
}

void schema_use_put(SchemaUse *use, Schema *schema, uint64_t generation)
{
        Entry *entry = use->entry;
        char *const *files = schema_files(schema);

        if (entry->generation != generation || entry->schema)
                return;
        entry->schema = schema_ref(schema);
        g_ptr_array_set_size(entry->watches, 1);
        /* A file that cannot be watched is one whose changes show only with the next of another. */
        for (char *const *file = files + 1; *file; file++)
                (void) watch_file(entry, *file);
}

bool schema_use_may_hang(const SchemaUse *use)
{
        for (guint i = 0; i < use->entry->watches->len; i++)
                if (watch_may_hang(g_ptr_array_index(use->entry->watches, i)))
                        return true;
        return false;
}
