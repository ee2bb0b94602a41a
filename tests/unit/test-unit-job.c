/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of jobs for units, over a socket pair to a service manager that does as it is told
 *
 * What the manager is asked for, and how a job ends, is put down in one line.
 */
#include "daemon/unit-job.h"

#include "daemon/bus-cleanup.h"

#include <string.h>
#include <sys/socket.h>

#define UNIT "app.service"
#define OWNER ":1.9"
#define FOREVER_USEC (20 * G_USEC_PER_SEC)

typedef struct JobScene {
        sd_event *event;
        sd_bus *peer; /* the bus, and the manager on it */
        sd_bus *bus;
        Systemd *systemd;
        UnitJob *job;
        GString *told;
        bool ended;
        char *message;
        unsigned jobs;

        /* What the manager does */
        const char *result; /* of each job; NULL: none ends */
        const char *error;  /* of each call; NULL: none */
        const char *sub, *active, *load;
        const char *down_after; /* ActiveState once a job has ended; or NULL */
        bool is_mute;
} JobScene;

/* The manager */

static void send_signal(JobScene *scene, const char *sender, const char *path, const char *interface,
                        const char *member, const char *types, ...)
{
        g_autoptr(sd_bus_message) m = NULL;
        va_list arguments;

        g_assert_cmpint(sd_bus_message_new_signal(scene->peer, &m, path, interface, member), >=, 0);
        g_assert_cmpint(sd_bus_message_set_sender(m, sender), >=, 0);
        va_start(arguments, types);
        g_assert_cmpint(sd_bus_message_appendv(m, types, arguments), >=, 0);
        va_end(arguments);
        g_assert_cmpint(sd_bus_send(scene->peer, m, NULL), >=, 0);
}

static void end_job(JobScene *scene, const char *sender, unsigned job, const char *result)
{
        g_autofree char *path = g_strdup_printf(SYSTEMD_PATH "/job/%u", job);

        if (scene->down_after)
                scene->active = scene->down_after;
        send_signal(scene, sender, SYSTEMD_PATH, SYSTEMD_MANAGER_INTERFACE, "JobRemoved", "uoss",
                    (uint32_t) job, path, UNIT, result);
}

static int method_job(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        JobScene *scene = userdata;
        const char *unit, *mode;
        g_autofree char *path = NULL;
        int r;

        g_assert_cmpint(sd_bus_message_read(m, "ss", &unit, &mode), >, 0);
        g_string_append_printf(scene->told, "%s %s %s ", sd_bus_message_get_member(m), unit, mode);
        if (scene->is_mute)
                return 1;
        if (scene->error)
                return sd_bus_error_set(error, scene->error, "it is as it is");
        path = g_strdup_printf(SYSTEMD_PATH "/job/%u", ++scene->jobs);
        r = sd_bus_reply_method_return(m, "o", path);
        if (scene->result)
                end_job(scene, OWNER, scene->jobs, scene->result);
        return r;
}

static int method_noted(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        JobScene *scene = userdata;

        g_string_append_printf(scene->told, "%s ", sd_bus_message_get_member(m));
        return sd_bus_reply_method_return(m, NULL);
}

static int method_ignored(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(m, NULL);
}

static int method_hello(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(m, "s", ":1.1");
}

static int method_get_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return sd_bus_reply_method_return(m, "s", OWNER);
}

static int property_get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", *(const char **) userdata);
}

static int property_get_pid(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "u", UINT32_C(77));
}

static int property_get_started(sd_bus *bus, const char *path, const char *interface, const char *property,
                                sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        return sd_bus_message_append(reply, "t", UINT64_C(88));
}

static const sd_bus_vtable bus_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Hello", "", "s", method_hello, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AddMatch", "s", "", method_ignored, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RemoveMatch", "s", "", method_ignored, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetNameOwner", "s", "s", method_get_owner, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Subscribe", "", "", method_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Unsubscribe", "", "", method_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ResetFailedUnit", "s", "", method_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ReloadUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("TryRestartUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ReloadOrTryRestartUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StartUnit", "ss", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("LoadState", "s", property_get_text, offsetof(JobScene, load), 0),
        SD_BUS_PROPERTY("ActiveState", "s", property_get_text, offsetof(JobScene, active), 0),
        SD_BUS_PROPERTY("SubState", "s", property_get_text, offsetof(JobScene, sub), 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("MainPID", "u", property_get_pid, 0, 0),
        SD_BUS_PROPERTY("ExecMainStartTimestamp", "t", property_get_started, 0, 0),
        SD_BUS_VTABLE_END,
};

/* The scene */

static void on_job_removed(const char *path, const char *result, void *userdata)
{
        JobScene *scene = userdata;

        if (scene->job)
                (void) unit_job_removed(scene->job, path, result);
}

