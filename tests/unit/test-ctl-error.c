/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reconfctl says and exits with
 */
#include "client/ctl/ctl-error.h"
#include "introspection/names.h"

#include <errno.h>
#include <string.h>

static void assert_bus_error(const char *name, const char *subject, CtlExit status, const char *message)
{
        sd_bus_error bus_error = SD_BUS_ERROR_NULL;
        g_autoptr(GError) error = NULL;

        sd_bus_error_set(&bus_error, name, "what is wrong");
        ctl_error_set_bus(&error, subject, &bus_error, -EIO);
        g_assert_error(error, CTL_ERROR, (int) status);
        if (message)
                g_assert_cmpstr(error->message, ==, message);
        sd_bus_error_free(&bus_error);
}

static void test_status(void)
{
        assert_bus_error(RECONF_ERROR_PREFIX "NoSuchConfig", "app", CTL_EXIT_NOT_FOUND, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "NoSuchPath", "app", CTL_EXIT_NOT_FOUND, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "InvalidPath", "app", CTL_EXIT_USAGE, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "ParseFailed", "app", CTL_EXIT_BAD_FILE, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "NotLoaded", "app", CTL_EXIT_BAD_FILE, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "WriteFailed", "app", CTL_EXIT_FAILURE, NULL);
        assert_bus_error(RECONF_ERROR_PREFIX "Unheard", "app", CTL_EXIT_FAILURE, NULL);
        assert_bus_error(SD_BUS_ERROR_ACCESS_DENIED, "app", CTL_EXIT_ACCESS_DENIED, NULL);
        assert_bus_error(SD_BUS_ERROR_SERVICE_UNKNOWN, NULL, CTL_EXIT_UNREACHABLE, NULL);
        assert_bus_error(SD_BUS_ERROR_NO_REPLY, NULL, CTL_EXIT_UNREACHABLE, NULL);
        assert_bus_error("org.freedesktop.DBus.Error.Spawn.ChildExited", NULL, CTL_EXIT_UNREACHABLE, NULL);
        assert_bus_error("org.freedesktop.systemd1.NoSuchUnit", NULL, CTL_EXIT_UNREACHABLE, NULL);
        assert_bus_error("com.example.Error", NULL, CTL_EXIT_FAILURE, NULL);
}

static void test_message(void)
{
        assert_bus_error(RECONF_ERROR_PREFIX "WriteFailed", "app", CTL_EXIT_FAILURE, "app: what is wrong");
        assert_bus_error(RECONF_ERROR_PREFIX "WriteFailed", NULL, CTL_EXIT_FAILURE, "what is wrong");
        assert_bus_error(RECONF_ERROR_PREFIX "NoSuchVersion", "app", CTL_EXIT_NOT_FOUND,
                         "app: what is wrong\n'reconfctl history app' shows the versions there are.");
        assert_bus_error(SD_BUS_ERROR_UNKNOWN_OBJECT, "app", CTL_EXIT_NOT_FOUND,
                         "app: there is no config of that name\n'reconfctl list' shows the configs there "
                         "are.");
}

static void assert_errno(int r, CtlExit status)
{
        g_autoptr(GError) error = NULL;

        ctl_error_set_bus(&error, "app", NULL, r);
        g_assert_error(error, CTL_ERROR, (int) status);
        g_assert_true(g_str_has_suffix(error->message, g_strerror(-r)));
}

static void test_errno(void)
{
        assert_errno(-ETIMEDOUT, CTL_EXIT_UNREACHABLE);
        assert_errno(-ECONNRESET, CTL_EXIT_UNREACHABLE);
        assert_errno(-EACCES, CTL_EXIT_ACCESS_DENIED);
        assert_errno(-ENOMEM, CTL_EXIT_FAILURE);
}

static void test_checks(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_true(ctl_error_check_answer(0, &error));
        g_assert_true(ctl_error_check_request(1, &error));
        g_assert_no_error(error);
        g_assert_false(ctl_error_check_answer(-EBADMSG, &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_FAILURE);
        g_clear_error(&error);
        g_assert_false(ctl_error_check_request(-ENOTCONN, &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_UNREACHABLE);
}

static void report(void)
{
        g_assert_cmpint(ctl_error_report(g_error_new(CTL_ERROR, CTL_EXIT_NOT_FOUND, "no\x1b[2J\nadvice")),
                        ==, CTL_EXIT_NOT_FOUND);
}

static void test_report(void)
{
        if (g_test_subprocess()) {
                report();
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("*reconfctl: no?x1b?2J\nadvice\n*");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-error/status", test_status);
        g_test_add_func("/ctl-error/message", test_message);
        g_test_add_func("/ctl-error/errno", test_errno);
        g_test_add_func("/ctl-error/checks", test_checks);
        g_test_add_func("/ctl-error/report", test_report);
        return g_test_run();
}
