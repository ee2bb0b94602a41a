/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/unit-state.h"

typedef enum Property {
        PROPERTY_LOAD,
        PROPERTY_ACTIVE,
        PROPERTY_SUB,
        PROPERTY_PID,
        PROPERTY_STARTED,
        N_PROPERTIES,
} Property;

static const struct {
        const char *interface, *name;
} properties[N_PROPERTIES] = {
        [PROPERTY_LOAD] = { SYSTEMD_UNIT_INTERFACE, "LoadState" },
        [PROPERTY_ACTIVE] = { SYSTEMD_UNIT_INTERFACE, "ActiveState" },
        [PROPERTY_SUB] = { SYSTEMD_UNIT_INTERFACE, "SubState" },
        [PROPERTY_PID] = { SYSTEMD_SERVICE_INTERFACE, "MainPID" },
        [PROPERTY_STARTED] = { SYSTEMD_SERVICE_INTERFACE, "ExecMainStartTimestamp" },
};

struct UnitQuery {
        UnitState state;
        sd_bus_slot *slots[N_PROPERTIES];
        Property next; /* to be answered: the answers come in order */
        UnitStateDone done;
        void *userdata;
};

static int read_string(sd_bus_message *reply, char **ret)
{
        const char *text;
        int r = sd_bus_message_read(reply, "v", "s", &text);

        if (r > 0)
                *ret = g_strdup(text);
        return r;
}

static int read_property(UnitState *state, Property property, sd_bus_message *reply)
{
        switch (property) {
        case PROPERTY_LOAD:
                return read_string(reply, &state->load);
        case PROPERTY_ACTIVE:
                return read_string(reply, &state->active);
        case PROPERTY_SUB:
                return read_string(reply, &state->sub);
        case PROPERTY_PID:
                return sd_bus_message_read(reply, "v", "u", &state->pid);
        default:
                return sd_bus_message_read(reply, "v", "t", &state->started);
        }
}

static void forget(UnitQuery *query)
{
        for (Property i = 0; i < N_PROPERTIES; i++)
                query->slots[i] = sd_bus_slot_unref(query->slots[i]);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
        static const sd_bus_error bad_answer = SD_BUS_ERROR_MAKE_CONST(
                        SD_BUS_ERROR_INVALID_SIGNATURE,
                        "a property of the unit is not of the type that it should be");
        UnitQuery *query = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        if (!error && read_property(&query->state, query->next, reply) <= 0)
                error = &bad_answer;
        if (error)
                forget(query);
        if (error || ++query->next == N_PROPERTIES)
                query->done(error ? NULL : &query->state, error, query->userdata);
        return 0;
}

int unit_query_new(Systemd *systemd, const char *path, UnitStateDone done, void *userdata, UnitQuery **ret)
{
        UnitQuery *query = g_new(UnitQuery, 1);
        int r = 0;

        *query = (UnitQuery){ .done = done, .userdata = userdata };
        for (Property i = 0; r >= 0 && i < N_PROPERTIES; i++)
                r = systemd_call(systemd, &query->slots[i], path, "org.freedesktop.DBus.Properties", "Get",
                                 on_answer, query, properties[i].interface, properties[i].name, NULL);
        if (r < 0) {
                unit_query_free(query);
                return r;
        }
        *ret = query;
        return 0;
}

UnitQuery *unit_query_free(UnitQuery *query)
{
        if (!query)
                return NULL;

        forget(query);
        g_free(query->state.load);
        g_free(query->state.active);
        g_free(query->state.sub);
        g_free(query);
        return NULL;
}

bool unit_state_is_down(const UnitState *state)
{
        return g_str_equal(state->active, "inactive") || g_str_equal(state->active, "failed") ||
               g_str_equal(state->active, "deactivating");
}

bool unit_state_is_between_starts(const UnitState *state)
{
        return g_str_equal(state->active, "activating") && g_str_has_prefix(state->sub, "auto-restart");
}
