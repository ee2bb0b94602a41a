/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the store: what goes in comes out, also after a restart
 */
#include "tests/support/store-scene.h"

#include <string.h>

static void assert_no_version(Store *store, const char *config, uint64_t number)
{
        Version *version = (Version *) 1;

        assert_no_failure(store_load_version(store, config, number, &version));
        g_assert_null(version);
}

static uint64_t active_number(Store *store, const char *config)
{
        g_autoptr(Version) version = NULL;

        assert_no_failure(store_load_active(store, config, &version));
        return version ? version->number : 0;
}

static Version *full_version(void)
{
        Version *version = version_of("a: 1 # caf\xc3\xa9\n", "-", "", NULL);

        version->time = 1700000000123456;
        version->origin = ORIGIN_ROLLBACK;
        version->is_public = true;
        version->author = (Author){ .uid = 1000, .pid = 4711, .unit = g_strdup("app.service") };
        version->message = g_strdup("back to what worked");
        version->from_version = 7;
        version->merge = MERGE_APPEND;
        version->separator = g_strdup("__");
        return version;
}

static void assert_full(const Version *version, uint64_t number)
{
        g_assert_cmpuint(version->number, ==, number);
        g_assert_cmpuint(version->time, ==, 1700000000123456);
        g_assert_cmpint(version->origin, ==, ORIGIN_ROLLBACK);
        g_assert_cmpint(version->state, ==, VERSION_ACTIVE);
        g_assert_true(version->is_public);
        g_assert_cmpuint(version->author.uid, ==, 1000);
        g_assert_cmpint(version->author.pid, ==, 4711);
        g_assert_cmpstr(version->author.unit, ==, "app.service");
        g_assert_cmpstr(version->message, ==, "back to what worked");
        g_assert_cmpstr(version->label, ==, NULL);
        g_assert_cmpuint(version->from_version, ==, 7);
        g_assert_cmpuint(version->size, ==, 13);
        g_assert_cmpint(version->merge, ==, MERGE_APPEND);
        g_assert_cmpstr(version->separator, ==, "__");
}

static void test_all_fields(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) added = full_version();
        g_autoptr(GPtrArray) listed = NULL;
        g_autoptr(Version) loaded = NULL;

        assert_no_failure(store_add_version(store, "app", added, VERSION_SUPERSEDED));
        assert_full(added, 1);

        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_no_failure(store_load_active(store, "app", &loaded));
        assert_full(loaded, 1);
        assert_layers(store, "app", 1, "a: 1 # caf\xc3\xa9\n|-|");

        assert_no_failure(store_list_versions(store, "app", &listed));
        g_assert_cmpuint(listed->len, ==, 1);
        assert_full(g_ptr_array_index(listed, 0), 1);
}

/* What was refused has a number of its own, and deposes nobody. */
static void test_rejected(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) active = full_version(), rejected = full_version();
        g_autoptr(GPtrArray) listed = NULL;
        g_autoptr(Version) loaded = NULL;

        assert_no_failure(store_add_version(store, "app", active, VERSION_SUPERSEDED));
        rejected->state = VERSION_REJECTED;
        assert_no_failure(store_add_version(store, "app", rejected, VERSION_SUPERSEDED));
        g_assert_cmpuint(rejected->number, ==, 2);
        g_assert_cmpuint(store_next_version(store, "app"), ==, 3);
        assert_no_failure(store_load_active(store, "app", &loaded));
        g_assert_cmpuint(loaded->number, ==, 1);
        assert_no_failure(store_list_versions(store, "app", &listed));
        g_assert_cmpint(((Version *) g_ptr_array_index(listed, 0))->state, ==, VERSION_REJECTED);
        g_assert_cmpint(((Version *) g_ptr_array_index(listed, 1))->state, ==, VERSION_ACTIVE);
}

static void test_nobody(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = NULL;

        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_load_version(store, "app", 1, &version));
        g_assert_cmpuint(version->author.uid, ==, (uid_t) -1);
        g_assert_cmpint(version->author.pid, ==, 0);
        g_assert_cmpstr(version->author.unit, ==, NULL);
        g_assert_cmpstr(version->message, ==, NULL);
        g_assert_cmpstr(version->separator, ==, NULL);
        g_assert_false(version->is_public);
        g_assert_cmpuint(version->from_version, ==, 0);
}

static void test_states(StoreScene *scene, const void *data)
{
        static const VersionState states[] = { VERSION_SUPERSEDED, VERSION_ROLLED_BACK, VERSION_REJECTED };
        g_autoptr(Store) store = store_scene_open(scene->directory);

        (void) add_content(store, "app", "a: 0\n");
        (void) add_content(store, "other", "b: 0\n");
        for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
                g_autoptr(Version) version = version_of("a: 1\n", NULL);

                assert_no_failure(store_add_version(store, "app", version, states[i]));
        }
        assert_history(store, "app", "4 active, 3 rejected, 2 rolled-back, 1 superseded");
        assert_history(store, "other", "1 active");
        g_assert_cmpuint(active_number(store, "app"), ==, 4);
}

