/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the store on a disk that fails
 *
 * Each call is made again and again, with the disk failing at its first write, at its second and so on,
 * until it has made all of them. In between nothing may have changed, and the store must go on.
 */
#include "daemon/store/store-internal.h"
#include "tests/support/faulty-disk.h"
#include "tests/support/store-scene.h"

#include <glib/gstdio.h>

/* All that a store knows, in one text. */
static char *describe(Store *store)
{
        static const char *const configs[] = { "app", "other" };
        g_autoptr(GPtrArray) registrations = NULL;
        GString *text = g_string_new(store_epoch(store));

        assert_no_failure(store_list_registrations(store, &registrations));
        for (unsigned i = 0; i < registrations->len; i++) {
                const Registration *registration = g_ptr_array_index(registrations, i);
                g_autofree char *settings = g_variant_print(registration->settings, TRUE);

                g_string_append_printf(text, "\n%s %s %s", registration->name, registration->files[0],
                                       settings);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(configs); i++) {
                g_autofree char *history = history_of(store, configs[i]);
                g_autoptr(Version) version = NULL;
                Intent intent;

                assert_no_failure(store_load_intent(store, configs[i], &intent));
                g_string_append_printf(text, "\n%s: %s, intent %" G_GUINT64_FORMAT, configs[i], history,
                                       intent.number);
                assert_no_failure(store_load_active(store, configs[i], &version));
                for (unsigned j = 0; version && j < version->layers->len; j++) {
                        const Layer *layer = g_ptr_array_index(version->layers, j);
                        g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_MD5, layer->bytes);

                        g_string_append_printf(text, " %s %s", layer->file, digest);
                }
        }
        return g_string_free(text, FALSE);
}

static Failure *add_small(Store *store)
{
        g_autoptr(Version) version = version_of("a: 3\n", "b: 4\n", NULL);
        Failure *failure = store_add_version(store, "app", version, VERSION_ROLLED_BACK);

        g_assert_cmpuint(version->number, ==, failure ? 0 : 4);
        return failure;
}

static Failure *add_large(Store *store)
{
        g_autofree char *content = g_strnfill(600000, 'y');
        g_autoptr(Version) version = version_of(content, NULL);

        return store_add_version(store, "app", version, VERSION_SUPERSEDED);
}

static Failure *add_first(Store *store)
{
        g_autoptr(Version) version = version_of("a: 1\n", NULL);

        return store_add_version(store, "other", version, VERSION_SUPERSEDED);
}

static Failure *replace(Store *store)
{
        g_autoptr(Version) version = version_of("a: 1\n", "b: 1\n", NULL);

        version->number = 3;
        return store_replace_content(store, "app", version);
}

static Failure *forget(Store *store)
{
        return store_forget(store, "app");
}

static Failure *intend(Store *store)
{
        return store_save_intent(store, "app", &(Intent){ .number = 2, .origin = ORIGIN_ROLLBACK });
}

static Failure *end_intent(Store *store)
{
        return store_save_intent(store, "app", NULL);
}

static Failure *save_registration(Store *store)
{
        return store_scene_register(store, "new");
}

static Failure *remove_registration(Store *store)
{
        return store_remove_registration(store, "app");
}

static Failure *prune(Store *store)
{
        return store_tidy(store, "app", 1, 0);
}

typedef struct Call {
        const char *name;
        Failure *(*function)(Store *store);
        const char *subject; /* what the failure names */
        size_t log_size;     /* about what stands in the log before it */
} Call;

#define SMALL 10000
/* Enough to be written back at the next chance. */
#define LARGE (2 * 1024 * 1024)

static const Call calls[] = {
        { "add-small", add_small, "The new version of config 'app'", SMALL },
        { "add-large", add_large, "The new version of config 'app'", SMALL },
        { "add-first", add_first, "The new version of config 'other'", SMALL },
        { "replace", replace, "The new bytes of config 'app'", SMALL },
        { "forget", forget, "That the history of config 'app' is gone", SMALL },
        { "intend", intend, "What the files of config 'app' are to hold", SMALL },
        { "end-intent", end_intent, "What the files of config 'app' are to hold", SMALL },
        { "save-registration", save_registration, "The registration of 'new'", SMALL },
        { "remove-registration", remove_registration, "The end of the registration of 'app'", SMALL },
        { "prune", prune, "What was tidied up of config 'app'", SMALL },
        { "write-back", store_scene_write_back, "What was written to the log", LARGE },
};

/* Versions 1 to 3, the first of that size; an intent, a registration. */
static Store *open_prepared(const StoreScene *scene, size_t size)
{
        g_autofree char *content = g_strnfill(size, 'x');
        Store *store = store_scene_open_in_boot(scene->directory, 1);

        assert_no_failure(store_scene_register(store, "app"));
        (void) add_content(store, "app", content);
        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        return store;
}

static void empty(const StoreScene *scene)
{
        static const char *const names[] = { "", "-wal", "-journal" };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_strconcat(scene->database, names[i], NULL);

                (void) g_unlink(path);
        }
}

static void assert_described(Store *store, const char *expected)
{
        g_autofree char *description = describe(store);

        g_assert_cmpstr(description, ==, expected);
}

static char *describe_if_killed(const StoreScene *scene)
{
        g_autofree char *directory = store_scene_snapshot(scene, scene->directory);
        g_autoptr(Store) store = store_scene_open_in_boot(directory, 1);

        return describe(store);
}

