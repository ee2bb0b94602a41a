/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a config, for the files that its operations are spread over
 *
 * config.c holds the object and listens to its files, config-operation.c runs one operation after the other,
 * config-reload.c, config-rollback.c and config-return.c are what they do, config-commit.c is the
 * transaction's end that they share; config-trial.c watches over what may still go back.
 */
#pragma once

#include "daemon/config.h"
#include "daemon/load.h"
#include "daemon/watch/debounce.h"
#include "daemon/write-back.h"

typedef struct Operation Operation;

/* That the active version may go back by itself. */
typedef struct Trial {
        uint64_t back;      /* where to; 0: there is no trial */
        Document *document; /* of that version */
        uint64_t deadline;  /* CLOCK_BOOTTIME, which no suspend stops, µs; 0: needs no confirmation */
        uint64_t shown;     /* the same as it was told, µs realtime */
        bool voting;        /* instances have yet to report */
        bool told;          /* everybody knows that an instance could not take it */
} Trial;

/* Begins the work; ends, now or later, in operation_finish(). */
typedef void (*OperationRun)(Operation *operation);

struct Operation {
        Config *config;
        OperationRun run;
        bool ended;       /* but for telling all who have yet to be told, */
        Failure *outcome; /* with this, or NULL */

        Origin origin;
        AuditAction action; /* what it is recorded as */
        Author author;
        char *message;
        bool has_confirm_ms;
        uint32_t confirm_ms;
        ConfigDone done;
        void *userdata;

        uint64_t event_time; /* what began it, µs monotonic; 0 where it was no file event */
        bool by_itself;      /* nobody asked for it, so it changes nothing where hot reload is off */
        bool resumes;        /* a rollback that a crash interrupted */
        uint64_t target;     /* version to go back to, or to confirm */
        uint64_t returns;    /* the version that goes back by itself; or 0 */
        uint64_t made;       /* the version that it has made, or kept as rejected; or 0 */
        uint64_t instead_of; /* another whose bytes the files of a return may hold; or 0 */
        bool mended;         /* what could not be written has been tried again */
        Failure *diverges;   /* why the files of a return could not be written */
        bool skips;          /* some files were saved by somebody else before a return */
        char **files;        /* or NULL: as they are */
        Options *options;    /* likewise */
        OperationRun asked;  /* what comes after operation_ask() */
        bool insist;         /* take files and options even if they cannot be loaded */
        GPtrArray *watches;  /* of Watch, on files */
        SchemaUse *schema;   /* of other options */
        Load *load;
        bool loading;     /* the load is under way */
        unsigned n_newer; /* newer saves that it gave way to */
        Version *adopted; /* that is being taken up */
        WriteBack *write_back;
        Failure *refused;      /* why the last good bytes are being written back */
        bool again;            /* and the same bytes were refused before */
        GPtrArray *candidates; /* of Version, to be looked through for one to go back to */
};

struct Config {
        unsigned references;
        const ConfigContext *context;
        char *name;
        char **files;
        Options *options;
        bool stopped;

        GPtrArray *watches;       /* of Watch */
        SchemaUse *schema;        /* NULL where the options name none */
        ConfigCommands *commands; /* or NULL */
        Debounce debounce;
        sd_event_source *timer;
        uint64_t event_time; /* the first event not acted on, µs monotonic; 0 none */

        Operation *running;
        bool asking;    /* the running operation waits for programs to look at its candidate */
        GQueue waiting; /* of Operation */
        unsigned holds; /* what has yet to be told before the running operation ends */
        bool starting;  /* the queue is being run */

        /* The active version */
        uint64_t version;
        uint64_t version_time;
        bool version_is_public;
        Document *document;
        GBytes *text; /* load_text() of what the document was made from */
        GArray *hashes;
        Schema *fits;           /* the schema that it was validated against, or NULL */
        ConfigCommands *passed; /* likewise for commands */
        int snapshot;           /* memfd, or -1 while nobody asked */

        uint64_t last_reload;
        bool files_are_public;
        bool pending;
        ConfigState files_state; /* CONFIG_ACTIVE, CONFIG_INVALID or CONFIG_MISSING */
        Failure *failure;
        bool failure_is_public; /* everybody may know it */

        Trial trial;
        sd_event_source *trial_timer;
        Origin return_origin; /* of a return that has to be tried again, */
        char *return_reason;  /* or NULL */
        GArray *returns;      /* of uint64_t, when it went back by itself, CLOCK_BOOTTIME, µs */
        bool suspended;
        Intent divergence; /* what the files should hold; number 0 where they do */

        /* What was last written over, to see it come again */
        GArray *reverted_hashes;
        uint64_t first_revert; /* µs, monotonic */
        unsigned n_reverts;
        uint64_t rejected;     /* its number in the history */
        GArray *failed_hashes; /* what was read when it failed, to tell of each failure once */
        Statistics statistics;
};

