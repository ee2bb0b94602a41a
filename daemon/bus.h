/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bus: the manager's and the configs' objects on one connection
 */
#pragma once

#include "daemon/bus-cleanup.h"
#include "daemon/instance.h"
#include "daemon/manager.h"
#include "daemon/subscription.h"
#include "daemon/unit-reload.h"
#include "daemon/validator.h"

#include <systemd/sd-bus.h>

typedef struct Announcements Announcements;
typedef struct Authority Authority;
typedef struct Callers Callers;
typedef struct KeptCall KeptCall;
typedef struct KeptCalls KeptCalls;
typedef struct Turns Turns;

typedef struct Bus {
        sd_bus *bus;
        Manager *manager;
        Peers *peers;
        Callers *callers;
        KeptCalls *kept_calls;
        Turns *turns;
        Authority *authority;
        Subscriptions *subscriptions;
        Announcements *announcements;
        Validators *validators;
        Instances *instances;
        UnitReloads *units;
} Bus;

/* Exports all objects on an open connection and listens to the manager; negative errno. */
int bus_new(sd_bus *connection, Manager *manager, Bus **ret);
Bus *bus_free(Bus *bus);
/* True while calls wait for their turn, or somebody's answer. */
bool bus_is_busy(const Bus *bus);

/* The interfaces, each in its own file. */
int manager_bus_export(Bus *bus);
int config_bus_export(Bus *bus);
int instance_bus_export(Bus *bus);

/* The config's object path. */
char *config_bus_path(const Config *config);

/* What a listener of the manager has to send out. */
void config_bus_added(Config *config, void *bus);
void config_bus_removed(Config *config, void *bus);
void config_bus_changed(Config *config, const ConfigUpdate *update, void *bus);
void config_bus_failed(Config *config, const Failure *failure, bool is_public, void *bus);
void config_bus_properties_changed(Config *config, ConfigProperty properties, void *bus);
void manager_bus_hot_reload_changed(void *bus);
/* Likewise of the instances. */
extern const InstanceObserver instance_bus_observer;

/*
 * ConfigChanged for one client alone, from a version that it had before; changes is NULL where that is not
 * known any longer. Negative errno.
 */
int config_bus_send_again(Bus *bus, Config *config, const char *client, uint64_t previous,
                          const Changes *changes);

/* What Manager and Config have in common: the same question by name and by object. Take the call. */
int config_bus_reload(Config *config, const uint32_t *confirm_ms, KeptCall *call, const Author *author);
int config_bus_rollback(Bus *bus, Config *config, uint64_t version, const char *message,
                        const uint32_t *confirm_ms, KeptCall *call, const Author *author);
/* How many there are of what the statistics are about. */
typedef struct BusCounts {
        uint64_t configs;
        uint64_t instances;
        uint64_t subscribers;
} BusCounts;

int bus_reply_statistics(sd_bus_message *call, const Statistics *statistics, const BusCounts *counts);
/* The number of a call's own promise, when that is kept: a ConfigDone whose userdata is the KeptCall. */
void bus_reply_version(Config *config, uint64_t version, const Failure *failure, void *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)
