/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Config: one watched config and the transaction that changes it
 *
 * A config has an active version or none yet. Whatever is to change it is an operation: a reload, a
 * rollback, another set of files. Operations of one config run one after the other; each builds everything
 * aside (in a worker where that may take long), records the new version, swaps a pointer, and only then
 * tells its observer. An operation that fails leaves version, document and watches as they were.
 *
 * A config knows neither the bus nor the log: its observer does.
 */
#pragma once

#include "daemon/config-commands.h"
#include "daemon/credentials.h"
#include "daemon/model/changes.h"
#include "daemon/model/document.h"
#include "daemon/options.h"
#include "daemon/schema-cache.h"
#include "daemon/statistics.h"
#include "daemon/store/store.h"
#include "daemon/watch/watcher.h"
#include "daemon/worker.h"

typedef struct Config Config;

typedef enum ConfigState {
        CONFIG_ACTIVE,
        CONFIG_INVALID,     /* the files fail; the last good version stays active */
        CONFIG_MISSING,     /* a file is gone; likewise */
        CONFIG_UNCONFIRMED, /* goes back by itself unless it is confirmed in time */
        CONFIG_SUSPENDED, /* went back by itself too often; file changes wait for a reload that is asked for
                           */
        CONFIG_DIVERGED,  /* went back by itself, but the files could not be written */
        N_CONFIG_STATES,
} ConfigState;

/* Properties that announce their changes. */
typedef enum ConfigProperty {
        CONFIG_PROPERTY_FILES = 1 << 0,
        CONFIG_PROPERTY_FORMAT = 1 << 1,
        CONFIG_PROPERTY_STATE = 1 << 2,
        CONFIG_PROPERTY_PUBLIC = 1 << 3,
        CONFIG_PROPERTY_HOT_RELOAD = 1 << 4,
        CONFIG_PROPERTY_PENDING = 1 << 5,
        CONFIG_PROPERTY_OPTIONS = 1 << 6,
        CONFIG_PROPERTY_SCHEMA = 1 << 7,
        CONFIG_PROPERTY_CONFIRM_DEADLINE = 1 << 8,
} ConfigProperty;

/* A new version that has just become active. */
typedef struct ConfigUpdate {
        uint64_t version;
        uint64_t previous; /* 0 where there was none */
        uint64_t time;     /* µs, realtime */
        Origin origin;
        const Author *author;
        const char *message; /* or NULL */
        Changes *changes;
        GPtrArray *files;   /* of char *, those whose bytes changed */
        GPtrArray *restart; /* of char *, paths that changed and that the schema marks as needing a restart
                             */
        bool is_public;     /* both versions, and the files when they were read */
        bool previous_is_public;
} ConfigUpdate;

/* A version that is about to be made. */
typedef struct ConfigCandidate {
        uint64_t version; /* the number it will have, unless another takes it first */
        Changes *changes;
        Document *document;
        bool is_public;     /* it, and the active version */
        char *const *files; /* that it is made of */
} ConfigCandidate;

/* The answer of all who were asked, at once or later: failure (taken) is NULL where nobody objects. */
typedef void (*ConfigAsked)(void *operation, Failure *failure);

/* Called in the order in which things happen, before the operation's own end is told. */
typedef struct ConfigObserver {
        /* Files may have changed and config_run_due() is wanted soon. */
        void (*due)(Config *config, void *userdata);
        void (*changed)(Config *config, const ConfigUpdate *update, void *userdata);
        void (*failed)(Config *config, const Failure *failure, bool is_public, void *userdata);
        void (*properties_changed)(Config *config, ConfigProperty properties, void *userdata);
        /* Whether any program wants to be asked. */
        bool (*has_validators)(Config *config, void *userdata);
        /* Has programs look at a candidate; asked is called exactly once unless that is cancelled before. */
        void (*ask)(Config *config, const ConfigCandidate *candidate, ConfigAsked asked, void *operation,
                    void *userdata);
        void (*cancel_ask)(Config *config, void *userdata);
        /* What was done, or failed, and who asked for it; recorded: the store has it, together with the
         * version that it made. */
        void (*audited)(Config *config, const AuditEntry *entry, bool recorded, void *userdata);
} ConfigObserver;

