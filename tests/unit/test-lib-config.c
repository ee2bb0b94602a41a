/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configs of data: who hears what, once a version, where he asked
 */
#include "client/lib/config-private.h"
#include "client/lib/reconf/error.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static ReconfConfig *make(const char *text)
{
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = reconf_config_new_for_data(text, -1, "yaml", &error);

        g_assert_no_error(error);
        return config;
}

/* Runs the loop for as long as there is something to do. */
static void settle(void)
{
        while (g_main_context_iteration(NULL, FALSE))
                ;
}

static void change(ReconfConfig *config, const char *text)
{
        g_autoptr(GError) error = NULL;

        g_assert_true(reconf_config_set_data(config, text, -1, "yaml", &error));
        g_assert_no_error(error);
        settle();
}

/* A handler of whatever signal or watch, which writes down what it heard. */
static void note_change(ReconfConfig *config, ReconfChange *heard, void *notes)
{
        g_string_append_printf(notes, "%" G_GUINT64_FORMAT ">%" G_GUINT64_FORMAT ":%u ",
                               reconf_change_get_previous(heard), reconf_change_get_version(heard),
                               reconf_change_get_n_items(heard));
}

static void note_values(ReconfConfig *config, const char *path, GVariant *old, GVariant *new, void *notes)
{
        g_autofree char *was = old ? g_variant_print(old, FALSE) : g_strdup("-");
        g_autofree char *is = new ? g_variant_print(new, FALSE) : g_strdup("-");

        g_string_append_printf(notes, "%s:%s>%s ", path, was, is);
}

static void assert_notes(GString *notes, const char *expected)
{
        g_assert_cmpstr(notes->str, ==, expected);
        g_string_truncate(notes, 0);
}

static void test_reading(void)
{
        g_autoptr(ReconfConfig) config = make("{a: {b: [1, two, 3.5, true]}, s: [x, y], n: null}");
        g_autofree char *two = reconf_config_dup_string(config, "a.b.1", NULL);
        g_autofree char *none = reconf_config_dup_string(config, "a.b.0", "none");
        g_auto(GStrv) keys = reconf_config_dup_keys(config, "");
        g_auto(GStrv) strings = reconf_config_dup_strv(config, "s");
        g_autoptr(GVariant) list = reconf_config_get_variant(config, "a.b");
        g_autoptr(GVariant) missing = reconf_config_lookup_value(config, "a.b", G_VARIANT_TYPE_STRING);
        gint64 one = 0;

        g_assert_cmpint(reconf_config_get_int(config, "a.b.0", 5), ==, 1);
        g_assert_cmpuint(reconf_config_get_uint(config, "a.b.0", 5), ==, 1);
        g_assert_cmpint(reconf_config_get_int(config, "a.b.1", 5), ==, 5);
        g_assert_cmpfloat(reconf_config_get_double(config, "a.b.2", 0), ==, 3.5);
        g_assert_true(reconf_config_get_boolean(config, "a.b.3", FALSE));
        g_assert_cmpstr(two, ==, "two");
        g_assert_cmpstr(none, ==, "none");
        g_assert_cmpstr(keys[2], ==, "s");
        g_assert_cmpstr(strings[1], ==, "y");
        g_assert_cmpuint(g_variant_n_children(list), ==, 4);
        g_assert_null(missing);
        g_assert_true(reconf_config_lookup(config, "a.b.0", "x", &one));
        g_assert_cmpint(one, ==, 1);
        g_assert_true(reconf_config_has(config, "n"));
        g_assert_false(reconf_config_has(config, "m"));
        g_assert_cmpuint(reconf_config_n_children(config, "a.b"), ==, 4);
        g_assert_cmpuint(reconf_config_get_version(config), ==, 1);
        g_assert_cmpstr(reconf_config_get_name(config), ==, "");
        g_assert_cmpint(reconf_config_get_status(config), ==, RECONF_STATUS_CONNECTED);
}