static void test_nothing_there(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Intent intent = { .number = 1 };

        g_assert_cmpuint(active_number(store, "app"), ==, 0);
        assert_no_version(store, "app", 1);
        assert_history(store, "app", "");
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 0);
        assert_no_failure(store_save_intent(store, "app", NULL));
        assert_no_failure(store_forget(store, "app"));
        assert_no_failure(store_remove_registration(store, "app"));
        tidy_up(store, "app", 1);

        (void) add_content(store, "app", "a: 1\n");
        assert_no_version(store, "app", 0);
        assert_no_version(store, "app", 2);
        assert_no_version(store, "app", UINT64_MAX);
        assert_no_version(store, "ap", 1);
}

static void assert_digest(Store *store, uint64_t number, const char *content)
{
        g_autofree char *expected = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
        g_autoptr(GPtrArray) versions = NULL;

        assert_no_failure(store_list_versions(store, "app", &versions));
        for (unsigned i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);

                if (version->number == number) {
                        g_assert_cmpstr(version->digest, ==, expected);
                        return;
                }
        }
        g_assert_not_reached();
}

static void test_digests(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) several = version_of("a: 1\n", "-", "", "b: 2\n", NULL);
        g_autoptr(Version) before = NULL, after = NULL;

        assert_no_failure(store_add_version(store, "app", several, VERSION_SUPERSEDED));
        assert_no_failure(store_load_version(store, "app", 1, &before));
        g_assert_cmpstr(before->digest, ==, NULL);

        assert_digest(store, 1, "a: 1\nb: 2\n");
        assert_no_failure(store_load_version(store, "app", 1, &after));
        g_assert_cmpstr(after->digest, !=, NULL);
        assert_digest(store, 1, "a: 1\nb: 2\n");
}

static void test_digest_given(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of("a: 1\n", NULL);
        g_autoptr(Version) loaded = NULL;

        version->digest = g_strnfill(64, 'a');
        assert_no_failure(store_add_version(store, "app", version, VERSION_SUPERSEDED));
        assert_no_failure(store_load_version(store, "app", 1, &loaded));
        g_assert_cmpstr(loaded->digest, ==, version->digest);
}

static void test_large(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autofree char *content = g_malloc(10 * 1024 * 1024 + 1);

        for (size_t i = 0; i < 10 * 1024 * 1024; i++)
                content[i] = (char) ('a' + i % 23);
        content[10 * 1024 * 1024] = '\0';

        (void) add_content(store, "app", content);
        tidy_up(store, "app", 10);
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_layers(store, "app", 1, content);
        assert_digest(store, 1, content);
}

static void test_replace_content(StoreScene *scene, const void *data)
{
        g_autoptr(Version) content = version_of("a: 3\n", "-", "# none\n", NULL);
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = NULL;

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        (void) add_content(store, "other", "b: 1\n");
        assert_digest(store, 2, "a: 2\n");

        content->number = 2;
        content->merge = MERGE_REPLACE;
        content->separator = g_strdup("__");
        assert_no_failure(store_replace_content(store, "app", content));
        assert_layers(store, "app", 1, "a: 1\n");
        assert_layers(store, "app", 2, "a: 3\n|-|# none\n");
        assert_layers(store, "other", 1, "b: 1\n");
        assert_digest(store, 2, "a: 3\n# none\n");
        assert_no_failure(store_load_active(store, "app", &version));
        g_assert_cmpuint(version->number, ==, 2);
        g_assert_cmpuint(version->size, ==, 12);
        g_assert_cmpint(version->merge, ==, MERGE_REPLACE);
        g_assert_cmpstr(version->separator, ==, "__");
}

static void assert_not_replaced(Store *store, uint64_t number, const char *text)
{
        g_autoptr(Version) content = version_of("a: 3\n", NULL);

        content->number = number;
        assert_failed(store_replace_content(store, "app", content), FAILURE_NO_SUCH_VERSION, text);
}

static void test_replace_not_active(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        assert_not_replaced(store, 1, "config 'app'");
        assert_not_replaced(store, 0, "config 'app'");
        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        assert_not_replaced(store, 1, "Version 1");
        assert_not_replaced(store, 3, "Version 3");
        assert_layers(store, "app", 1, "a: 1\n");
        assert_layers(store, "app", 2, "a: 2\n");
}

static void test_forget(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Intent intent;

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        (void) add_content(store, "other", "b: 1\n");
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));

        assert_no_failure(store_forget(store, "app"));
        assert_history(store, "app", "");
        assert_no_version(store, "app", 2);
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 0);
        assert_layers(store, "other", 1, "b: 1\n");
}