/*
 * For an observer that is being told and takes time to tell others: until it lets go as often, the operation
 * that it is told of does not end, and the next one does not begin. Nothing holds a config that was stopped.
 */
void config_hold(Config *config);
void config_let_go(Config *config);

/* What all configs of a daemon share. */
typedef struct ConfigContext {
        sd_event *event;
        Store *store;
        Watcher *watcher;
        SchemaCache *schemas;
        Worker *worker;
        Statistics *statistics;
        bool hot_reload;             /* for configs with no setting of their own */
        unsigned return_limit;       /* so many returns … */
        uint64_t return_period_usec; /* … within this suspend a config */
        const ConfigObserver *observer;
        void *userdata;
} ConfigContext;

/*
 * How an operation ended: version is the one active afterwards, failure (borrowed) NULL when all went well.
 * Called exactly once for each, perhaps before the call that began it returns.
 */
typedef void (*ConfigDone)(Config *config, uint64_t version, const Failure *failure, void *userdata);

/* Who asks for what. */
typedef struct ConfigRequest {
        Origin origin;
        Author author;              /* unit is borrowed */
        const char *message;        /* or NULL */
        const uint32_t *confirm_ms; /* how long a new version waits to be confirmed; NULL: as the options say
                                     */
        ConfigDone done;            /* or NULL */
        void *userdata;
} ConfigRequest;

const char *config_state_to_string(ConfigState state);

/* Checks a config's name, and what it is made of: absolute, no file twice, each of a format that is known,
 * or that there is a command for (commands may be NULL). */
Failure *config_check_name(const char *name);
Failure *config_check_files(char *const *files, const Options *options, const ConfigCommands *commands);

/* Takes the options. context must outlive the config. */
Config *config_new(const ConfigContext *context, const char *name, char *const *files, Options *options);
Config *config_ref(Config *config);
Config *config_unref(Config *config);
/* Ends all operations with FAILURE_NO_SUCH_CONFIG and forgets the files; the object remains for who holds
 * it. */
void config_stop(Config *config);

/*
 * Takes up the version that the store has as active, if it has one; then looks at the files as they are now,
 * as an operation. A rollback that a crash interrupted is finished first.
 */
void config_start(Config *config, const ConfigRequest *request);
/* True while it is empty only because a command is still at work, or something that a crash left is mended.
 */
bool config_is_starting(const Config *config);
/* Looks at the files after observer.due. */
void config_run_due(Config *config);

void config_reload(Config *config, const ConfigRequest *request);
/* To a version of the history; 0 is the newest before the active that differs and was not itself rolled
 * back. */
void config_rollback(Config *config, uint64_t version, const ConfigRequest *request);
/*
 * The version on trial stays (FAILURE_NOT_UNCONFIRMED where it waits for no confirmation), or gets so much
 * time from now on.
 */
void config_confirm(Config *config, uint64_t version, const ConfigRequest *request);
void config_extend_confirm(Config *config, uint64_t version, uint32_t ms, const ConfigRequest *request);

/*
 * What instances with a vote say of a version; nothing where it is not active any longer. All of them, one
 * at least, have applied it: it is confirmed where confirm-by says so.
 */
void config_accept(Config *config, uint64_t version);
/* One could not: it goes back where on-failure says so. reason is for people. */
void config_reject(Config *config, uint64_t version, const char *reason);
/* Nobody is waited for any longer, and nobody objected. */
void config_end_vote(Config *config, uint64_t version);

/*
 * Other files and other options (each may be NULL: as they are) under the same history. Where insist is set,
 * they are taken even if the files cannot be loaded now.
 */
