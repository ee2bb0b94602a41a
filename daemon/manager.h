/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Manager: the registry of configs and directories
 *
 * A config comes from a registration on the bus, from a drop-in, or from a directory, where it is one of
 * many. A drop-in wins over a registration of its name. The manager decides when configs that are due get
 * their turn: the higher priority first, one at a time, so that calls are answered in between.
 */
#pragma once

#include "daemon/config.h"
#include "daemon/settings.h"

/* A directory counts as one, and so does each of its members. */
#define MANAGER_MAX_CONFIGS_PER_USER 10000U

typedef struct Manager Manager;

/* What happens to configs that are announced: those whose registration was answered. */
typedef struct ManagerObserver {
        void (*added)(Config *config, void *userdata);
        void (*removed)(Config *config, void *userdata);
        void (*changed)(Config *config, const ConfigUpdate *update, void *userdata);
        void (*failed)(Config *config, const Failure *failure, bool is_public, void *userdata);
        void (*properties_changed)(Config *config, ConfigProperty properties, void *userdata);
        bool (*has_validators)(Config *config, void *userdata);
        void (*ask)(Config *config, const ConfigCandidate *candidate, ConfigAsked asked, void *operation,
                    void *userdata);
        void (*cancel_ask)(Config *config, void *userdata);
        /* The config's drop-in says something else now about programs. */
        void (*commands_changed)(Config *config, void *userdata);
        void (*hot_reload_changed)(void *userdata);
} ManagerObserver;

/* Opens the state; configs come with manager_start(). */
Failure *manager_new(sd_event *event, const Settings *settings, Manager **ret);
Manager *manager_free(Manager *manager);
void manager_set_observer(Manager *manager, const ManagerObserver *observer, void *userdata);
/* Takes up all drop-ins and registrations, and looks at their files; call it once everybody listens. */
void manager_start(Manager *manager);

/* config is NULL where there is a failure (borrowed). Told as ConfigDone is. */
typedef void (*ManagerRegistered)(Config *config, const Failure *failure, void *userdata);
/* configs is of Config; NULL where there is a failure. */
typedef void (*ManagerDirectoryRegistered)(const GPtrArray *configs, const Failure *failure, void *userdata);

void manager_register(Manager *manager, const char *name, char *const *files, GVariant *options,
                      const Author *author, ManagerRegistered done, void *userdata);
void manager_register_directory(Manager *manager, const char *name, const char *directory,
                                const char *pattern, GVariant *options, const Author *author,
                                ManagerDirectoryRegistered done, void *userdata);
/* A config or a directory with all its configs. */
Failure *manager_unregister(Manager *manager, const char *name, const Author *author);

/* NULL where there is none (announced). */
Config *manager_find(const Manager *manager, const char *name);
/* Announced configs in order of names, of Config, with references; with file, those that are made of that
 * file. */
GPtrArray *manager_list(const Manager *manager, const char *file);

/* Whether a directory of this name is registered: the files of its members, NULL-terminated, and its schema
 * or NULL, which is borrowed. */
bool manager_find_directory(const Manager *manager, const char *name, char ***ret_files,
                            const char **ret_schema);

/*
 * What clients do to a config that outlasts the process: as config_set_files(), config_rollback() and
 * config_set_hot_reload(), and the registration is saved with what they changed.
 */
void manager_set_files(Manager *manager, Config *config, char *const *files, const ConfigRequest *request);
void manager_rollback(Manager *manager, Config *config, uint64_t version, const ConfigRequest *request);
Failure *manager_set_config_hot_reload(Manager *manager, Config *config, bool hot_reload,
                                       const Author *author);
bool manager_hot_reload(const Manager *manager);
void manager_set_hot_reload(Manager *manager, bool hot_reload, const Author *author);

/* Clients of a config that keep it even when its file is gone from a directory. */
void manager_add_client(Manager *manager, Config *config);
void manager_remove_client(Manager *manager, Config *config);

/* The history, newest first, without bytes; of Version. */
Failure *manager_list_versions(Manager *manager, Config *config, GPtrArray **ret);
/* As config_set_label(). */
Failure *manager_set_label(Manager *manager, Config *config, uint64_t version, const char *label,
                           const Author *author);

/*
 * Who was not allowed to do something. config is what he called it, or "". All are counted in the
 * statistics, and recorded as audit-fold.h tells, by the minute.
 */
void manager_audit_denied(Manager *manager, const Author *author, AuditAction action, const char *config);
/* Who did what, as store_list_audit(). */
Failure *manager_list_audit(Manager *manager, const char *config, uint64_t since, unsigned most,
                            GPtrArray **ret);

/* True if nothing is watched and nothing is being done. */
bool manager_is_idle(const Manager *manager);
/* True from the beginning of manager_free(): what ends only then is not to be acted on. */
bool manager_is_stopping(const Manager *manager);
/* For jobs that keep the manager from being idle. */
Worker *manager_worker(const Manager *manager);

sd_event *manager_event(const Manager *manager);
const Settings *manager_settings(const Manager *manager);
const char *manager_epoch(const Manager *manager);
Statistics *manager_statistics(Manager *manager);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manager, manager_free)