static void test_bad_data(void)
{
        g_autoptr(ReconfConfig) config = make("a: 1");
        g_autoptr(GError) error = NULL;

        g_assert_false(reconf_config_set_data(config, "a: [", -1, "yaml", &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_PARSE_FAILED);
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        g_clear_error(&error);
        g_assert_null(reconf_config_new_for_data("a: 1", -1, "toml", &error));
        g_assert_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_ARGUMENT);
}

static void test_changed(void)
{
        g_autoptr(GString) all = g_string_new(NULL);
        g_autoptr(GString) pool = g_string_new(NULL);
        g_autoptr(GString) size = g_string_new(NULL);
        g_autoptr(GString) other = g_string_new(NULL);
        g_autoptr(ReconfConfig) config = make("{db: {pool: {size: 1, wait: 2}, host: a}}");

        g_signal_connect(config, "changed", G_CALLBACK(note_change), all);
        g_signal_connect(config, "changed::db.pool", G_CALLBACK(note_change), pool);
        g_signal_connect(config, "changed::db.pool.size", G_CALLBACK(note_change), size);
        g_signal_connect(config, "changed::other", G_CALLBACK(note_change), other);
        settle();
        assert_notes(all, "");

        /* Two items are one call. */
        change(config, "{db: {pool: {size: 3, wait: 4}, host: a}}");
        assert_notes(all, "1>2:2 ");
        assert_notes(pool, "1>2:2 ");
        assert_notes(size, "1>2:2 ");
        change(config, "{db: {pool: {size: 3, wait: 5}, host: b}}");
        assert_notes(all, "2>3:2 ");
        assert_notes(pool, "2>3:2 ");
        assert_notes(size, "");
        /* From above, gone and come. */
        change(config, "{other: 1}");
        assert_notes(pool, "3>4:2 ");
        assert_notes(size, "3>4:2 ");
        assert_notes(other, "3>4:2 ");
        change(config, "{db: {pool: {size: 3}}, other: 1}");
        assert_notes(pool, "4>5:1 ");
        assert_notes(size, "4>5:1 ");
        /* From above, and nothing to those below. */
        change(config, "{db: [1], other: 1}");
        g_string_truncate(size, 0);
        change(config, "{db: [2], other: 1}");
        assert_notes(size, "");
        assert_notes(other, "");
        /* Nothing new is no version. */
        g_string_truncate(all, 0);
        change(config, "{other: 1, db: [2]}");
        assert_notes(all, "");
        g_assert_cmpuint(reconf_config_get_version(config), ==, 7);
}

static void test_folded(void)
{
        g_autoptr(GString) all = g_string_new(NULL);
        g_autoptr(ReconfConfig) config = make("{a: 1}");

        g_signal_connect(config, "changed", G_CALLBACK(note_change), all);
        g_assert_true(reconf_config_set_data(config, "{a: 2}", -1, "yaml", NULL));
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 2);
        g_assert_true(reconf_config_set_data(config, "{a: 3}", -1, "yaml", NULL));
        assert_notes(all, "");
        settle();
        assert_notes(all, "1>3:1 ");
        /* There and back again is nothing to hear. */
        g_assert_true(reconf_config_set_data(config, "{a: 2}", -1, "yaml", NULL));
        g_assert_true(reconf_config_set_data(config, "{a: 3}", -1, "yaml", NULL));
        settle();
        assert_notes(all, "");
        g_assert_cmpuint(reconf_config_get_version(config), ==, 5);
}

