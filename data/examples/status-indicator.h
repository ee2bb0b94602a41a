/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A status indicator
 *
 * A small pill for a corner of a window, which says in icon, colour and words how the program and its
 * configuration stand. Put it over the window's content with gtk_overlay_add_overlay(); it takes its place
 * in a corner by itself.
 *
 * Properties: "status" (ReconfStatus), "message" (what is wrong, or NULL; the tooltip), "position"
 * (GtkCornerType), "compact" (icon only), "only-on-error" (hidden unless the status is RECONF_STATUS_ERROR).
 *
 * Its colours are style, of the node "status-indicator" with one of the classes connecting, connected,
 * disconnected and error.
 */
#pragma once

#include <gtk/gtk.h>
#include <reconf/reconf.h>

#define STATUS_TYPE_INDICATOR (status_indicator_get_type())

G_DECLARE_FINAL_TYPE(StatusIndicator, status_indicator, STATUS, INDICATOR, GtkWidget)

GtkWidget *status_indicator_new(void);

/* Shows how a config and the service stand, from now on. */
void status_indicator_follow(StatusIndicator *indicator, ReconfConfig *config);
/* Shows something else. The message may be NULL. */
void status_indicator_show(StatusIndicator *indicator, ReconfStatus status, const char *message);
