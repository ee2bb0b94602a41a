/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <glib-object.h>
#include <reconf/version.h>

G_BEGIN_DECLS

/**
 * RECONF_ERROR:
 *
 * The domain of errors that the service reports, or that the library finds as the service would. Codes are
 * those of [error@Reconf.Error].
 */
#define RECONF_ERROR (reconf_error_quark())

/**
 * ReconfError:
 * @RECONF_ERROR_NO_SUCH_CONFIG: there is no config of that name
 * @RECONF_ERROR_ALREADY_REGISTERED: another config has that name
 * @RECONF_ERROR_INVALID_NAME: a config cannot be called that
 * @RECONF_ERROR_INVALID_PATH: a file's path is not absolute, or a dotted path is malformed
 * @RECONF_ERROR_INVALID_ARGUMENT: an option is unknown or out of its range, or bytes are not a document
 * @RECONF_ERROR_NO_SUCH_PATH: the document has no such place
 * @RECONF_ERROR_NO_SUCH_VERSION: there never was such a version, or it is gone from the history
 * @RECONF_ERROR_NO_SUCH_INSTANCE: the instance is gone
 * @RECONF_ERROR_NOT_LOADED: the config has no version yet
 * @RECONF_ERROR_FILE_NOT_FOUND: a file does not exist
 * @RECONF_ERROR_FILE_UNREADABLE: a file cannot be read
 * @RECONF_ERROR_WRITE_FAILED: a file cannot be written; nothing has changed
 * @RECONF_ERROR_TOO_LARGE: a file or a reply is too large
 * @RECONF_ERROR_TOO_DEEP: maps and lists are nested too deep
 * @RECONF_ERROR_PARSE_FAILED: a file is not well-formed
 * @RECONF_ERROR_VALIDATION_FAILED: a schema, a validator or a command rejects the content
 * @RECONF_ERROR_VERSION_CONFLICT: the files hold something else than was expected
 * @RECONF_ERROR_NOT_EDITABLE: a file cannot be edited in place
 * @RECONF_ERROR_NOT_UNCONFIRMED: that version does not wait to be confirmed
 * @RECONF_ERROR_BUSY: a validator called back about the config that it is being asked about
 * @RECONF_ERROR_LIMIT_EXCEEDED: one of the service's limits is reached
 *
 * What can go wrong with a config; each is an error of the service's, called
 * `org.reconf.Reconf1.Error.NoSuchConfig` and so on. The message says which file, line and column where
 * there is one.
 *
 * Being refused for lack of rights is %G_DBUS_ERROR_ACCESS_DENIED.
 */
typedef enum {
        RECONF_ERROR_NO_SUCH_CONFIG,
        RECONF_ERROR_ALREADY_REGISTERED,
        RECONF_ERROR_INVALID_NAME,
        RECONF_ERROR_INVALID_PATH,
        RECONF_ERROR_INVALID_ARGUMENT,
        RECONF_ERROR_NO_SUCH_PATH,
        RECONF_ERROR_NO_SUCH_VERSION,
        RECONF_ERROR_NO_SUCH_INSTANCE,
        RECONF_ERROR_NOT_LOADED,
        RECONF_ERROR_FILE_NOT_FOUND,
        RECONF_ERROR_FILE_UNREADABLE,
        RECONF_ERROR_WRITE_FAILED,
        RECONF_ERROR_TOO_LARGE,
        RECONF_ERROR_TOO_DEEP,
        RECONF_ERROR_PARSE_FAILED,
        RECONF_ERROR_VALIDATION_FAILED,
        RECONF_ERROR_VERSION_CONFLICT,
        RECONF_ERROR_NOT_EDITABLE,
        RECONF_ERROR_NOT_UNCONFIRMED,
        RECONF_ERROR_BUSY,
        RECONF_ERROR_LIMIT_EXCEEDED,
} ReconfError;

RECONF_AVAILABLE_IN_0_1
GQuark reconf_error_quark(void);

G_END_DECLS