static void test_change(void)
{
        g_autoptr(ReconfConfig) one = make("{a: 1, b: {c: 1, 'd.e': 2}, l: [1], z: 1}");
        g_autoptr(ReconfConfig) two = make("{b: {c: 1, 'd.e': 3}, l: [1, 2], n: {x: 1}, z: null}");
        g_autoptr(ReconfSnapshot) before = reconf_config_dup_snapshot(one);
        g_autoptr(ReconfSnapshot) after = reconf_config_dup_snapshot(two);
        g_autoptr(ReconfChange) all = reconf_change_new(before, after);
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < reconf_change_get_n_items(all); i++) {
                g_autoptr(GVariant) old = reconf_change_get_old_value(all, i);
                g_autoptr(GVariant) new = reconf_change_get_new_value(all, i);

                g_string_append_printf(text, "%d", reconf_change_get_kind(all, i));
                note_values(NULL, reconf_change_get_path(all, i), old, new, text);
        }
        assert_notes(text, "2a:1>- 1b.\"d.e\":2>3 1l:[<int64 1>]>[<int64 1>, <int64 2>] 0n:->{'x': <int64 "
                           "1>} 1z:1>'' ");
        g_assert_true(reconf_change_touches(all, "n.x"));
        g_assert_true(reconf_change_touches(all, "b"));
        g_assert_false(reconf_change_touches(all, "b.c"));
        g_assert_false(reconf_change_touches(all, "l.0"));
        g_assert_true(reconf_change_touches(all, "l.1"));
}

static void test_watch(void)
{
        g_autoptr(GString) notes = g_string_new(NULL);
        g_autoptr(ReconfConfig) config = make("{other: 1}");
        guint handle = reconf_config_watch(config, "test.value", note_values, notes, NULL);

        change(config, "{test: {value: 42}}");
        assert_notes(notes, "test.value:->42 ");
        change(config, "{test: {value: 42, more: 1}}");
        assert_notes(notes, "");
        change(config, "{}");
        assert_notes(notes, "test.value:42>- ");
        change(config, "{test: {value: null}}");
        assert_notes(notes, "test.value:->'' ");
        g_assert_true(reconf_config_unwatch(config, handle));
        g_assert_false(reconf_config_unwatch(config, handle));
        change(config, "{test: {value: 1}}");
        assert_notes(notes, "");
}

static void count_destroyed(void *count)
{
        ++*(unsigned *) count;
}

static void ignore(ReconfConfig *config, const char *path, GVariant *old, GVariant *new, void *data)
{
}

static void test_watch_ends(void)
{
        unsigned destroyed = 0;
        g_autoptr(ReconfConfig) config = make("{a: 1}");
        guint handle = reconf_config_watch(config, "a", ignore, &destroyed, count_destroyed);

        (void) reconf_config_watch(config, "a", ignore, &destroyed, count_destroyed);
        g_assert_true(reconf_config_set_data(config, "{a: 2}", -1, "yaml", NULL));
        g_assert_true(reconf_config_unwatch(config, handle));
        g_assert_cmpuint(destroyed, ==, 1);
        g_clear_object(&config);
        settle();
        g_assert_cmpuint(destroyed, ==, 2);
}

static void test_bad_path(void)
{
        g_autoptr(ReconfConfig) config = make("{a: 1}");

        g_test_expect_message("reconf", G_LOG_LEVEL_CRITICAL, "*is not a dotted path*");
        g_assert_cmpuint(reconf_config_watch(config, "a..b", ignore, NULL, NULL), ==, 0);
        g_test_assert_expected_messages();
}

/* What is read while a version is about to come is still the one before. */
static void expect_former(ReconfConfig *config, ReconfChange *coming, void *unused)
{
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 1);
        g_assert_cmpint(reconf_snapshot_get_int(reconf_change_get_before(coming), "a", 0), ==, 1);
        g_assert_cmpint(reconf_snapshot_get_int(reconf_change_get_after(coming), "a", 0), ==, 2);
}

static void note_config(ReconfConfig *config, ReconfChange *heard, void *configs)
{
        g_object_set_data(G_OBJECT(config), "heard", configs);
}

static void test_changing(void)
{
        g_autoptr(GString) before = g_string_new(NULL);
        g_autoptr(ReconfConfig) config = make("{a: 1}");

        g_signal_connect(config, "changing", G_CALLBACK(note_change), before);
        g_signal_connect(config, "changing", G_CALLBACK(expect_former), NULL);
        g_assert_true(reconf_config_set_data(config, "{a: 2}", -1, "yaml", NULL));
        assert_notes(before, "1>2:1 ");
        g_assert_cmpint(reconf_config_get_int(config, "a", 0), ==, 2);
}