static void on_unit_changed(const char *path, void *userdata)
{
        JobScene *scene = userdata;

        g_string_append_printf(scene->told, "changed %s ", path + strlen(SYSTEMD_UNIT_PATH "/"));
}

static void on_replaced(void *userdata)
{
        JobScene *scene = userdata;

        g_string_append(scene->told, "replaced ");
        if (scene->job)
                unit_job_replaced(scene->job);
}

static const SystemdListener listener = {
        .job_removed = on_job_removed,
        .unit_changed = on_unit_changed,
        .replaced = on_replaced,
};

static void start_peer(JobScene *scene, int fd)
{
        g_autofree char *path = unit_path(UNIT);

        g_assert_cmpint(sd_bus_new(&scene->peer), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(scene->peer, fd, fd), >=, 0);
        g_assert_cmpint(sd_bus_set_server(scene->peer, 1, (sd_id128_t){ .bytes = { 1 } }), >=, 0);
        g_assert_cmpint(sd_bus_set_anonymous(scene->peer, 1), >=, 0);
        g_assert_cmpint(sd_bus_start(scene->peer), >=, 0);
        g_assert_cmpint(sd_bus_add_object_vtable(scene->peer, NULL, "/org/freedesktop/DBus",
                                                 "org.freedesktop.DBus", bus_vtable, scene),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_object_vtable(scene->peer, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER_INTERFACE,
                                                 manager_vtable, scene),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_object_vtable(scene->peer, NULL, path, SYSTEMD_UNIT_INTERFACE,
                                                 unit_vtable, scene),
                        >=, 0);
        g_assert_cmpint(sd_bus_add_object_vtable(scene->peer, NULL, path, SYSTEMD_SERVICE_INTERFACE,
                                                 service_vtable, scene),
                        >=, 0);
        g_assert_cmpint(sd_bus_attach_event(scene->peer, scene->event, 0), >=, 0);
}