/* True if the disk failed. */
static bool call_with_fault(const StoreScene *scene, const Call *call, DiskFault fault, unsigned n)
{
        g_autoptr(Store) store = open_prepared(scene, call->log_size);
        g_autofree char *before = describe(store);
        g_autofree char *after = NULL, *in_between = NULL, *killed = NULL;
        Failure *failure;
        bool failed;

        disk_fail_at(n, fault);
        failure = call->function(store);
        failed = disk_has_failed();
        g_assert_true(failed == (failure != NULL));
        if (failed) {
                assert_failed(failure, FAILURE_WRITE_FAILED, call->subject);
                /* As long as it lasts, what is there can be read. */
                in_between = describe(store);
                disk_fail_at(0, fault);
                assert_described(store, in_between);
                killed = describe_if_killed(scene);
                assert_no_failure(call->function(store));
        }

        disk_fail_at(0, fault);
        after = describe(store);
        store = store_close(store);
        store = store_scene_open_in_boot(scene->directory, 1);
        assert_described(store, after);

        /* A commit that was written and could not be synced may be there after a kill. */
        if (failed)
                g_assert_cmpstr(in_between, ==, before);
        if (failed && !(fault == DISK_BROKEN && g_str_equal(killed, after)))
                g_assert_cmpstr(killed, ==, in_between);
        return failed;
}

/* Each of the first, then ever fewer: what writes hundreds of pages writes them all alike. */
static unsigned next_write(unsigned n)
{
        return n < 20 ? n + 1 : n + n / 4;
}

static void test_calls(StoreScene *scene, const Call *call, DiskFault fault)
{
        unsigned n = 1;

        while (call_with_fault(scene, call, fault, n)) {
                empty(scene);
                n = next_write(n);
        }
        g_assert_cmpuint(n, >, 2);
}

static void test_full(StoreScene *scene, const void *data)
{
        test_calls(scene, data, DISK_FULL);
}

static void test_broken(StoreScene *scene, const void *data)
{
        test_calls(scene, data, DISK_BROKEN);
}

static void test_making_fails(StoreScene *scene, const void *data)
{
        const DiskFault *fault = data;
        unsigned n = 0;
        bool failed;

        do {
                g_autoptr(Store) store = NULL;
                g_autofree char *message = NULL;
                Failure *failure;

                empty(scene);
                disk_fail_at(++n, *fault);
                failure = store_open(scene->directory, &store, &message);
                failed = failure != NULL;
                if (failed) {
                        assert_failed(failure, FAILURE_WRITE_FAILED, scene->database);
                        disk_fail_at(0, *fault);
                        store = store_scene_open(scene->directory);
                        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
                }
                g_assert_cmpstr(message, ==, NULL);
        } while (failed);
        disk_fail_at(0, *fault);
        g_assert_cmpuint(n, >, 3);
}

/* What was kept can be read with no room left, and starting takes nothing away from it. */
static void test_opening_on_full_disk(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = open_prepared(scene, SMALL);
        g_autofree char *before = describe(store);
        g_autofree char *killed = store_scene_snapshot(scene, scene->directory);

        store = store_close(store);
        for (uint8_t boot = 1; boot <= 2; boot++) {
                disk_fail_at(1, DISK_FULL);
                store = store_scene_open_in_boot(scene->directory, boot);
                assert_described(store, before);
                store = store_close(store);
                store = store_scene_open_in_boot(killed, boot);
                assert_described(store, before);
                store = store_close(store);
                disk_fail_at(0, DISK_FULL);
        }
}

static void test_closing_fails(StoreScene *scene, const void *data)
{
        const DiskFault *fault = data;
        unsigned n = 1;
        bool failed;

        do {
                g_autoptr(Store) store = open_prepared(scene, SMALL);
                g_autofree char *before = describe(store);

                disk_fail_at(n, *fault);
                n = next_write(n);
                store = store_close(store);
                failed = disk_has_failed();
                disk_fail_at(0, *fault);

                store = store_scene_open_in_boot(scene->directory, 1);
                assert_described(store, before);
                g_assert_cmpuint(add_content(store, "app", "a: 3\n"), ==, 4);
                store = store_close(store);
                empty(scene);
        } while (failed);
        g_assert_cmpuint(n, >, 3);
}

int main(int argc, char **argv)
{
        static const DiskFault full = DISK_FULL, broken = DISK_BROKEN;

        g_test_init(&argc, &argv, NULL);
        disk_install();
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_autofree char *full_path = g_strconcat("/store-faults/full/", calls[i].name, NULL);
                g_autofree char *broken_path = g_strconcat("/store-faults/broken/", calls[i].name, NULL);

                store_scene_add(full_path, test_full, &calls[i]);
                store_scene_add(broken_path, test_broken, &calls[i]);
        }
        store_scene_add("/store-faults/making-full", test_making_fails, &full);
        store_scene_add("/store-faults/making-broken", test_making_fails, &broken);
        store_scene_add("/store-faults/opening-on-full-disk", test_opening_on_full_disk, NULL);
        store_scene_add("/store-faults/closing-full", test_closing_fails, &full);
        store_scene_add("/store-faults/closing-broken", test_closing_fails, &broken);
        return g_test_run();
}