/* One function for many configs, as a signal's handler and as a watch: it is told which. */
static void test_many_configs(void)
{
        g_autoptr(GPtrArray) configs = g_ptr_array_new_with_free_func(g_object_unref);
        g_autoptr(GString) notes = g_string_new(NULL);
        guint handles[3];

        for (guint i = 0; i < G_N_ELEMENTS(handles); i++) {
                g_ptr_array_add(configs, make("{a: 1}"));
                g_signal_connect(configs->pdata[i], "changed", G_CALLBACK(note_config), configs);
                handles[i] = reconf_config_watch(configs->pdata[i], "a", note_values, notes, NULL);
        }
        change(configs->pdata[2], "{a: 3}");
        assert_notes(notes, "a:1>3 ");
        g_assert_true(g_object_get_data(configs->pdata[2], "heard") == configs);
        g_assert_null(g_object_get_data(configs->pdata[0], "heard"));
        g_assert_true(reconf_config_unwatch(configs->pdata[2], handles[2]));
        change(configs->pdata[2], "{a: 4}");
        change(configs->pdata[0], "{a: 5}");
        assert_notes(notes, "a:1>5 ");
}

/* From now on the process ends at whatever it asks of the kernel, but for its end. */
static void forbid_system_calls(void)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        };
        const struct sock_fprog program = { .len = G_N_ELEMENTS(filter), .filter = filter };

        g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
        g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
}

static gint64 read_all(ReconfConfig *config, ReconfSnapshot *snapshot)
{
        ReconfIter iter;
        gint64 sum = reconf_config_get_int(config, "a.b.0", 0) +
                     (gint64) reconf_config_get_uint(config, "a.u", 0) +
                     (gint64) reconf_config_get_double(config, "a.d", 0) +
                     reconf_config_get_boolean(config, "a.t", FALSE) + reconf_config_has(config, "a") +
                     (gint64) reconf_config_n_children(config, "a.b") +
                     (gint64) reconf_config_get_version(config);

        if (reconf_iter_init(&iter, snapshot, "a.b"))
                while (reconf_iter_next(&iter, NULL))
                        sum += reconf_iter_get_int(&iter, "", 0);
        return sum + *reconf_snapshot_get_string(snapshot, "s", "") - 's';
}

static void test_no_system_calls(void)
{
        if (g_test_subprocess()) {
                g_autoptr(ReconfConfig) config = make("{a: {b: [1, 2], u: 3, d: 4, t: true}, s: s}");
                g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(config);
                gint64 sum = read_all(config, snapshot);

                forbid_system_calls();
                for (int i = 0; i < 1000; i++)
                        if (read_all(config, snapshot) != sum)
                                syscall(SYS_exit_group, 1);
                /* What libraries do at the end, the kernel would have to do for them. */
                syscall(SYS_exit_group, sum == 16 ? 0 : 2);
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
}

static void run_loop(ReconfConfig *config, ReconfChange *heard, void *notes)
{
        g_signal_handlers_disconnect_by_func(config, run_loop, notes);
        change(config, "{a: 3}");
}

/* A handler that runs the loop costs no other handler a version. */
static void test_nested(void)
{
        static const char *const signals[] = { "changed", "changed::a" };

        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                g_autoptr(GString) plain = g_string_new(NULL);
                g_autoptr(GString) detailed = g_string_new(NULL);
                g_autoptr(ReconfConfig) config = make("{a: 1}");

                g_signal_connect(config, signals[i], G_CALLBACK(run_loop), NULL);
                g_signal_connect(config, "changed", G_CALLBACK(note_change), plain);
                g_signal_connect(config, "changed::a", G_CALLBACK(note_change), detailed);
                change(config, "{a: 2}");
                g_assert_nonnull(strstr(plain->str, "1>2:1"));
                g_assert_nonnull(strstr(plain->str, "2>3:1"));
                g_assert_nonnull(strstr(detailed->str, "1>2:1"));
                g_assert_nonnull(strstr(detailed->str, "2>3:1"));
                g_assert_cmpuint(plain->len, ==, strlen("1>2:1 2>3:1 "));
                g_assert_cmpuint(detailed->len, ==, strlen("1>2:1 2>3:1 "));
                g_string_truncate(plain, 0);
                change(config, "{a: 4}");
                assert_notes(plain, "3>4:1 ");
        }
}

