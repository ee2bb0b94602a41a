/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of options: type, range and default of each, on the bus and in a key file
 */
#include "daemon/options.h"

static Failure *parse(const char *text, Options **ret)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) variant = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

        g_assert_no_error(error);
        return options_from_variant(variant, ret);
}

static char *print(const Options *options)
{
        g_autoptr(GVariant) variant = g_variant_ref_sink(options_to_variant(options));

        return g_variant_print(variant, TRUE);
}

static Failure *read_keys(const char *keys, Options **ret)
{
        static const char *const others[] = { "File", NULL };
        g_autofree char *text = g_strconcat("[Config]\nFile=/x\n", keys, "\n", NULL);
        g_autoptr(GKeyFile) file = g_key_file_new();

        g_assert_true(g_key_file_load_from_data(file, text, -1, G_KEY_FILE_KEEP_TRANSLATIONS, NULL));
        return options_from_key_file(file, "Config", others, ret);
}

static void assert_invalid(Failure *failure, const char *name)
{
        g_autoptr(Failure) owned = failure;
        g_autofree char *text = NULL;

        g_assert_nonnull(owned);
        text = failure_format(owned);
        g_assert_cmpint(owned->code, ==, FAILURE_INVALID_ARGUMENT);
        g_assert_nonnull(g_strstr_len(text, -1, name));
}

static void test_defaults(void)
{
        g_autoptr(Options) options = NULL, none = NULL;

        g_assert_null(parse("@a{sv} {}", &options));
        g_assert_cmpint(options->format, ==, FORMAT_NONE);
        g_assert_cmpint(options->merge, ==, MERGE_DEEP);
        g_assert_null(options->separator);
        g_assert_cmpuint(options->debounce_ms, ==, 100);
        g_assert_cmpuint(options->poll_ms, ==, 2000);
        g_assert_cmpuint(options->max_versions, ==, 10);
        g_assert_cmpuint(options->max_size, ==, 10485760);
        g_assert_cmpint(options->hot_reload, ==, SWITCH_UNSET);
        g_assert_cmpint(options->priority, ==, 0);
        g_assert_true(options->persist);
        g_assert_cmpint(options->on_failure, ==, ON_FAILURE_KEEP);
        g_assert_cmpuint(options->ack_ms, ==, 5000);
        g_assert_cmpuint(options->confirm_ms, ==, 0);
        g_assert_cmpint(options->confirm_by, ==, CONFIRM_BY_CALLER);
        g_assert_cmpint(options->voters, ==, VOTERS_WRITERS);

        g_assert_null(options_from_variant(NULL, &none));
        g_assert_true(options_equal(options, none));
        g_assert_null(options_free(NULL));
}

/* What each option takes and refuses: as a variant's text and as a key's. */
static const struct {
        const char *name, *key;
        const char *good[4], *bad[4], *wrong_type;
        const char *good_text[4], *bad_text[5];
} cases[] = {
        { "ack-ms",
          "AckMs",
          { "uint32 1", "uint32 4294967295" },
          { "uint32 0" },
          "5",
          { "1", "4294967295" },
          { "0", "-1", "5s" } },
        { "confirm-by",
          "ConfirmBy",
          { "'caller'", "'instances'" },
          { "''", "'voters'" },
          "true",
          { "instances" },
          { "Caller", "" } },
        { "confirm-ms",
          "ConfirmMs",
          { "uint32 0", "uint32 4294967295" },
          { NULL },
          "uint64 5",
          { "0", "30000" },
          { "-1", "4294967296", "30s" } },
        { "debounce-ms",
          "DebounceMs",
          { "uint32 0", "uint32 60000" },
          { "uint32 60001" },
          "5",
          { "0", "60000", " 7 " },
          { "60001", "-1", "x", "1.5", "" } },
        { "defaults",
          "Defaults",
          { "true", "false" },
          { NULL },
          "'true'",
          { "yes", "off" },
          { "maybe", "" } },
        { "env-separator",
          "EnvSeparator",
          { "'__'", "'.'", "'----------------'" },
          { "''", "'-----------------'", "'a'", "'_=_'" },
          "uint32 1",
          { "__" },
          { "a", "" } },
        { "format",
          "Format",
          { "'yaml'", "'json'", "'env'", "'ini'" },
          { "''", "'YAML'", "'toml'" },
          "true",
          { "yaml", "ini" },
          { "toml", "" } },
        { "hot-reload",
          "HotReload",
          { "true", "false" },
          { NULL },
          "'true'",
          { "yes", "0", "on", "false" },
          { "maybe", "2", "", "True" } },
        { "max-size",
          "MaxSize",
          { "uint64 1", "uint64 10485760" },
          { "uint64 0", "uint64 10485761", "uint64 18446744073709551615" },
          "uint32 5",
          { "1", "10485760" },
          { "0", "10485761", "18446744073709551616", "10M" } },
        { "max-versions",
          "MaxVersions",
          { "uint32 1", "uint32 1000" },
          { "uint32 0", "uint32 1001" },
          "uint64 5",
          { "1", "1000" },
          { "0", "1001" } },
        { "merge",
          "Merge",
          { "'deep'", "'append'", "'replace'" },
          { "''", "'shallow'" },
          "1",
          { "append" },
          { "shallow" } },
        { "on-failure",
          "OnFailure",
          { "'keep'", "'rollback'" },
          { "''", "'revert'" },
          "1",
          { "rollback" },
          { "revert" } },
        { "on-invalid",
          "OnInvalid",
          { "'keep'", "'revert'" },
          { "'rollback'", "'Keep'" },
          "1",
          { "revert" },
          { "rollback" } },
        { "persist", "Persist", { "true", "false" }, { NULL }, "uint32 1", { "no", "1" }, { "perhaps" } },
        { "poll-ms",
          "PollMs",
          { "uint32 100", "uint32 4294967295" },
          { "uint32 0", "uint32 99" },
          "uint64 200",
          { "100" },
          { "99", "4294967296" } },
        { "priority",
          "Priority",
          { "-2147483648", "2147483647", "0" },
          { NULL },
          "uint32 1",
          { "-2147483648", "2147483647" },
          { "-2147483649", "2147483648", "high" } },
        { "voters",
          "Voters",
          { "'writers'", "'readers'" },
          { "'all'", "''" },
          "true",
          { "readers" },
          { "nobody" } },
};