static void test_intents(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Intent intent;

        (void) add_content(store, "app", "a: 1\n");
        (void) add_content(store, "app", "a: 2\n");
        (void) add_content(store, "other", "b: 1\n");
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        assert_no_failure(store_save_intent(store, "other",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 2, .origin = ORIGIN_ROLLBACK }));

        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 2);

        (void) add_content(store, "app", "a: 3\n");
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 0);
        assert_no_failure(store_load_intent(store, "other", &intent));
        g_assert_cmpuint(intent.number, ==, 1);
        assert_no_failure(store_save_intent(store, "other", NULL));
        assert_no_failure(store_load_intent(store, "other", &intent));
        g_assert_cmpuint(intent.number, ==, 0);
}

static void assert_author(Store *store, uid_t uid, pid_t pid, const char *unit)
{
        Author author;

        assert_no_failure(store_load_intent_author(store, "app", &author));
        g_assert_cmpuint(author.uid, ==, uid);
        g_assert_cmpint(author.pid, ==, pid);
        g_assert_cmpstr(author.unit, ==, unit);
        g_free(author.unit);
}

static void test_intent_author(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Author author = { .uid = 0, .pid = 12, .unit = (char *) "web.service" };
        Intent intent = { .number = 1, .origin = ORIGIN_ROLLBACK, .author = &author };

        (void) add_content(store, "app", "a: 1\n");
        assert_author(store, (uid_t) -1, 0, NULL);
        assert_no_failure(store_save_intent(store, "app", &intent));
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_author(store, 0, 12, "web.service");

        author = (Author){ .uid = (uid_t) -2 };
        assert_no_failure(store_save_intent(store, "app", &intent));
        assert_author(store, (uid_t) -2, 0, NULL);
        intent.author = NULL;
        assert_no_failure(store_save_intent(store, "app", &intent));
        assert_author(store, (uid_t) -1, 0, NULL);

        intent.author = &author;
        author.unit = (char *) "\xff.service";
        assert_failed(store_save_intent(store, "app", &intent), FAILURE_INVALID_ARGUMENT, "UTF-8");
        assert_author(store, (uid_t) -1, 0, NULL);
}

static void test_bad_intent_author(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Author author;

        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        store = store_close(store);
        store_scene_run(scene->database, "UPDATE intents SET uid = 1000, unit = CAST(x'ff' AS TEXT)");
        store = store_scene_open(scene->directory);
        assert_failed(store_load_intent_author(store, "app", &author), FAILURE_FILE_UNREADABLE,
                      "config 'app'");
        g_assert_cmpuint(author.uid, ==, (uid_t) -1);
        g_assert_null(author.unit);
}

static void test_on_trial(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of("a: 2\n", NULL);
        g_autoptr(Version) rejected = version_of("a: 3\n", NULL);
        g_autoptr(GPtrArray) names = NULL;
        Intent intent = { .number = 1, .origin = ORIGIN_TIMEOUT, .deadline = 77 };

        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_add_version_on_trial(store, "app", version, VERSION_SUPERSEDED, &intent));
        rejected->state = VERSION_REJECTED;
        assert_no_failure(store_add_version(store, "app", rejected, VERSION_SUPERSEDED));

        store = store_close(store);
        store = store_scene_open(scene->directory);
        tidy_up(store, "app", 1);
        assert_history(store, "app", "2 active, 1 superseded");
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 1);
        g_assert_cmpuint(intent.instead_of, ==, 2);
        g_assert_cmpint(intent.origin, ==, ORIGIN_TIMEOUT);
        g_assert_cmpuint(intent.deadline, ==, 77);
        assert_no_failure(store_list_intents(store, &names));
        g_assert_cmpuint(names->len, ==, 1);
        g_assert_cmpstr(names->pdata[0], ==, "app");
}

static void test_suspended(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        bool suspended = true;

        assert_no_failure(store_load_suspended(store, "app", &suspended));
        g_assert_false(suspended);
        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_save_suspended(store, "app", true));
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_no_failure(store_load_suspended(store, "app", &suspended));
        g_assert_true(suspended);
        assert_no_failure(store_save_suspended(store, "app", false));
        assert_no_failure(store_load_suspended(store, "app", &suspended));
        g_assert_false(suspended);
}

static void test_intent_without_version(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Intent intent;

        assert_failed(store_save_intent(store, "app", &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }),
                      FAILURE_NO_SUCH_VERSION, "version 1 of config 'app'");
        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_save_intent(store, "app",
                                            &(Intent){ .number = 1, .origin = ORIGIN_ROLLBACK }));
        assert_failed(store_save_intent(store, "app", &(Intent){ .number = 2, .origin = ORIGIN_ROLLBACK }),
                      FAILURE_NO_SUCH_VERSION, "version 2 of config 'app'");
        assert_no_failure(store_load_intent(store, "app", &intent));
        g_assert_cmpuint(intent.number, ==, 1);
}

