/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the registry: whom a config counts for, and how many one user may have
 *
 * Most of what fills the registry is never started: ten thousand first loads would test nothing more.
 */
#include "daemon/manager-private.h"
#include "tests/support/tree.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MOST MANAGER_MAX_CONFIGS_PER_USER

typedef struct ManagerScene {
        char *directory;
        char *settings_directory; /* where drop-ins are looked for */
        char *files[2];           /* app.yaml, NULL-terminated */
        Settings settings;
        sd_event *event;
        Manager *manager;
        unsigned filled;
        GString *told; /* what became of what was asked for */
} ManagerScene;

/* Two users, neither of whom we are. */
static uid_t one(void)
{
        return geteuid() + 1;
}

static uid_t other(void)
{
        return geteuid() + 2;
}

static void on_config(Config *config, void *userdata)
{
}

static void on_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
}

static void on_failed(Config *config, const Failure *failure, bool is_public, void *userdata)
{
}

static void on_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
}

static bool on_has_validators(Config *config, void *userdata)
{
        return false;
}

static const ManagerObserver observer = {
        .added = on_config,
        .removed = on_config,
        .changed = on_changed,
        .failed = on_failed,
        .properties_changed = on_properties_changed,
        .has_validators = on_has_validators,
        .commands_changed = on_config,
};