typedef struct Elsewhere {
        ReconfConfig *config;
        GMainContext *context;
        GThread *called_in;
        GMutex lock;
        GCond cond;
        bool watching;
        bool done;
} Elsewhere;

static void note_thread(ReconfConfig *config, const char *path, GVariant *old, GVariant *new, void *data)
{
        Elsewhere *elsewhere = data;

        elsewhere->called_in = g_thread_self();
        elsewhere->done = true;
}

static void *listen_elsewhere(void *data)
{
        Elsewhere *elsewhere = data;
        g_autoptr(GMainContext) context = g_main_context_new();
        guint handle;

        g_main_context_push_thread_default(context);
        handle = reconf_config_watch(elsewhere->config, "a", note_thread, elsewhere, NULL);
        g_mutex_lock(&elsewhere->lock);
        elsewhere->watching = true;
        g_cond_signal(&elsewhere->cond);
        g_mutex_unlock(&elsewhere->lock);
        while (!elsewhere->done)
                g_main_context_iteration(context, TRUE);
        reconf_config_unwatch(elsewhere->config, handle);
        g_main_context_pop_thread_default(context);
        return g_thread_self();
}

static void test_contexts(void)
{
        g_autoptr(ReconfConfig) config = make("{a: 1}");
        Elsewhere elsewhere = { .config = config };
        GThread *thread;

        g_mutex_init(&elsewhere.lock);
        g_cond_init(&elsewhere.cond);
        thread = g_thread_new("listener", listen_elsewhere, &elsewhere);
        g_mutex_lock(&elsewhere.lock);
        while (!elsewhere.watching)
                g_cond_wait(&elsewhere.cond, &elsewhere.lock);
        g_mutex_unlock(&elsewhere.lock);
        change(config, "{a: 2}");
        g_assert_true(g_thread_join(thread) == elsewhere.called_in);
}

static void count_notify(GObject *object, GParamSpec *property, void *count)
{
        ++*(unsigned *) count;
}

static void test_version_property(void)
{
        g_autoptr(ReconfConfig) config = make("{a: 1}");
        unsigned count = 0;
        guint64 version;

        g_signal_connect(config, "notify::version", G_CALLBACK(count_notify), &count);
        change(config, "{a: 2}");
        g_assert_cmpuint(count, ==, 1);
        g_object_get(config, "version", &version, NULL);
        g_assert_cmpuint(version, ==, 2);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/lib-config/reading", test_reading);
        g_test_add_func("/lib-config/bad-data", test_bad_data);
        g_test_add_func("/lib-config/changed", test_changed);
        g_test_add_func("/lib-config/folded", test_folded);
        g_test_add_func("/lib-config/change", test_change);
        g_test_add_func("/lib-config/watch", test_watch);
        g_test_add_func("/lib-config/watch-ends", test_watch_ends);
        g_test_add_func("/lib-config/bad-path", test_bad_path);
        g_test_add_func("/lib-config/changing", test_changing);
        g_test_add_func("/lib-config/many-configs", test_many_configs);
        g_test_add_func("/lib-config/no-system-calls", test_no_system_calls);
        g_test_add_func("/lib-config/nested", test_nested);
        g_test_add_func("/lib-config/contexts", test_contexts);
        g_test_add_func("/lib-config/version-property", test_version_property);
        return g_test_run();
}
