/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ownership of sd-bus's objects by g_autoptr(), for both ends of the bus
 */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