static void test_bus(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *wrong = g_strdup_printf("{'%s': <%s>}", cases[i].name, cases[i].wrong_type);

                assert_invalid(parse(wrong, &(Options *){ NULL }), cases[i].name);
                for (size_t j = 0; j < G_N_ELEMENTS(cases[i].good) && cases[i].good[j]; j++) {
                        g_autofree char *text =
                                        g_strdup_printf("{'%s': <%s>}", cases[i].name, cases[i].good[j]);
                        g_autofree char *expected =
                                        g_strdup_printf("'%s': <%s>", cases[i].name, cases[i].good[j]);
                        g_autoptr(Options) options = NULL;
                        g_autofree char *printed = NULL;

                        g_assert_null(parse(text, &options));
                        printed = print(options);
                        g_assert_nonnull(g_strstr_len(printed, -1, expected));
                }
                for (size_t j = 0; j < G_N_ELEMENTS(cases[i].bad) && cases[i].bad[j]; j++) {
                        g_autofree char *text =
                                        g_strdup_printf("{'%s': <%s>}", cases[i].name, cases[i].bad[j]);

                        assert_invalid(parse(text, &(Options *){ NULL }), cases[i].name);
                }
        }
}

static void test_key_file(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                for (size_t j = 0; j < G_N_ELEMENTS(cases[i].good_text) && cases[i].good_text[j]; j++) {
                        g_autofree char *text = g_strconcat(cases[i].key, "=", cases[i].good_text[j], NULL);
                        g_autoptr(Options) options = NULL;

                        g_assert_null(read_keys(text, &options));
                }
                for (size_t j = 0; j < G_N_ELEMENTS(cases[i].bad_text) && cases[i].bad_text[j]; j++) {
                        g_autofree char *text = g_strconcat(cases[i].key, "=", cases[i].bad_text[j], NULL);
                        g_autoptr(Failure) failure = read_keys(text, &(Options *){ NULL });

                        g_assert_nonnull(failure);
                        g_assert_cmpint(failure->code, ==, FAILURE_INVALID_ARGUMENT);
                }
        }
}

static void test_same_both_ways(void)
{
        g_autoptr(Options) bus = NULL, keys = NULL;

        g_assert_null(parse("{'debounce-ms': <uint32 5>, 'env-separator': <'__'>, 'format': <'ini'>, "
                            "'hot-reload': <false>, 'max-size': <uint64 77>, 'max-versions': <uint32 3>, "
                            "'merge': <'append'>, 'persist': <false>, 'poll-ms': <uint32 500>, "
                            "'priority': <-4>}",
                            &bus));
        g_assert_null(read_keys("DebounceMs=5\nEnvSeparator=__\nFormat=ini\nHotReload=off\nMaxSize=77\n"
                                "MaxVersions=3\nMerge=append\nPersist=no\nPollMs=500\nPriority=-4",
                                &keys));
        g_assert_true(options_equal(bus, keys));
        g_assert_cmpuint(bus->max_size, ==, 77);
        g_assert_cmpint(bus->priority, ==, -4);
        g_assert_cmpint(bus->hot_reload, ==, SWITCH_OFF);
        g_assert_false(bus->persist);
}

static void test_unknown(void)
{
        assert_invalid(parse("{'debounce': <uint32 5>}", &(Options *){ NULL }), "debounce");
        assert_invalid(parse("{'reload-unit': <'a.service'>}", &(Options *){ NULL }), "reload-unit");
        assert_invalid(parse("{'': <'/x'>}", &(Options *){ NULL }), "option");
        assert_invalid(read_keys("Debounce=5", &(Options *){ NULL }), "Debounce");
        assert_invalid(read_keys("debounce-ms=5", &(Options *){ NULL }), "debounce-ms");
        assert_invalid(read_keys("Format[de]=yaml", &(Options *){ NULL }), "Format[de]");
}

static void test_round_trip(void)
{
        g_autoptr(Options) options = NULL, again = NULL, copy = NULL;
        g_autoptr(GVariant) variant = NULL;

        g_assert_null(parse("{'hot-reload': <true>, 'env-separator': <'__'>, 'priority': <9>}", &options));
        variant = g_variant_ref_sink(options_to_variant(options));
        g_assert_null(options_from_variant(variant, &again));
        g_assert_true(options_equal(options, again));

        copy = options_copy(options);
        g_assert_true(options_equal(options, copy));
        copy->priority = 8;
        g_assert_false(options_equal(options, copy));
        /* Not set is not the same as set to what holds without. */
        again->hot_reload = SWITCH_UNSET;
        g_assert_false(options_equal(options, again));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/options/defaults", test_defaults);
        g_test_add_func("/options/bus", test_bus);
        g_test_add_func("/options/key-file", test_key_file);
        g_test_add_func("/options/same-both-ways", test_same_both_ways);
        g_test_add_func("/options/unknown", test_unknown);
        g_test_add_func("/options/round-trip", test_round_trip);
        return g_test_run();
}