static void assert_not_text(Store *store, Version *version, const char *text)
{
        assert_failed(store_add_version(store, "app", version, VERSION_SUPERSEDED), FAILURE_INVALID_ARGUMENT,
                      text);
        g_assert_cmpuint(version->number, ==, 0);
        version->number = 1;
        assert_failed(store_replace_content(store, "app", version), FAILURE_INVALID_ARGUMENT, text);
}

static void test_text_that_is_not_utf8(StoreScene *scene, const void *data)
{
        g_autoptr(Version) separator = version_of("a: 1\n", NULL);
        g_autoptr(Version) file = version_of("a: 1\n", "b: 1\n", NULL);
        g_autoptr(Store) store = store_scene_open(scene->directory);
        Layer *layer = g_ptr_array_index(file->layers, 1);

        (void) add_content(store, "app", "a: 0\n");
        separator->separator = g_strdup("\xff");
        assert_not_text(store, separator, "separator");
        layer->file[0] = '\xff';
        assert_not_text(store, file, "file 2");
        assert_history(store, "app", "1 active");
        assert_layers(store, "app", 1, "a: 0\n");
}

/* Every byte that is not text, too. */
static void test_any_bytes(StoreScene *scene, const void *data)
{
        static const char bytes[] = "\0\xff\xfe\0'\"\n";
        g_autoptr(GBytes) content = g_bytes_new_static(bytes, sizeof(bytes));
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Version) version = version_of(NULL, NULL);
        g_autoptr(Version) loaded = NULL;
        const Layer *layer;

        g_ptr_array_add(version->layers, layer_new("/etc/it's \"here\".ini", FORMAT_INI, content));
        g_ptr_array_add(version->layers, layer_new("/etc/unknown", FORMAT_NONE, NULL));
        assert_no_failure(store_add_version(store, "it's; --", version, VERSION_SUPERSEDED));
        assert_no_failure(store_load_active(store, "it's; --", &loaded));
        layer = g_ptr_array_index(loaded->layers, 0);
        g_assert_cmpstr(layer->file, ==, "/etc/it's \"here\".ini");
        g_assert_cmpint(layer->format, ==, FORMAT_INI);
        g_assert_true(g_bytes_equal(layer->bytes, content));
        layer = g_ptr_array_index(loaded->layers, 1);
        g_assert_cmpint(layer->format, ==, FORMAT_NONE);
        g_assert_null(layer->bytes);
}

static void test_epoch(StoreScene *scene, const void *data)
{
        g_autofree char *other_directory = g_build_filename(scene->root, "other", NULL);
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(Store) other = store_scene_open(other_directory);
        g_autofree char *epoch = g_strdup(store_epoch(store));

        g_assert_cmpuint(strlen(epoch), ==, 32);
        g_assert_cmpuint(strspn(epoch, "0123456789abcdef"), ==, 32);
        g_assert_cmpstr(store_epoch(other), !=, epoch);
        store = store_close(store);
        store = store_scene_open(scene->directory);
        g_assert_cmpstr(store_epoch(store), ==, epoch);
        g_assert_null(store_close(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/store/all-fields", test_all_fields, NULL);
        store_scene_add("/store/nobody", test_nobody, NULL);
        store_scene_add("/store/rejected", test_rejected, NULL);
        store_scene_add("/store/states", test_states, NULL);
        store_scene_add("/store/nothing-there", test_nothing_there, NULL);
        store_scene_add("/store/digests", test_digests, NULL);
        store_scene_add("/store/digest-given", test_digest_given, NULL);
        store_scene_add("/store/large", test_large, NULL);
        store_scene_add("/store/replace-content", test_replace_content, NULL);
        store_scene_add("/store/replace-not-active", test_replace_not_active, NULL);
        store_scene_add("/store/forget", test_forget, NULL);
        store_scene_add("/store/intents", test_intents, NULL);
        store_scene_add("/store/intent-author", test_intent_author, NULL);
        store_scene_add("/store/bad-intent-author", test_bad_intent_author, NULL);
        store_scene_add("/store/on-trial", test_on_trial, NULL);
        store_scene_add("/store/suspended", test_suspended, NULL);
        store_scene_add("/store/intent-without-version", test_intent_without_version, NULL);
        store_scene_add("/store/text-that-is-not-utf8", test_text_that_is_not_utf8, NULL);
        store_scene_add("/store/any-bytes", test_any_bytes, NULL);
        store_scene_add("/store/epoch", test_epoch, NULL);
        return g_test_run();
}