static void save(const ManagerScene *scene, const char *name, const char *content)
{
        g_autofree char *path = g_build_filename(scene->directory, name, NULL);
        g_autofree char *parent = g_path_get_dirname(path);

        g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void start(ManagerScene *scene)
{
        g_assert_null(manager_new(scene->event, &scene->settings, &scene->manager));
        manager_set_observer(scene->manager, &observer, NULL);
        manager_start(scene->manager);
}

static void restart(ManagerScene *scene)
{
        scene->manager = manager_free(scene->manager);
        start(scene);
}

static void scene_set_up(ManagerScene *scene, const void *data)
{
        static char *directories[] = { NULL, NULL };

        scene->directory = g_dir_make_tmp("reconf-manager-XXXXXX", NULL);
        scene->settings_directory = g_build_filename(scene->directory, "etc", NULL);
        directories[0] = scene->settings_directory;
        scene->settings = (Settings){
                .scope = SCOPE_USER,
                .state_directory = g_build_filename(scene->directory, "state", NULL),
                .directories = directories,
                .environment = (char *) "",
                .hot_reload = true,
                .suspend_after = 99,
                .suspend_within_usec = 1,
        };
        scene->files[0] = g_build_filename(scene->directory, "app.yaml", NULL);
        scene->told = g_string_new(NULL);
        save(scene, "app.yaml", "a: 1\n");
        save(scene, "tenants/a.yaml", "a: 1\n");
        save(scene, "tenants/b.yaml", "a: 2\n");
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        start(scene);
}

static void scene_tear_down(ManagerScene *scene, const void *data)
{
        manager_free(scene->manager);
        sd_event_unref(scene->event);
        g_string_free(scene->told, TRUE);
        g_free(scene->settings.state_directory);
        g_free(scene->files[0]);
        g_free(scene->settings_directory);
        remove_tree(scene->directory);
        g_free(scene->directory);
}

/* Turns the loop until this is what became of all that was asked for. */
static void await_told(ManagerScene *scene, const char *expected)
{
        int64_t deadline = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

        while (strlen(scene->told->str) < strlen(expected) && g_get_monotonic_time() < deadline)
                g_assert_cmpint(sd_event_run(scene->event, G_USEC_PER_SEC), >=, 0);
        g_assert_cmpstr(scene->told->str, ==, expected);
        g_string_truncate(scene->told, 0);
}

static void tell(ManagerScene *scene, const Failure *failure)
{
        g_string_append_printf(scene->told, "%s; ",
                               failure ? failure_code_to_string(failure->code) : "done");
        /* What to do about it. */
        if (failure && failure->code == FAILURE_LIMIT_EXCEEDED)
                g_assert_nonnull(strstr(((const Problem *) g_ptr_array_index(failure->problems, 0))->message,
                                        "unregister some"));
}

static void on_registered(Config *config, const Failure *failure, void *userdata)
{
        tell(userdata, failure);
}

static void on_directory_registered(const GPtrArray *configs, const Failure *failure, void *userdata)
{
        tell(userdata, failure);
}

static void on_done(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        tell(userdata, failure);
}

static void ask(ManagerScene *scene, const char *name, uid_t uid)
{
        const Author author = { .uid = uid };

        manager_register(scene->manager, name, scene->files, NULL, &author, on_registered, scene);
}

static void ask_directory(ManagerScene *scene, const char *name, uid_t uid)
{
        g_autofree char *path = g_build_filename(scene->directory, "tenants", NULL);
        const Author author = { .uid = uid };

        manager_register_directory(scene->manager, name, path, "*.yaml", NULL, &author,
                                   on_directory_registered, scene);
}

static void unregister(ManagerScene *scene, const char *name)
{
        const Author author = { .uid = geteuid() };

        g_assert_null(manager_unregister(scene->manager, name, &author));
}

static unsigned count(const ManagerScene *scene, uid_t uid)
{
        return user_count_get(scene->manager->by_user, uid);
}

/* Until the user has so many. */
static void fill(ManagerScene *scene, uid_t uid, unsigned n)
{
        while (count(scene, uid) < n) {
                g_autofree char *name = g_strdup_printf("filler-%u", scene->filled++);
                Entry *entry;

                g_assert_null(manager_add(scene->manager, name, scene->files, options_new(),
                                          ENTRY_REGISTRATION, uid, &entry));
        }
}

static void test_limit(ManagerScene *scene, const void *data)
{
        ask(scene, "first", one());
        await_told(scene, "done; ");
        fill(scene, one(), MOST - 1);
        ask(scene, "last", one());
        await_told(scene, "done; ");
        ask(scene, "beyond", one());
        ask_directory(scene, "beyond", one());
        await_told(scene, "LimitExceeded; LimitExceeded; ");
        g_assert_null(manager_find(scene->manager, "beyond"));
        /* What is there may be asked for again. */
        ask(scene, "first", one());
        await_told(scene, "done; ");

        /* He takes nothing from others. */
        ask(scene, "of-another", other());
        ask_directory(scene, "directory-of-another", other());
        await_told(scene, "done; done; ");
        g_assert_cmpuint(count(scene, other()), ==, 4);

        unregister(scene, "of-another");
        ask(scene, "beyond", one());
        await_told(scene, "LimitExceeded; ");
        unregister(scene, "first");
        ask(scene, "next", one());
        await_told(scene, "done; ");
        ask(scene, "beyond", one());
        await_told(scene, "LimitExceeded; ");
}

static void test_what_fails_takes_no_room(ManagerScene *scene, const void *data)
{
        fill(scene, one(), MOST - 1);
        save(scene, "app.yaml", "a: [\n");
        ask(scene, "bad", one());
        await_told(scene, "ParseFailed; ");
        save(scene, "app.yaml", "a: 1\n");
        ask(scene, "good", one());
        await_told(scene, "done; ");
}

static void test_members(ManagerScene *scene, const void *data)
{
        ask_directory(scene, "tenants", one());
        await_told(scene, "done; ");
        g_assert_cmpuint(count(scene, one()), ==, 3);
        unregister(scene, "tenants");
        g_assert_cmpuint(count(scene, one()), ==, 0);

        fill(scene, one(), MOST - 2);
        ask_directory(scene, "tenants", one());
        await_told(scene, "done; ");
        g_assert_cmpuint(count(scene, one()), ==, MOST);
        /* Which of the two is there is for the file system to say. */
        g_assert_true(!manager_find(scene->manager, "tenants@a") !=
                      !manager_find(scene->manager, "tenants@b"));
}

static void test_restart(ManagerScene *scene, const void *data)
{
        ask(scene, "app", one());
        ask_directory(scene, "tenants", one());
        await_told(scene, "done; done; ");
        g_assert_cmpuint(count(scene, one()), ==, 4);

        restart(scene);
        while (!manager_find(scene->manager, "tenants@a") || !manager_find(scene->manager, "tenants@b"))
                g_assert_cmpint(sd_event_run(scene->event, 20 * G_USEC_PER_SEC), >, 0);
        g_assert_cmpuint(count(scene, one()), ==, 4);
        fill(scene, one(), MOST);
        ask(scene, "beyond", one());
        ask(scene, "of-another", other());
        await_told(scene, "LimitExceeded; done; ");
}

/* Whoever changes a config, or asks for it, too, has not registered it. */
static void test_others_change_it(ManagerScene *scene, const void *data)
{
        g_autofree char *path = g_build_filename(scene->directory, "tenants", "a.yaml", NULL);
        ConfigRequest request = {
                .origin = ORIGIN_RELOAD,
                .author = { .uid = other() },
                .done = on_done,
                .userdata = scene,
        };
        Config *config;

        ask(scene, "app", one());
        await_told(scene, "done; ");
        ask(scene, "app", other());
        await_told(scene, "done; ");
        config = manager_find(scene->manager, "app");
        g_assert_null(manager_set_config_hot_reload(scene->manager, config, false, &request.author));
        manager_set_files(scene->manager, config, (char *[]){ path, NULL }, &request);
        await_told(scene, "done; ");
        g_assert_cmpuint(count(scene, other()), ==, 0);

        restart(scene);
        g_assert_cmpstr(config_files(manager_find(scene->manager, "app"))[0], ==, path);
        g_assert_cmpuint(count(scene, one()), ==, 1);
        g_assert_cmpuint(count(scene, other()), ==, 0);
}

static void save_dropins(const ManagerScene *scene)
{
        g_autofree char *app = g_strdup_printf("[Config]\nFile=%s\n", scene->files[0]);
        g_autofree char *tenants = g_strdup_printf("[Config]\nDirectory=%s/tenants\nPattern=*.yaml\n",
                                                   scene->directory);

        save(scene, "etc/configs.d/app.conf", app);
        save(scene, "etc/configs.d/tenants.conf", tenants);
}

/* What the administrator has put there is his, until he takes it away. */
static void test_dropins(ManagerScene *scene, const void *data)
{
        g_autofree char *dropins = g_build_filename(scene->settings_directory, "configs.d", NULL);

        ask(scene, "app", one());
        ask_directory(scene, "tenants", one());
        await_told(scene, "done; done; ");
        save_dropins(scene);
        manager_read_dropins(scene->manager, ORIGIN_STARTUP);
        g_assert_cmpuint(count(scene, one()), ==, 0);
        g_assert_cmpuint(count(scene, geteuid()), ==, 4);

        remove_tree(dropins);
        manager_read_dropins(scene->manager, ORIGIN_STARTUP);
        g_assert_cmpuint(count(scene, geteuid()), ==, 0);
        while (count(scene, one()) < 4)
                g_assert_cmpint(sd_event_run(scene->event, 20 * G_USEC_PER_SEC), >, 0);
}

/* Nothing but that a file was passed over. */
static GLogWriterOutput write_nothing(GLogLevelFlags level, const GLogField *fields, size_t n_fields,
                                      void *userdata)
{
        return G_LOG_WRITER_HANDLED;
}

static void add(const char *path, void (*test)(ManagerScene *, const void *))
{
        g_test_add(path, ManagerScene, NULL, scene_set_up, test, scene_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_log_set_writer_func(write_nothing, NULL, NULL);
        add("/manager/limit", test_limit);
        add("/manager/what-fails-takes-no-room", test_what_fails_takes_no_room);
        add("/manager/members", test_members);
        add("/manager/restart", test_restart);
        add("/manager/others-change-it", test_others_change_it);
        add("/manager/dropins", test_dropins);
        return g_test_run();
}
