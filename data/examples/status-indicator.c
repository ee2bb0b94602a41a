/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status-indicator.h"

struct _StatusIndicator {
        GtkWidget parent;
        GtkWidget *image;
        GtkWidget *label;
        ReconfStatus status;
        char *message;
        GtkCornerType position;
        gboolean compact;
        gboolean only_on_error;
};

enum {
        PROP_STATUS = 1,
        PROP_MESSAGE,
        PROP_POSITION,
        PROP_COMPACT,
        PROP_ONLY_ON_ERROR,
        N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE(StatusIndicator, status_indicator, GTK_TYPE_WIDGET)

/* By ReconfStatus. The icons are among those that GTK brings itself. */
static const struct {
        const char *class;
        const char *icon;
        const char *label;
} looks[] = {
        [RECONF_STATUS_CONNECTING] = { "connecting", "view-refresh-symbolic", "Connecting…" },
        [RECONF_STATUS_CONNECTED] = { "connected", "object-select-symbolic", "Connected" },
        [RECONF_STATUS_DISCONNECTED] = { "disconnected", "media-playback-pause-symbolic", "Disconnected" },
        [RECONF_STATUS_ERROR] = { "error", "dialog-error-symbolic", "Error" },
};

static const char style[] = "status-indicator { padding: 6px 10px; margin: 12px; border-radius: 8px;"
                            "                   font-weight: bold; color: #ffffff; }"
                            "status-indicator.connecting { background-color: #865e00; }"
                            "status-indicator.connected { background-color: #1b7f4f; }"
                            "status-indicator.disconnected { background-color: #5e5c64; }"
                            "status-indicator.error { background-color: #c01c28; }";

static void update_look(StatusIndicator *self)
{
        GtkWidget *widget = GTK_WIDGET(self);

        for (size_t i = 0; i < G_N_ELEMENTS(looks); i++)
                gtk_widget_remove_css_class(widget, looks[i].class);
        gtk_widget_add_css_class(widget, looks[self->status].class);
        gtk_image_set_from_icon_name(GTK_IMAGE(self->image), looks[self->status].icon);
        gtk_label_set_label(GTK_LABEL(self->label), looks[self->status].label);
        gtk_widget_set_visible(self->label, !self->compact);
        gtk_widget_set_visible(widget, !self->only_on_error || self->status == RECONF_STATUS_ERROR);
        /* In the compact form the tooltip is all the text there is. */
        gtk_widget_set_tooltip_text(widget, self->message ?: looks[self->status].label);
        /* Those who do not see it are told, too. */
        gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       looks[self->status].label, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       self->message ?: "", -1);
}

static void update_place(StatusIndicator *self)
{
        gboolean right = self->position == GTK_CORNER_TOP_RIGHT || self->position == GTK_CORNER_BOTTOM_RIGHT;
        gboolean bottom = self->position == GTK_CORNER_BOTTOM_LEFT ||
                          self->position == GTK_CORNER_BOTTOM_RIGHT;

        gtk_widget_set_halign(GTK_WIDGET(self), right ? GTK_ALIGN_END : GTK_ALIGN_START);
        gtk_widget_set_valign(GTK_WIDGET(self), bottom ? GTK_ALIGN_END : GTK_ALIGN_START);
}

static void status_indicator_init(StatusIndicator *self)
{
        GtkBoxLayout *layout = GTK_BOX_LAYOUT(gtk_widget_get_layout_manager(GTK_WIDGET(self)));

        gtk_box_layout_set_spacing(layout, 6);
        self->image = gtk_image_new();
        gtk_widget_set_parent(self->image, GTK_WIDGET(self));
        self->label = gtk_label_new(NULL);
        gtk_widget_set_parent(self->label, GTK_WIDGET(self));
        self->status = RECONF_STATUS_CONNECTING;
        self->position = GTK_CORNER_BOTTOM_RIGHT;
        update_look(self);
        update_place(self);
}