void config_set_files(Config *config, char *const *files, const Options *options, bool insist,
                      const ConfigRequest *request);
/* Other commands, or NULL for none: what is loaded from now on goes through them, whatever it was found to
 * be before. */
void config_set_commands(Config *config, ConfigCommands *commands);
/* The config's own setting. */
void config_set_hot_reload(Config *config, bool hot_reload);
/* The context's setting has changed. */
void config_update_hot_reload(Config *config);

const char *config_name(const Config *config);
char *const *config_files(const Config *config);
const Options *config_options(const Config *config);
/* Or NULL. */
const ConfigCommands *config_commands(const Config *config);
/* The base's format. */
Format config_format(const Config *config);
ConfigState config_state(const Config *config);
bool config_is_public(const Config *config);
bool config_hot_reload(const Config *config);
bool config_is_pending(const Config *config);
/* True while the active version may still go back by itself. */
bool config_is_on_trial(const Config *config);
/* When the active version goes back unless it is confirmed, µs realtime; 0 where it does not. */
uint64_t config_confirm_deadline(const Config *config);
uint64_t config_version(const Config *config);
/* When the active version was made, and when files were last loaded without failure; µs, realtime; 0 never.
 */
uint64_t config_version_time(const Config *config);
uint64_t config_last_reload(const Config *config);
/* The active version's content, or NULL where there is none yet. */
Document *config_document(const Config *config);
/* What the last reload failed with, or NULL. */
const Failure *config_failure(const Config *config);
Statistics *config_statistics(Config *config);

/* What became of a wish for a document; both NULL where there is no such version. */
typedef void (*ConfigDocumentDone)(Config *config, Document *document, const Failure *failure,
                                   void *userdata);
/* The content of any version in the history; 0 is the active one. Told as ConfigDone is. */
void config_get_document(Config *config, uint64_t version, ConfigDocumentDone done, void *userdata);

/* For questions about access. Whether all could read the files when the active version was made. */
bool config_version_is_public(const Config *config);
/* Of Hash, what load_hash() gives for each file that the active version was made of; NULL where unknown. */
GArray *config_hashes(const Config *config);
/* Whether everybody may know why the files fail, which tells what they held; and of what they held it is. */
bool config_failure_is_public(const Config *config);
GArray *config_failed_hashes(const Config *config);
/* True where the files lie where a look at them may hang. */
bool config_may_hang(const Config *config);
/* True where they are read sooner than a worker is asked to; touches their status. */
bool config_is_small(const Config *config);
/* Whether everybody may read the files, at this moment; where a look may hang, when they were last read. */
bool config_ask_public(const Config *config);
/* As store_list_files(). */
Failure *config_list_files(Config *config, uint64_t number, char ***ret_files, bool *ret_public);

/* Names a version of the history, or takes its name away, as store_set_label(). */
Failure *config_set_label(Config *config, uint64_t version, const char *label);

/* failure (borrowed) is NULL where the content is good. Told as ConfigDone is. */
typedef void (*ConfigValidated)(Config *config, const Failure *failure, void *userdata);
/*
 * What this content would be as the config's base file; changes nothing. FORMAT_NONE is the base's own.
 * Where it is somebody else's than ours, credentials are his, and the config's commands look at it as him;
 * else NULL, and they do as the files' owners.
 */
void config_validate(Config *config, Format format, GBytes *content, const Credentials *credentials,
                     ConfigValidated done, void *userdata);

/* fd is of a sealed memfd, opened anew for reading and closed after the call; or negative errno. */
typedef void (*ConfigSnapshotDone)(Config *config, uint64_t version, int fd, void *userdata);
/* The active version's content, which must be there, as one serialized value. Told as ConfigDone is. */
void config_get_snapshot(Config *config, ConfigSnapshotDone done, void *userdata);

/* What can wait until everybody was told. */
Failure *config_tidy(Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_unref)
