/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * ReconfStatus:
 * @RECONF_STATUS_CONNECTING: an attempt to reach the service is under way, or the next one is waited for
 * @RECONF_STATUS_CONNECTED: changes are heard as they happen
 * @RECONF_STATUS_DISCONNECTED: the service is away, and nobody tries to reach it: that is not wanted, or
 *   nothing needs it
 * @RECONF_STATUS_ERROR: trying has been given up, or would not help: the property `error` says why
 *
 * How a client, or a config, and the service stand. In all of them what was read last can be read.
 */
typedef enum {
        RECONF_STATUS_CONNECTING,
        RECONF_STATUS_CONNECTED,
        RECONF_STATUS_DISCONNECTED,
        RECONF_STATUS_ERROR,
} ReconfStatus;

G_END_DECLS
