/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus.h"

#include "daemon/announcement.h"
#include "daemon/authority.h"
#include "daemon/failure-bus.h"
#include "daemon/kept-call.h"
#include "daemon/method.h"
#include "daemon/objects-bus.h"
#include "daemon/turns.h"
#include "introspection/names.h"

static void on_added(Config *config, void *userdata)
{
        Bus *bus = userdata;

        config_bus_added(config, bus);
        unit_reloads_update(bus->units, config);
}

static void on_removed(Config *config, void *userdata)
{
        Bus *bus = userdata;

        unit_reloads_remove_config(bus->units, config);
        instances_remove_config(bus->instances, config);
        config_bus_removed(config, bus);
        subscriptions_remove_config(bus->subscriptions, config);
        validators_remove_config(bus->validators, config);
}

static void on_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
        Bus *bus = userdata;

        config_bus_changed(config, update, bus);
        instances_take_update(bus->instances, config, update);
        unit_reloads_add_version(bus->units, config, update->version);
}

static void on_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
        Bus *bus = userdata;

        config_bus_properties_changed(config, properties, bus);
        if (properties & CONFIG_PROPERTY_PENDING)
                unit_reloads_look_again(bus->units, config);
}

static bool on_has_validators(Config *config, void *userdata)
{
        Bus *bus = userdata;

        return validators_has_any(bus->validators, config);
}

static void on_ask(Config *config, const ConfigCandidate *candidate, ConfigAsked asked, void *operation,
                   void *userdata)
{
        Bus *bus = userdata;

        validators_ask(bus->validators, config, candidate, asked, operation);
}

static void on_cancel_ask(Config *config, void *userdata)
{
        Bus *bus = userdata;

        validators_cancel(bus->validators, config);
}

static void on_commands_changed(Config *config, void *userdata)
{
        Bus *bus = userdata;

        unit_reloads_update(bus->units, config);
}

/*
 * As many calls again may be under way. Nobody on the system bus has more answers to come than it lets a
 * connection wait for, which is 128.
 */
static const TurnsLimits system_limits = { .per_connection = 256, .per_user = 8192 };
static const TurnsLimits session_limits = { .per_connection = 4096, .per_user = 16384 };

static uid_t find_user(const char *name, void *userdata)
{
        const Bus *bus = userdata;

        return callers_find_uid(bus->callers, name);
}

static bool is_asking(const char *name, void *userdata)
{
        const Bus *bus = userdata;

        return callers_is_asking(bus->callers, name);
}

static const TurnsHandler turns_handler = {
        .serve = method_serve,
        .find_user = find_user,
        .must_stop = is_asking,
};

static void on_caller_asked(const char *name, void *userdata)
{
        Bus *bus = userdata;

        if (bus->turns)
                turns_resume(bus->turns, name);
}

static const ManagerObserver observer = {
        .added = on_added,
        .removed = on_removed,
        .changed = on_changed,
        .failed = config_bus_failed,
        .properties_changed = on_properties_changed,
        .has_validators = on_has_validators,
        .ask = on_ask,
        .cancel_ask = on_cancel_ask,
        .commands_changed = on_commands_changed,
        .hot_reload_changed = manager_bus_hot_reload_changed,
};

int bus_new(sd_bus *connection, Manager *manager, Bus **ret)
{
        bool is_system = manager_settings(manager)->scope == SCOPE_SYSTEM;
        const TurnsLimits *limits = is_system ? &system_limits : &session_limits;
        g_autoptr(Bus) bus = g_new0(Bus, 1);
        int r;

        bus->bus = sd_bus_ref(connection);
        bus->manager = manager;
        bus->peers = peers_new(connection);
        bus->kept_calls = kept_calls_new(limits->per_user);
        bus->callers = callers_new(bus->peers, is_system, on_caller_asked, bus);
        bus->authority = authority_new(bus);
        bus->subscriptions = subscriptions_new(bus->peers, manager);
        bus->announcements = announcements_new(bus);
        bus->validators = validators_new(bus);
        bus->instances = instances_new(bus->peers, manager, &instance_bus_observer, bus);
        bus->units = unit_reloads_new(connection, manager_event(manager), manager_settings(manager)->scope,
                                      bus->instances);
        manager_set_observer(manager, &observer, bus);

        r = turns_new(connection, manager_event(manager), limits, &turns_handler, bus, &bus->turns);
        if (r >= 0)
                r = sd_bus_add_filter(connection, NULL, objects_bus_filter, bus);
        if (r >= 0)
                r = sd_bus_add_object_manager(connection, NULL, RECONF_MANAGER_PATH);
        if (r >= 0)
                r = manager_bus_export(bus);
        if (r >= 0)
                r = config_bus_export(bus);
        if (r >= 0)
                r = instance_bus_export(bus);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&bus);
        return 0;
}

Bus *bus_free(Bus *bus)
{
        if (!bus)
                return NULL;

        bus->turns = turns_free(bus->turns);
        authority_free(bus->authority);
        callers_free(bus->callers);
        announcements_free(bus->announcements);
        subscriptions_free(bus->subscriptions);
        validators_free(bus->validators);
        unit_reloads_free(bus->units);
        instances_free(bus->instances);
        peers_free(bus->peers);
        kept_calls_free(bus->kept_calls);
        sd_bus_unref(bus->bus);
        g_free(bus);
        return NULL;
}

bool bus_is_busy(const Bus *bus)
{
        return turns_is_busy(bus->turns) || authority_is_busy(bus->authority);
}

void bus_reply_version(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;

        /* One that cannot be answered has left. */
        if (failure)
                (void) failure_bus_reply(call->message, failure);
        else
                (void) sd_bus_reply_method_return(call->message, "t", version);
}

static int append_failures(sd_bus_message *m, const Statistics *statistics)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "failures");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{st}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{st}");
        for (FailureStage stage = FAILURE_STAGE_NONE + 1; stage < N_FAILURE_STAGES && r >= 0; stage++)
                r = sd_bus_message_append(m, "{st}", failure_stage_to_string(stage),
                                          statistics->failures[stage]);
        for (unsigned open = 3; open > 0 && r >= 0; open--)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_statistics(sd_bus_message *m, const Statistics *statistics, const BusCounts *counts)
{
        /* clang-format off */
        int r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                      "configs", "t", counts->configs,
                                      "denials", "t", statistics->denials,
                                      "file-events", "t", statistics->file_events,
                                      "instances", "t", counts->instances,
                                      "reloads", "t", statistics->reloads,
                                      "rollbacks", "t", statistics->rollbacks,
                                      "signals", "t", statistics->signals,
                                      "subscribers", "t", counts->subscribers,
                                      "unchanged", "t", statistics->unchanged,
                                      "uptime-us", "t", (uint64_t) g_get_monotonic_time() - statistics->since);

        if (r >= 0)
                r = append_failures(m, statistics);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "latency-us", "a{sd}", 4,
                                          "p50", statistics_get_latency(statistics, 0.5),
                                          "p90", statistics_get_latency(statistics, 0.9),
                                          "p99", statistics_get_latency(statistics, 0.99),
                                          "max", statistics_get_latency(statistics, 1));
        /* clang-format on */
        return r;
}

int bus_reply_statistics(sd_bus_message *call, const Statistics *statistics, const BusCounts *counts)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = append_statistics(reply, statistics, counts);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
