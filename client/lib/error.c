/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/reconf/error.h"

#include "client/lib/error-private.h"
#include "introspection/names.h"

#include <gio/gio.h>

static const GDBusErrorEntry entries[] = {
        { RECONF_ERROR_NO_SUCH_CONFIG, RECONF_ERROR_PREFIX "NoSuchConfig" },
        { RECONF_ERROR_ALREADY_REGISTERED, RECONF_ERROR_PREFIX "AlreadyRegistered" },
        { RECONF_ERROR_INVALID_NAME, RECONF_ERROR_PREFIX "InvalidName" },
        { RECONF_ERROR_INVALID_PATH, RECONF_ERROR_PREFIX "InvalidPath" },
        { RECONF_ERROR_INVALID_ARGUMENT, RECONF_ERROR_PREFIX "InvalidArgument" },
        { RECONF_ERROR_NO_SUCH_PATH, RECONF_ERROR_PREFIX "NoSuchPath" },
        { RECONF_ERROR_NO_SUCH_VERSION, RECONF_ERROR_PREFIX "NoSuchVersion" },
        { RECONF_ERROR_NO_SUCH_INSTANCE, RECONF_ERROR_PREFIX "NoSuchInstance" },
        { RECONF_ERROR_NOT_LOADED, RECONF_ERROR_PREFIX "NotLoaded" },
        { RECONF_ERROR_FILE_NOT_FOUND, RECONF_ERROR_PREFIX "FileNotFound" },
        { RECONF_ERROR_FILE_UNREADABLE, RECONF_ERROR_PREFIX "FileUnreadable" },
        { RECONF_ERROR_WRITE_FAILED, RECONF_ERROR_PREFIX "WriteFailed" },
        { RECONF_ERROR_TOO_LARGE, RECONF_ERROR_PREFIX "TooLarge" },
        { RECONF_ERROR_TOO_DEEP, RECONF_ERROR_PREFIX "TooDeep" },
        { RECONF_ERROR_PARSE_FAILED, RECONF_ERROR_PREFIX "ParseFailed" },
        { RECONF_ERROR_VALIDATION_FAILED, RECONF_ERROR_PREFIX "ValidationFailed" },
        { RECONF_ERROR_VERSION_CONFLICT, RECONF_ERROR_PREFIX "VersionConflict" },
        { RECONF_ERROR_NOT_EDITABLE, RECONF_ERROR_PREFIX "NotEditable" },
        { RECONF_ERROR_NOT_UNCONFIRMED, RECONF_ERROR_PREFIX "NotUnconfirmed" },
        { RECONF_ERROR_BUSY, RECONF_ERROR_PREFIX "Busy" },
        { RECONF_ERROR_LIMIT_EXCEEDED, RECONF_ERROR_PREFIX "LimitExceeded" },
};

/* A failure's code is the error's, but for the last, which is the bus's own. */
G_STATIC_ASSERT(G_N_ELEMENTS(entries) == RECONF_ERROR_LIMIT_EXCEEDED + 1);
G_STATIC_ASSERT((int) FAILURE_NO_SUCH_CONFIG == (int) RECONF_ERROR_NO_SUCH_CONFIG);
G_STATIC_ASSERT((int) FAILURE_PARSE_FAILED == (int) RECONF_ERROR_PARSE_FAILED);
G_STATIC_ASSERT((int) FAILURE_LIMIT_EXCEEDED == (int) RECONF_ERROR_LIMIT_EXCEEDED);
G_STATIC_ASSERT((int) FAILURE_ACCESS_DENIED == (int) G_N_ELEMENTS(entries));

/**
 * reconf_error_quark:
 *
 * The domain of [error@Reconf.Error].
 *
 * Returns: the quark
 */
GQuark reconf_error_quark(void)
{
        static gsize quark = 0;

        g_dbus_error_register_error_domain("reconf-error-quark", &quark, entries, G_N_ELEMENTS(entries));
        return (GQuark) quark;
}

void error_take_failure(GError **error, Failure *failure)
{
        G_GNUC_UNUSED g_autoptr(Failure) owned = failure;
        g_autofree char *message = failure_format(failure);

        if (failure->code == FAILURE_ACCESS_DENIED)
                g_set_error_literal(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, message);
        else
                g_set_error_literal(error, RECONF_ERROR, (int) failure->code, message);
}
