/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of who is at the other end of a call
 */
#include "daemon/bus.h"
#include "daemon/caller.h"

#include "tests/support/bus-scene.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

/* Answers with what is known of the caller. */
static int describe(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        const Credentials *credentials = caller->credentials;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *greeting;
        int r;

        r = sd_bus_message_read(m, "s", &greeting);
        if (r < 0)
                return r;
        g_assert_nonnull(((Bus *) bus)->manager);
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "ssuuuu", greeting, caller->name,
                                          (uint32_t) caller->author.uid, (uint32_t) caller->author.pid,
                                          (uint32_t) credentials->uid, (uint32_t) credentials->gid);
        if (r >= 0)
                r = sd_bus_message_append_array(reply, 'u', credentials->groups,
                                                credentials->n_groups * sizeof(gid_t));
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_describe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return caller_identify(m, describe, userdata, error);
}

static int refuse(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        return sd_bus_error_setf(error, SD_BUS_ERROR_NOT_SUPPORTED, "not for %s", caller->name);
}

static int method_refuse(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return caller_identify(m, refuse, userdata, error);
}

static int fail(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        return -EDOM;
}

static int method_fail(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return caller_identify(m, fail, userdata, error);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Describe", "s", "ssuuuuau", method_describe, 0),
        SD_BUS_METHOD("Refuse", "", "", method_refuse, 0),
        SD_BUS_METHOD("Fail", "", "", method_fail, 0),
        SD_BUS_VTABLE_END,
};

static sd_bus_message *test_call(BusScene *scene, const char *member)
{
        return call_new(scene, ":1.7", BUS_SCENE_TEST_PATH, BUS_SCENE_TEST_INTERFACE, member);
}

static sd_bus_message *describe_call(BusScene *scene)
{
        sd_bus_message *m = test_call(scene, "Describe");

        g_assert_cmpint(sd_bus_message_append(m, "s", "hello"), >=, 0);
        return m;
}

static void assert_described(BusScene *scene, uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
        g_autoptr(sd_bus_message) reply = call_run(scene, describe_call(scene));
        uint32_t author_uid, author_pid, found_uid, found_gid;
        const char *greeting, *name;
        const void *found;
        size_t size;

        g_assert_cmpint(sd_bus_message_read(reply, "ssuuuu", &greeting, &name, &author_uid, &author_pid,
                                            &found_uid, &found_gid),
                        >, 0);
        g_assert_cmpint(sd_bus_message_read_array(reply, 'u', &found, &size), >=, 0);
        g_assert_cmpstr(greeting, ==, "hello");
        g_assert_cmpstr(name, ==, ":1.7");
        g_assert_cmpuint(author_uid, ==, uid);
        g_assert_cmpuint(author_pid, ==, getpid());
        g_assert_cmpuint(found_uid, ==, uid);
        g_assert_cmpuint(found_gid, ==, gid);
        g_assert_cmpmem(found, size, groups, n_groups * sizeof(gid_t));
}

static void test_from_the_bus(BusScene *scene, const void *data)
{
        static const gid_t groups[] = { 4711, 4712 };

        assert_described(scene, 4711, 4711, groups, G_N_ELEMENTS(groups));
}

/* Some user of this system other than ourselves. */
static uid_t find_other(void)
{
        const struct passwd *entry;
        uid_t uid = (uid_t) -1;

        setpwent();
        while (uid == (uid_t) -1 && (entry = getpwent()))
                if (entry->pw_uid != geteuid())
                        uid = entry->pw_uid;
        endpwent();
        return uid;
}

static void test_from_the_user_database(BusScene *scene, const void *data)
{
        g_autoptr(Credentials) expected = NULL;

        scene->names_no_groups = true;
        scene->uid = find_other();
        if (scene->uid == (uid_t) -1) {
                g_test_skip("there is nobody else");
                return;
        }
        expected = credentials_look_up(scene->uid);
        g_assert_cmpuint(expected->n_groups, >, 0);
        assert_described(scene, scene->uid, expected->gid, expected->groups, expected->n_groups);
}

static void test_unknown(BusScene *scene, const void *data)
{
        scene->names_no_groups = true;
        scene->uid = 3999999999U;
        assert_described(scene, scene->uid, (gid_t) -1, NULL, 0);
}

/* Nothing is looked up about ourselves. */
static void test_ourselves(BusScene *scene, const void *data)
{
        scene->names_no_groups = true;
        scene->uid = geteuid();
        assert_described(scene, scene->uid, (gid_t) -1, NULL, 0);
}

static void test_nobody(BusScene *scene, const void *data)
{
        scene->names_nobody = true;
        assert_error(call_run(scene, describe_call(scene)), SD_BUS_ERROR_ACCESS_DENIED);
        scene->names_nobody = false;
        scene->uid = UINT32_MAX;
        assert_error(call_run(scene, describe_call(scene)), SD_BUS_ERROR_ACCESS_DENIED);
}

static void test_errors(BusScene *scene, const void *data)
{
        for (unsigned i = 0; i < 2; i++) {
                assert_error(call_run(scene, test_call(scene, "Refuse")), SD_BUS_ERROR_NOT_SUPPORTED);
                assert_error(call_run(scene, test_call(scene, "Fail")), "System.Error.EDOM");
                scene->names_no_groups = true;
        }
}

/* All that are asked about at once get their own answers, and the last none, since the daemon ends. */
static void test_many(BusScene *scene, const void *data)
{
        BusCall *calls[20], *last;

        scene->names_no_groups = true;
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                calls[i] = call_send(scene, describe_call(scene));
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                assert_returned(call_await(calls[i]));
        last = call_send(scene, describe_call(scene));
        sd_bus_flush(scene->peer);
        g_free(last);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        bus_scene_add_with("/caller/from-the-bus", test_from_the_bus, vtable);
        bus_scene_add_with("/caller/from-the-user-database", test_from_the_user_database, vtable);
        bus_scene_add_with("/caller/unknown", test_unknown, vtable);
        bus_scene_add_with("/caller/ourselves", test_ourselves, vtable);
        bus_scene_add_with("/caller/nobody", test_nobody, vtable);
        bus_scene_add_with("/caller/errors", test_errors, vtable);
        bus_scene_add_with("/caller/many", test_many, vtable);
        return g_test_run();
}