static void status_indicator_dispose(GObject *object)
{
        StatusIndicator *self = STATUS_INDICATOR(object);

        g_clear_pointer(&self->image, gtk_widget_unparent);
        g_clear_pointer(&self->label, gtk_widget_unparent);
        g_clear_pointer(&self->message, g_free);
        G_OBJECT_CLASS(status_indicator_parent_class)->dispose(object);
}

static void status_indicator_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
        StatusIndicator *self = STATUS_INDICATOR(object);

        switch (id) {
        case PROP_STATUS:
                g_value_set_enum(value, (int) self->status);
                break;
        case PROP_MESSAGE:
                g_value_set_string(value, self->message);
                break;
        case PROP_POSITION:
                g_value_set_enum(value, (int) self->position);
                break;
        case PROP_COMPACT:
                g_value_set_boolean(value, self->compact);
                break;
        case PROP_ONLY_ON_ERROR:
                g_value_set_boolean(value, self->only_on_error);
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        }
}

static void status_indicator_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
        StatusIndicator *self = STATUS_INDICATOR(object);

        switch (id) {
        case PROP_STATUS:
                self->status = (ReconfStatus) g_value_get_enum(value);
                break;
        case PROP_MESSAGE:
                g_free(self->message);
                self->message = g_value_dup_string(value);
                break;
        case PROP_POSITION:
                self->position = (GtkCornerType) g_value_get_enum(value);
                update_place(self);
                break;
        case PROP_COMPACT:
                self->compact = g_value_get_boolean(value);
                break;
        case PROP_ONLY_ON_ERROR:
                self->only_on_error = g_value_get_boolean(value);
                break;
        default:
                G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
                return;
        }
        update_look(self);
}

static void add_style(void)
{
        g_autoptr(GtkCssProvider) provider = gtk_css_provider_new();

        gtk_css_provider_load_from_data(provider, style, -1);
        gtk_style_context_add_provider_for_display(gdk_display_get_default(), GTK_STYLE_PROVIDER(provider),
                                                   GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void status_indicator_class_init(StatusIndicatorClass *class)
{
        const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
        GObjectClass *object_class = G_OBJECT_CLASS(class);
        GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

        object_class->dispose = status_indicator_dispose;
        object_class->get_property = status_indicator_get_property;
        object_class->set_property = status_indicator_set_property;

        properties[PROP_STATUS] = g_param_spec_enum("status", NULL, NULL, RECONF_TYPE_STATUS,
                                                    RECONF_STATUS_CONNECTING, flags);
        properties[PROP_MESSAGE] = g_param_spec_string("message", NULL, NULL, NULL, flags);
        properties[PROP_POSITION] = g_param_spec_enum("position", NULL, NULL, GTK_TYPE_CORNER_TYPE,
                                                      GTK_CORNER_BOTTOM_RIGHT, flags);
        properties[PROP_COMPACT] = g_param_spec_boolean("compact", NULL, NULL, FALSE, flags);
        properties[PROP_ONLY_ON_ERROR] = g_param_spec_boolean("only-on-error", NULL, NULL, FALSE, flags);
        g_object_class_install_properties(object_class, N_PROPS, properties);

        gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
        gtk_widget_class_set_css_name(widget_class, "status-indicator");
        gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_STATUS);
        add_style();
}

GtkWidget *status_indicator_new(void)
{
        return g_object_new(STATUS_TYPE_INDICATOR, NULL);
}

void status_indicator_show(StatusIndicator *indicator, ReconfStatus status, const char *message)
{
        g_object_set(indicator, "status", status, "message", message, NULL);
}

static gboolean message_of_error(GBinding *binding, const GValue *from, GValue *to, void *unused)
{
        const GError *error = g_value_get_boxed(from);

        g_value_set_string(to, error ? error->message : NULL);
        return TRUE;
}

void status_indicator_follow(StatusIndicator *indicator, ReconfConfig *config)
{
        g_object_bind_property(config, "status", indicator, "status", G_BINDING_SYNC_CREATE);
        g_object_bind_property_full(config, "error", indicator, "message", G_BINDING_SYNC_CREATE,
                                    message_of_error, NULL, NULL, NULL);
}
