/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetVersionHistory, Label: the versions of a config, and their names
 */
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"

/* A message may say what the version is about. */
static int append_version_details(sd_bus_message *m, const Version *version, bool is_known)
{
        const Author *author = &version->author;
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "public", "b", (int) version->is_public, "size",
                                          "t", version->size);
        if (r >= 0 && author->uid != (uid_t) -1)
                r = sd_bus_message_append(m, "{sv}", "uid", "u", (uint32_t) author->uid);
        if (r >= 0 && author->pid > 0)
                r = sd_bus_message_append(m, "{sv}", "pid", "u", (uint32_t) author->pid);
        if (r >= 0 && author->unit)
                r = sd_bus_message_append(m, "{sv}", "unit", "s", author->unit);
        if (r >= 0 && version->message && is_known)
                r = sd_bus_message_append(m, "{sv}", "message", "s", version->message);
        if (r >= 0 && version->label)
                r = sd_bus_message_append(m, "{sv}", "label", "s", version->label);
        if (r >= 0 && version->from_version > 0)
                r = sd_bus_message_append(m, "{sv}", "from-version", "t", version->from_version);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_version(sd_bus_message *m, const Version *version, bool is_known)
{
        int r = sd_bus_message_open_container(m, 'r', "ttsssa{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "ttsss", version->number, version->time,
                                          origin_to_string(version->origin), is_known ? version->digest : "",
                                          version_state_to_string(version->state));
        if (r >= 0)
                r = append_version_details(m, version, is_known);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* A digest is made of values, and some can be guessed. */
static bool may_know(const Caller *caller, const Config *config, const Version *version)
{
        return version->is_public ||
               caller->reach >= (version->number == config_version(config) ? REACH_ACTIVE : REACH_ALL);
}

int config_bus_reply_history(Bus *bus, Config *config, const Caller *caller, sd_bus_message *call,
                             sd_bus_error *error)
{
        g_autoptr(GPtrArray) versions = NULL;
        Failure *failure = manager_list_versions(bus->manager, config, &versions);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        if (failure)
                return failure_bus_take_error(error, failure);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ttsssa{sv})");
        for (guint i = 0; i < versions->len && r >= 0; i++)
                r = append_version(reply, g_ptr_array_index(versions, i),
                                   may_know(caller, config, g_ptr_array_index(versions, i)));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int config_bus_method_get_version_history(sd_bus_message *m, const Caller *caller, void *userdata,
                                          sd_bus_error *error)
{
        Config *config;
        Failure *failure = config_bus_find_called(m, userdata, &config);

        return failure ? failure_bus_take_error(error, failure)
                       : config_bus_reply_history(userdata, config, caller, m, error);
}

int config_bus_method_label(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        Failure *failure;
        const char *text;
        uint64_t version;
        Config *config;
        int r;

        r = sd_bus_message_read(m, "ts", &version, &text);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure)
                failure = manager_set_label(bus->manager, config, version, text, &caller->author);
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}