static void scene_set_up(JobScene *scene, const void *data)
{
        int fds[2];

        *scene = (JobScene){
                .told = g_string_new(NULL),
                .result = "done",
                .load = "loaded",
                .active = "active",
                .sub = "running",
        };
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        start_peer(scene, fds[0]);
        g_assert_cmpint(sd_bus_new(&scene->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(scene->bus, fds[1], fds[1]), >=, 0);
        g_assert_cmpint(sd_bus_set_bus_client(scene->bus, 1), >=, 0);
        g_assert_cmpint(sd_bus_start(scene->bus), >=, 0);
        scene->systemd = systemd_new(scene->bus, scene->event, SCOPE_USER, &listener, scene);
        /* As the daemon does it: what is asked for before that is asked for all the same. */
        g_assert_cmpint(sd_bus_attach_event(scene->bus, scene->event, 0), >=, 0);
}

static void scene_tear_down(JobScene *scene, const void *data)
{
        unit_job_free(scene->job);
        systemd_free(scene->systemd);
        sd_bus_flush_close_unref(scene->bus);
        sd_bus_flush_close_unref(scene->peer);
        sd_event_unref(scene->event);
        g_string_free(scene->told, TRUE);
        g_free(scene->message);
}

static void on_done(UnitJobEnd end, const char *message, void *userdata)
{
        static const char *const names[] = {
                [UNIT_JOB_DONE] = "done",
                [UNIT_JOB_NOT_RUNNING] = "not-running",
                [UNIT_JOB_FAILED] = "failed",
                [UNIT_JOB_TOOK_DOWN] = "took-down",
        };
        JobScene *scene = userdata;

        g_string_append_printf(scene->told, "%s ", names[end]);
        g_free(scene->message);
        scene->message = g_strdup(message);
        g_assert_cmpint(message == NULL, ==, end == UNIT_JOB_DONE || end == UNIT_JOB_NOT_RUNNING);
        scene->job = unit_job_free(scene->job);
        scene->ended = true;
}

static void ask_within(JobScene *scene, ReloadMode mode, bool lift, uint64_t limit_usec)
{
        scene->ended = false;
        scene->job = unit_job_new(scene->systemd, UNIT, mode, lift, limit_usec, on_done, scene);
}

static void ask(JobScene *scene, ReloadMode mode, bool lift)
{
        ask_within(scene, mode, lift, FOREVER_USEC);
}

static void await_told(JobScene *scene, const char *expected)
{
        int64_t deadline = g_get_monotonic_time() + FOREVER_USEC;

        while (!strstr(scene->told->str, expected)) {
                if (g_get_monotonic_time() > deadline)
                        g_error("waited for '%s', have '%s'", expected, scene->told->str);
                g_assert_cmpint(sd_event_run(scene->event, G_USEC_PER_SEC), >=, 0);
        }
}

static void assert_told(JobScene *scene, const char *expected)
{
        int64_t deadline = g_get_monotonic_time() + FOREVER_USEC;

        while (!scene->ended) {
                g_assert_cmpint(g_get_monotonic_time(), <, deadline);
                g_assert_cmpint(sd_event_run(scene->event, G_USEC_PER_SEC), >=, 0);
        }
        g_assert_cmpstr(scene->told->str, ==, expected);
        g_string_truncate(scene->told, 0);
}

static void assert_message(const JobScene *scene, const char *verb, const char *word)
{
        g_test_message("%s", scene->message);
        g_assert_true(g_str_has_prefix(scene->message, verb));
        g_assert_nonnull(strstr(scene->message, word));
        g_assert_null(strchr(scene->message, '%'));
}

static void test_modes(JobScene *scene, const void *data)
{
        ask(scene, RELOAD_MODE_RELOAD, false);
        assert_told(scene, "Subscribe ReloadUnit app.service replace done ");
        ask(scene, RELOAD_MODE_RESTART, false);
        assert_told(scene, "TryRestartUnit app.service replace done ");
        ask(scene, RELOAD_MODE_RELOAD_OR_RESTART, true);
        assert_told(scene, "ReloadOrTryRestartUnit app.service replace done ");
}

static void test_results(JobScene *scene, const void *data)
{
        static const struct {
                const char *result, *word;
        } cases[] = {
                { "failed", "systemctl --user status app.service" },
                { "timeout", "longer" },
                { "canceled", "canceled" },
                { "dependency", "list-dependencies" },
                { "skipped", "condition" },
                { "invalid", "(invalid)" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                scene->result = cases[i].result;
                ask(scene, RELOAD_MODE_RESTART, false);
                assert_told(scene, i == 0 ? "Subscribe TryRestartUnit app.service replace failed "
                                          : "TryRestartUnit app.service replace failed ");
                assert_message(scene, "not restarted", cases[i].word);
        }
}

static void test_errors(JobScene *scene, const void *data)
{
        static const struct {
                const char *error, *word;
        } cases[] = {
                { SYSTEMD_NAME ".NoSuchUnit", "no such unit" },
                { SYSTEMD_NAME ".UnitMasked", "unmask" },
                { SYSTEMD_NAME ".JobTypeNotApplicable", "ReloadMode=" },
                { SYSTEMD_NAME ".TransactionOrderIsCyclic", "(it is as it is)" },
                { SD_BUS_ERROR_ACCESS_DENIED, "polkit" },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "polkit" },
                { SD_BUS_ERROR_SERVICE_UNKNOWN, "reconfctl run" },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, "reconfctl run" },
                { SD_BUS_ERROR_NO_REPLY, "answer" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                scene->error = cases[i].error;
                ask(scene, RELOAD_MODE_RELOAD, false);
                assert_told(scene, i == 0 ? "Subscribe ReloadUnit app.service replace failed "
                                          : "ReloadUnit app.service replace failed ");
                assert_message(scene, "not reloaded", cases[i].word);
        }
}

static void test_not_running(JobScene *scene, const void *data)
{
        static const char *const down[] = { "inactive", "failed", "deactivating" };

        await_told(scene, "Subscribe ");
        g_string_truncate(scene->told, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(down); i++) {
                scene->active = down[i];
                ask(scene, RELOAD_MODE_RESTART, false);
                assert_told(scene, "not-running ");
                /* Nobody else would start it again. */
                ask(scene, RELOAD_MODE_RELOAD, true);
                assert_told(scene, "ResetFailedUnit StartUnit app.service replace done ");
        }
        scene->active = "activating";
        scene->sub = "start";
        ask(scene, RELOAD_MODE_RELOAD, false);
        assert_told(scene, "ReloadUnit app.service replace done ");
        scene->sub = "auto-restart";
        scene->result = "failed";
        ask(scene, RELOAD_MODE_RELOAD, false);
        assert_told(scene, "ResetFailedUnit StartUnit app.service replace failed ");
        assert_message(scene, "not started", "failed");
}

static void test_not_found(JobScene *scene, const void *data)
{
        scene->load = "not-found";
        scene->active = "inactive";
        ask(scene, RELOAD_MODE_RELOAD, false);
        assert_told(scene, "Subscribe failed ");
        assert_message(scene, "not reloaded", "ReloadUnit=");
}

static void test_took_down(JobScene *scene, const void *data)
{
        scene->result = "failed";
        scene->down_after = "failed";
        ask(scene, RELOAD_MODE_RESTART, false);
        assert_told(scene, "Subscribe TryRestartUnit app.service replace took-down ");
        scene->down_after = "activating";
        scene->active = "active";
        ask(scene, RELOAD_MODE_RESTART, false);
        assert_told(scene, "TryRestartUnit app.service replace failed ");
}

/* Jobs of others, and what somebody sends who is not the manager. */
static void test_others(JobScene *scene, const void *data)
{
        scene->result = NULL;
        ask(scene, RELOAD_MODE_RELOAD, false);
        await_told(scene, "ReloadUnit");
        end_job(scene, ":1.66", 1, "failed");
        end_job(scene, SYSTEMD_NAME, 1, "failed");
        end_job(scene, OWNER, 2, "failed");
        send_signal(scene, ":1.66", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
                    "sss", SYSTEMD_NAME, OWNER, ":1.66");
        end_job(scene, ":1.66", 1, "failed");
        end_job(scene, OWNER, 1, "done");
        assert_told(scene, "Subscribe ReloadUnit app.service replace done ");
}

static void test_unit_changed(JobScene *scene, const void *data)
{
        await_told(scene, "Subscribe ");
        g_string_truncate(scene->told, 0);
        send_signal(scene, ":1.66", SYSTEMD_UNIT_PATH "/forged", "org.freedesktop.DBus.Properties",
                    "PropertiesChanged", "sa{sv}as", SYSTEMD_SERVICE_INTERFACE, 0, 0);
        send_signal(scene, OWNER, SYSTEMD_UNIT_PATH "/app_2eservice", "org.freedesktop.DBus.Properties",
                    "PropertiesChanged", "sa{sv}as", SYSTEMD_SERVICE_INTERFACE, 0, 0);
        await_told(scene, "app_2eservice");
        g_assert_cmpstr(scene->told->str, ==, "changed app_2eservice ");
}

/* It begins anew, under another unique name: what it was asked for may have been done, or not. */
static void test_replaced(JobScene *scene, const void *data)
{
        scene->result = NULL;
        ask(scene, RELOAD_MODE_RELOAD, false);
        await_told(scene, "ReloadUnit");
        send_signal(scene, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    "NameOwnerChanged", "sss", SYSTEMD_NAME, OWNER, "");
        end_job(scene, OWNER, 1, "failed");
        send_signal(scene, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    "NameOwnerChanged", "sss", SYSTEMD_NAME, "", ":1.10");
        await_told(scene, "replaced Subscribe ReloadUnit");
        end_job(scene, OWNER, 2, "failed");
        end_job(scene, ":1.10", 2, "done");
        assert_told(scene, "Subscribe ReloadUnit app.service replace replaced Subscribe ReloadUnit "
                           "app.service replace done ");
}

static void test_limit(JobScene *scene, const void *data)
{
        scene->result = NULL;
        ask_within(scene, RELOAD_MODE_RELOAD, false, 50 * 1000);
        assert_told(scene, "Subscribe ReloadUnit app.service replace failed ");
        assert_message(scene, "not reloaded", "list-jobs");
}

static void test_no_answer(JobScene *scene, const void *data)
{
        g_assert_cmpint(sd_bus_set_method_call_timeout(scene->bus, 50 * 1000), >=, 0);
        scene->is_mute = true;
        ask(scene, RELOAD_MODE_RELOAD, false);
        assert_told(scene, "Subscribe ReloadUnit app.service replace failed ");
        assert_message(scene, "not reloaded", "answer");
}

static void test_freed(JobScene *scene, const void *data)
{
        ask(scene, RELOAD_MODE_RELOAD, false);
        scene->job = unit_job_free(scene->job);
        scene->result = NULL;
        ask(scene, RELOAD_MODE_RELOAD, false);
        await_told(scene, "ReloadUnit");
        scene->job = unit_job_free(scene->job);
        end_job(scene, OWNER, 1, "done");
        scene->systemd = systemd_free(scene->systemd);
        await_told(scene, "Unsubscribe");
        g_assert_cmpstr(scene->told->str, ==, "Subscribe ReloadUnit app.service replace Unsubscribe ");
        g_assert_null(unit_job_free(NULL));
        g_assert_null(systemd_free(NULL));
}

int main(int argc, char **argv)
{
        static const struct {
                const char *path;
                void (*test)(JobScene *, const void *);
        } tests[] = {
                { "/unit-job/modes", test_modes },         { "/unit-job/results", test_results },
                { "/unit-job/errors", test_errors },       { "/unit-job/not-running", test_not_running },
                { "/unit-job/not-found", test_not_found }, { "/unit-job/took-down", test_took_down },
                { "/unit-job/others", test_others },       { "/unit-job/unit-changed", test_unit_changed },
                { "/unit-job/replaced", test_replaced },   { "/unit-job/limit", test_limit },
                { "/unit-job/no-answer", test_no_answer }, { "/unit-job/freed", test_freed },
        };

        g_test_init(&argc, &argv, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, JobScene, NULL, scene_set_up, tests[i].test, scene_tear_down);
        return g_test_run();
}
