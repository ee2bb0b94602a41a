/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the manager, for the files that it is spread over
 *
 * manager.c holds the registry and the queues, manager-register.c answers registrations, manager-directory.c
 * keeps directories and their configs, manager-dropin.c follows the drop-ins, manager-audit.c records who
 * does what.
 */
#pragma once

#include "daemon/audit-fold.h"
#include "daemon/directory.h"
#include "daemon/dropin.h"
#include "daemon/manager.h"
#include "daemon/user-count.h"

typedef enum EntrySource {
        ENTRY_REGISTRATION,
        ENTRY_DROPIN,
        ENTRY_MEMBER, /* of a directory */
} EntrySource;

typedef struct ManagedDirectory ManagedDirectory;
typedef struct Registering Registering;

/* A config in the registry. */
typedef struct Entry {
        Config *config;
        EntrySource source;
        uid_t uid;                   /* whom it counts for: who registered it or its directory */
        char **dropin_files;         /* what the drop-in last said, if it is one's */
        Options *dropin_options;     /* likewise */
        ManagedDirectory *directory; /* of a member */
        Registering *registering;    /* those who wait for its first load; or NULL */
        bool loading;                /* a member's first load is under way */
        bool leaving;                /* everybody is being told that it goes */
        bool announced;
        unsigned clients;
        GSequenceIter *due; /* its place in the queue, or NULL */
        bool untidy;        /* store_tidy() is wanted */
} Entry;

struct ManagedDirectory {
        unsigned references; /* one of the registry, and one of each first load */
        Manager *manager;
        char *name;
        char *path;
        char *pattern;
        Options *options;
        ConfigCommands *commands; /* of its members; or NULL */
        EntrySource source;
        Directory *directory;
        uid_t uid; /* who registered it, whom it and its members count for */

        /* The first scan, whose end somebody may wait for. */
        Author author;
        bool scanned;
        unsigned loading;
        GQueue waiting; /* of whoever is to be told */
};

struct Manager {
        const Settings *settings;
        ConfigContext context;
        Statistics statistics;
        GHashTable *entries;     /* by name, of Entry */
        GHashTable *directories; /* by name, of ManagedDirectory */
        UserCount *by_user;      /* how many entries and directories */

        GSequence *due; /* of Entry */
        GQueue untidy;  /* of Entry */
        Worker *store_worker;
        bool store_is_busy; /* its log is being written back: what needs the store waits */
        uint64_t serial;
        sd_event_source *due_source;
        sd_event_source *tidy_source;

        GPtrArray *dropin_directories; /* of Directory */
        bool reading_dropins;          /* in a worker */
        bool read_dropins_again;       /* they have changed since */
        bool stopping;

        AuditFold *fold; /* of what failed or was denied */

        const ManagerObserver *observer;
        void *userdata;
};

/*
 * Records what somebody did, or failed to do. message is what he said, or NULL; failure (borrowed) is NULL
 * where all went well.
 */
void manager_audit(Manager *manager, const Author *author, AuditAction action, const char *config,
                   uint64_t version, const char *message, const Failure *failure);
/*
 * Into the store and the journal, unless too much of that came to nothing and it is only counted.
 * is_stored is true where the store has it already.
 */
void manager_record_audit(Manager *manager, const AuditEntry *entry, bool is_stored);
/* To be called before anything is recorded; returns 0 or a negative errno. */
int manager_begin_audit(Manager *manager);
/* Tells what was only counted. */
void manager_end_audit(Manager *manager);

Entry *manager_entry(const Manager *manager, const char *name);
/* NULL where the config was unregistered, even if another has its name by now. */
Entry *manager_entry_of(const Manager *manager, const Config *config);
/* FAILURE_LIMIT_EXCEEDED where that user has as many configs as one may have. */
Failure *manager_check_room(const Manager *manager, uid_t uid);
/* A new config in the registry, not yet started, which counts for that user. Takes the options. */
Failure *manager_add(Manager *manager, const char *name, char *const *files, Options *options,
                     EntrySource source, uid_t uid, Entry **ret);
/* It counts for somebody else from now on, whatever he has. */
void manager_set_uid(Manager *manager, Entry *entry, uid_t uid);
/* Takes it out again; announces that if its coming was announced. */
void manager_remove(Manager *manager, Entry *entry);
void manager_announce(Manager *manager, Entry *entry);

/*
 * Starts one that nobody waits for. It is announced whatever its files are: what fails shows as its state.
 */
void manager_start_config(Manager *manager, Entry *entry, Origin origin);

/* Writes down what is registered; nothing where it is not to outlast the process. */
Failure *manager_save_registration(Manager *manager, const Entry *entry);
/* A registration that the store has. */
void manager_restore(Manager *manager, const Registration *registration);

Failure *manager_add_directory(Manager *manager, const char *name, const char *path, const char *pattern,
                               Options *options, ConfigCommands *commands, EntrySource source,
                               const Author *author, ManagerDirectoryRegistered done, void *userdata);
void manager_remove_directory(Manager *manager, ManagedDirectory *directory);
/* Takes a ManagedDirectory that the registry lets go of. */
void managed_directory_end(void *directory);
/* A member whose file is gone and that nobody uses goes, too. */
void manager_drop_if_gone(Manager *manager, Entry *entry);
GPtrArray *manager_directory_members(const Manager *manager, const ManagedDirectory *directory);

/*
 * Reads all drop-ins and makes the registry agree, with what is registered in second place. At the start
 * this is done before it returns, unless a file system may hang.
 */
void manager_read_dropins(Manager *manager, Origin origin);
Failure *manager_watch_dropins(Manager *manager);