/* Queues an operation that takes over everything in it, and runs it when its turn comes, perhaps at once. */
void operation_submit(Operation *operation);
Operation *operation_new(Config *config, OperationRun run, const ConfigRequest *request);
/* Ends it: tells who did what, and whoever asked, frees it, runs the next. failure is taken. */
void operation_finish(Operation *operation, Failure *failure);
/* Runs the operation's load, here or in a worker, then next, unless the config was stopped meanwhile. */
void operation_load(Operation *operation, Load *load, OperationRun next);
/* The same for any job. small: here, now. */
void operation_work(Operation *operation, bool small, WorkerRun run, void *job, OperationRun next);

/* Ends the running one if it has nothing to do but to wait for what has yet to be told. */
void operation_end_held(Config *config);
/* Ends one, or all that wait for their turn, because the config goes. */
void operation_cancel(Operation *operation);
void operation_cancel_waiting(Config *config);

/* Whether the last good bytes are to be written over what an operation was refused for; then do it. Takes
 * the failure. */
bool config_reverts(const Config *config, const Operation *operation, const Failure *failure);
void operation_revert(Operation *operation, Failure *refused);
/* The files hold what is active again: nothing is wrong any longer. */
void config_settle(Config *config);

/* Has programs look at what the operation has loaded, if it differs; then next, with the load's failure set
 * if not. */
void operation_ask(Operation *operation, OperationRun next);

/* Has what programs or commands look at read again from the files. False where they look at nothing. */
bool operation_start_over(Config *config);
/*
 * The same for a newer save, which supersedes what they look at. False, too, where somebody waits for an
 * answer, or where that has happened so often that nothing would ever come of it: then it waits for its
 * turn.
 */
bool operation_give_way(Config *config);
/* Does the operation's work from the beginning, after a return that waits. */
void operation_repeat(Operation *operation);

/* Finishes a rollback that a crash interrupted. */
void config_resume_rollback(Config *config, uint64_t version);

/*
 * What a version made of the operation's load would be on trial for; back is 0 where it would not. The
 * document is borrowed.
 */
Trial operation_trial(const Operation *operation);
/* What to do at the next start if this one does not end it. */
Intent trial_intent(const Trial *trial, uint64_t instead_of);
/* What the files of a return that could not be written are still to hold. */
Intent operation_divergence(const Operation *operation);
/* The active version, just made, is on this trial or none. */
void config_take_trial(Config *config, const Trial *trial);
/* As config_take_trial() with none; nobody is told. */
void config_end_trial(Config *config);
/* Writes down what holds while no operation is under way. */
Failure *config_save_intent(Config *config);
/* The active version goes back by itself, and why. */
void config_return(Config *config, Origin origin, const char *reason);
/* Again in a while: what it went back to could not be had, or not recorded. */
void config_return_later(Config *config, Origin origin, const char *reason);
/* Counts a return, and suspends the config where there were too many. */
void config_note_return(Config *config);
/* File changes count again. */
Failure *config_resume(Config *config);
/* What a crash interrupted, from what was written down. */
void config_recover(Config *config);
/* Tries once more to write what a return could not; then the operation's own work. */
void operation_mend(Operation *operation);
/* The load's files and the way they are put together are to become the config's. */
Failure *operation_restore_recipe(Operation *operation);
uint64_t config_boottime(const Config *config);

/* Tells that the active version was confirmed by those who use it. */
void config_audit_confirmed(Config *config);

/* What operations do. */
void operation_reload(Operation *operation);
void operation_rollback(Operation *operation);
void operation_return(Operation *operation);

/*
 * The end of a transaction: makes what the operation has loaded the active version, or takes over its bytes
 * where the content is the same. from_version is what it goes back to, or 0.
 */
Failure *config_commit(Config *config, Operation *operation, uint64_t from_version);
/* The active version as the store has it, decoded; used once, at the start. */
void config_adopt(Config *config, const Version *version, Load *load);
/* Notes why a reload failed, and tells it unless it is what was told before. failure is copied. */
void config_report_failure(Config *config, const Operation *operation, const Failure *failure);

/* True if the files changed so lately that a writer may be in the middle; another look is then due by
 * itself. */
bool config_wait_until_still(Config *config);

/* Whether a look at the files, because they changed, waits for its turn. */
bool config_will_look(const Config *config);

/* Looks at the files again in a while, without a sign of change: the disk was full, say. */
void config_retry_later(Config *config);

/* Watches for a set of files, not yet the config's. */
Failure *config_watch_files(Config *config, char *const *files, const Options *options, GPtrArray **ret);
/* Files, options and watches of the operation, where it has any, become the config's. */
void config_take_files(Config *config, Operation *operation);
/* The use of the schema that the options name; *ret is NULL where they name none. */
Failure *config_use_schema(Config *config, const Options *options, SchemaUse **ret);
/* Has the document of the load fit that schema; use may be NULL. */
void config_load_with_schema(const Options *options, const SchemaUse *use, Load *load);
/* Sets up the debounce for the files and options that the config has now. */
void config_init_debounce(Config *config);

/* Tells the observer what is different from before. */
typedef struct ConfigFacts {
        ConfigState state;
        bool is_public;
        bool hot_reload;
        bool pending;
        uint64_t deadline;
} ConfigFacts;

ConfigFacts config_facts(const Config *config);
void config_tell_properties(Config *config, const ConfigFacts *before, ConfigProperty others);
