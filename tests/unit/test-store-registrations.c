/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of registrations
 */
#include "tests/support/store-scene.h"

static const char *const app_files[] = { "/etc/app/base.yaml", "/etc/it's/\xc3\xbc.json", NULL };

static GVariant *settings_of(const char *text)
{
        GVariant *settings = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);

        g_assert_nonnull(settings);
        return settings;
}

static void save(Store *store, const char *name, const char *directory, const char *pattern,
                 const char *const *files, const char *settings, uid_t uid)
{
        g_autoptr(GVariant) variant = settings_of(settings);
        const Registration registration = {
                .name = (char *) name,
                .directory = (char *) directory,
                .pattern = (char *) pattern,
                .files = (char **) files,
                .settings = variant,
                .uid = uid,
        };

        assert_no_failure(store_save_registration(store, &registration));
}

static void assert_registration(const Registration *registration, const char *name, const char *directory,
                                const char *pattern, const char *const *files, const char *settings,
                                uid_t uid)
{
        g_autoptr(GVariant) expected = settings_of(settings);

        g_assert_cmpstr(registration->name, ==, name);
        g_assert_cmpstr(registration->directory, ==, directory);
        g_assert_cmpstr(registration->pattern, ==, pattern);
        g_assert_true(g_strv_equal((const char *const *) registration->files, files));
        g_assert_cmpvariant(registration->settings, expected);
        g_assert_cmpuint(registration->uid, ==, uid);
}

static void assert_names(Store *store, const char *expected)
{
        g_autoptr(GString) names = g_string_new(NULL);
        g_autoptr(GPtrArray) list = NULL;

        assert_no_failure(store_list_registrations(store, &list));
        for (unsigned i = 0; i < list->len; i++)
                g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
                                       ((Registration *) g_ptr_array_index(list, i))->name);
        g_assert_cmpstr(names->str, ==, expected);
}

#define SETTINGS                                                                                    \
        "{'max-size': <uint64 18446744073709551615>, 'priority': <-5>, 'hot-reload': <true>, "      \
        "'merge': <'it\\'s \"deep\"\\n'>, 'double': <0.1>, 'bytes': <@ay [0x00, 0xff]>, 'nested': " \
        "<<uint32 1>>}"

/* The highest that a user can have, and what is not one. */
#define HIGHEST ((uid_t) -2)
#define NOBODY ((uid_t) -1)

static void test_round_trip(StoreScene *scene, const void *data)
{
        static const char *const none[] = { NULL };
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(GPtrArray) list = NULL;

        save(store, "tenants", "/etc/tenants", "*.yaml", none, "{}", NOBODY);
        save(store, "app", NULL, NULL, app_files, SETTINGS, 1000);
        store = store_close(store);
        store = store_scene_open(scene->directory);

        assert_no_failure(store_list_registrations(store, &list));
        g_assert_cmpuint(list->len, ==, 2);
        assert_registration(g_ptr_array_index(list, 0), "app", NULL, NULL, app_files, SETTINGS, 1000);
        assert_registration(g_ptr_array_index(list, 1), "tenants", "/etc/tenants", "*.yaml", none, "{}",
                            NOBODY);
        g_assert_null(registration_free(NULL));
}

static void test_replaced_and_removed(StoreScene *scene, const void *data)
{
        static const char *const other_files[] = { "/etc/other.yaml", NULL };
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(GPtrArray) list = NULL;

        assert_names(store, "");
        save(store, "b", NULL, NULL, app_files, "{}", 0);
        save(store, "a", NULL, NULL, app_files, "{}", 0);
        save(store, "B", NULL, NULL, app_files, "{}", 0);
        assert_names(store, "B a b");

        save(store, "b", NULL, NULL, other_files, "{'merge': <'deep'>}", HIGHEST);
        assert_no_failure(store_remove_registration(store, "a"));
        assert_no_failure(store_remove_registration(store, "c"));
        assert_names(store, "B b");
        assert_no_failure(store_list_registrations(store, &list));
        assert_registration(g_ptr_array_index(list, 1), "b", NULL, NULL, other_files, "{'merge': <'deep'>}",
                            HIGHEST);
}

/* The history is another matter. */
static void test_apart_from_versions(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = store_scene_open(scene->directory);

        save(store, "app", NULL, NULL, app_files, "{}", 0);
        (void) add_content(store, "app", "a: 1\n");
        assert_no_failure(store_forget(store, "app"));
        assert_names(store, "app");
        (void) add_content(store, "app", "a: 2\n");
        assert_no_failure(store_remove_registration(store, "app"));
        assert_history(store, "app", "2 active");
}

static void test_text_that_is_not_utf8(StoreScene *scene, const void *data)
{
        static const char *const files[] = { "/etc/app.yaml", "/etc/\xff.yaml", NULL };
        g_autoptr(Store) store = store_scene_open(scene->directory);
        g_autoptr(GVariant) settings = settings_of("{}");
        Registration registration = {
                .name = (char *) "app",
                .files = (char **) files,
                .settings = settings,
        };

        assert_failed(store_save_registration(store, &registration), FAILURE_INVALID_ARGUMENT, "UTF-8");
        registration.files = (char **) app_files;
        registration.pattern = (char *) "\xff*";
        assert_failed(store_save_registration(store, &registration), FAILURE_INVALID_ARGUMENT, "UTF-8");
        assert_names(store, "");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/store-registrations/round-trip", test_round_trip, NULL);
        store_scene_add("/store-registrations/replaced-and-removed", test_replaced_and_removed, NULL);
        store_scene_add("/store-registrations/apart-from-versions", test_apart_from_versions, NULL);
        store_scene_add("/store-registrations/text-that-is-not-utf8", test_text_that_is_not_utf8, NULL);
        return g_test_run();
}
