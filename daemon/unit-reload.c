/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/unit-reload.h"

#include "daemon/log.h"
#include "daemon/unit-job.h"
#include "daemon/unit-state.h"

#define NOT_RUNNING "not running"

typedef struct Unit Unit;

/* A config that has a unit. Versions are 0 for none. */
typedef struct Use {
        Unit *unit;
        Config *config;
        Instance *instance;
        ReloadMode mode;
        uint64_t wanted;   /* waits for a job */
        uint64_t refused;  /* was reported as failed, as it could not be read */
        uint64_t asked;    /* the job under way is for it */
        uint64_t covered;  /* the job under way is for others, but has it read, too */
        uint64_t reported; /* what a job made of it is known */
        uint64_t applied;
        uint64_t seen_off; /* was active while the unit was not running */
} Use;

struct Unit {
        UnitReloads *owner;
        char *name;
        char *path;
        GPtrArray *uses; /* of Use; borrowed */
        UnitJob *job;
        UnitQuery *query;
        bool was_taken_down;
        bool reporting; /* while that may do anything to configs */
};

struct UnitReloads {
        sd_bus *bus;
        sd_event *event;
        Scope scope;
        Instances *instances;
        Systemd *systemd;  /* while there are units */
        GHashTable *units; /* by name, of Unit */
        GHashTable *uses;  /* by Config, of Use */
};

static void release_unit(void *data)
{
        Unit *unit = data;

        unit_job_free(unit->job);
        unit_query_free(unit->query);
        g_ptr_array_unref(unit->uses);
        g_free(unit->name);
        g_free(unit->path);
        g_free(unit);
}

UnitReloads *unit_reloads_new(sd_bus *bus, sd_event *event, Scope scope, Instances *instances)
{
        UnitReloads *reloads = g_new(UnitReloads, 1);

        *reloads = (UnitReloads){
                .bus = bus,
                .event = event,
                .scope = scope,
                .instances = instances,
                .units = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, release_unit),
                .uses = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        };
        return reloads;
}

UnitReloads *unit_reloads_free(UnitReloads *reloads)
{
        if (!reloads)
                return NULL;

        g_hash_table_unref(reloads->uses);
        g_hash_table_unref(reloads->units);
        systemd_free(reloads->systemd);
        g_free(reloads);
        return NULL;
}

static void begin(Unit *unit);

/* What is known of the unit */

static void report(const Use *use, uint64_t version, InstanceStatus status, const char *message)
{
        /* A version that is no longer in the history needs no report. */
        g_autoptr(Failure) failure = NULL;

        if (status == INSTANCE_STATUS_FAILED)
                log_config(G_LOG_LEVEL_WARNING, config_name(use->config),
                           "%s: %s on version %" G_GUINT64_FORMAT ": %s", config_name(use->config),
                           use->unit->name, version, message);
        failure = instance_report(use->instance, version, status, message);
}

static void release_if_unused(Unit *unit)
{
        UnitReloads *reloads = unit->owner;

        if (unit->uses->len > 0 || unit->reporting)
                return;
        g_hash_table_remove(reloads->units, unit->name);
        if (g_hash_table_size(reloads->units) == 0)
                reloads->systemd = systemd_free(reloads->systemd);
}

/* What its state says about the active version, where no job does. False where that is no news. */
static bool take_stock(Use *use, bool is_off, uint64_t started)
{
        uint64_t version = config_version(use->config);

        /* Only files that hold the active version tell what somebody has read. */
        if (version == 0 || use->reported == version || use->wanted > 0 || use->asked > 0 ||
            config_is_pending(use->config))
                return false;
        if (is_off && use->seen_off != version) {
                use->seen_off = version;
                report(use, version, INSTANCE_STATUS_APPLIED, NOT_RUNNING);
                return true;
        }
        if (is_off || started < config_version_time(use->config))
                return false;
        use->reported = version;
        use->applied = version;
        report(use, version, INSTANCE_STATUS_APPLIED, NULL);
        return true;
}

static bool take_stock_of_one(const Unit *unit, bool is_off, uint64_t started)
{
        for (guint i = 0; i < unit->uses->len; i++)
                if (take_stock(g_ptr_array_index(unit->uses, i), is_off, started))
                        return true;
        return false;
}

static void on_looked(const UnitState *state, const sd_bus_error *error, void *userdata)
{
        Unit *unit = userdata;
        bool is_off;
        uint64_t started;

        /* Where there is no manager now, there was nothing that it should have done. */
        if (!state) {
                unit->query = unit_query_free(unit->query);
                return;
        }
        is_off = unit_state_is_down(state);
        started = state->pid > 0 ? state->started : 0;
        for (guint i = 0; i < unit->uses->len; i++)
                instance_set_process(((Use *) g_ptr_array_index(unit->uses, i))->instance,
                                     (pid_t) state->pid);
        unit->query = unit_query_free(unit->query);

        unit->reporting = true;
        while (take_stock_of_one(unit, is_off, started))
                ;
        unit->reporting = false;
        begin(unit);
        release_if_unused(unit);
}

static void look(Unit *unit)
{
        int r;

        unit->query = unit_query_free(unit->query);
        r = unit_query_new(unit->owner->systemd, unit->path, on_looked, unit, &unit->query);
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, NULL, "Failed to ask about %s, ignoring: %s", unit->name,
                           g_strerror(-r));
}

/* What it is asked to do */

/* What a job that is over was for, and the version; NULL when that was all. */
static Use *take_asked(const Unit *unit, bool is_done, uint64_t *ret_version)
{
        for (guint i = 0; i < unit->uses->len; i++) {
                Use *use = g_ptr_array_index(unit->uses, i);

                *ret_version = use->asked > 0 || !is_done ? use->asked : use->covered;
                use->asked = 0;
                use->covered = 0;
                if (*ret_version > 0)
                        return use;
        }
        return NULL;
}

static void note_end(Use *use, uint64_t version, UnitJobEnd end)
{
        use->reported = end == UNIT_JOB_NOT_RUNNING ? 0 : version;
        use->applied = end == UNIT_JOB_DONE ? version : 0;
        use->seen_off = end == UNIT_JOB_NOT_RUNNING ? version : 0;
}

static void on_job_done(UnitJobEnd end, const char *told, void *userdata)
{
        Unit *unit = userdata;
        g_autofree char *message = g_strdup(end == UNIT_JOB_NOT_RUNNING ? NOT_RUNNING : told);
        bool is_good = end == UNIT_JOB_DONE || end == UNIT_JOB_NOT_RUNNING;
        uint64_t version;
        Use *use;

        unit->job = unit_job_free(unit->job);
        unit->was_taken_down = end == UNIT_JOB_TOOK_DOWN;
        unit->reporting = true;
        while ((use = take_asked(unit, end == UNIT_JOB_DONE, &version))) {
                note_end(use, version, end);
                report(use, version, is_good ? INSTANCE_STATUS_APPLIED : INSTANCE_STATUS_FAILED, message);
        }
        unit->reporting = false;
        begin(unit);
        if (unit->uses->len > 0)
                look(unit);
        release_if_unused(unit);
}

static Use *find_wanted(const Unit *unit, bool unless_refused)
{
        for (guint i = 0; i < unit->uses->len; i++) {
                Use *use = g_ptr_array_index(unit->uses, i);

                if (use->wanted > 0 && !(unless_refused && use->refused == use->wanted))
                        return use;
        }
        return NULL;
}

/* The first config whose files are not to be read now. */
static const Config *find_pending(const Unit *unit)
{
        for (guint i = 0; i < unit->uses->len; i++) {
                const Use *use = g_ptr_array_index(unit->uses, i);

                if (config_is_pending(use->config))
                        return use->config;
        }
        return NULL;
}

/* What it read now might stop it. The versions still wait for a job. */
static void refuse(Unit *unit, const Config *pending)
{
        g_autofree char *message =
                        g_strdup_printf("told nothing: the files of %s hold something else than its "
                                        "active version, which has to be put right first",
                                        config_name(pending));
        Use *use;

        unit->reporting = true;
        while ((use = find_wanted(unit, true))) {
                use->refused = use->wanted;
                use->reported = use->wanted;
                report(use, use->wanted, INSTANCE_STATUS_FAILED, message);
        }
        unit->reporting = false;
}

/* One job for all versions that wait for one, in the manner that does for each of them. */
static void ask(Unit *unit)
{
        ReloadMode mode = RELOAD_MODE_RELOAD;

        for (guint i = 0; i < unit->uses->len; i++) {
                Use *use = g_ptr_array_index(unit->uses, i);
                uint64_t version = config_version(use->config);

                if (use->wanted > 0)
                        mode = MAX(mode, use->mode);
                use->asked = use->wanted;
                use->covered = use->applied == version ? 0 : version;
                use->wanted = 0;
        }
        unit->job = unit_job_new(unit->owner->systemd, unit->name, mode, unit->was_taken_down, UNIT_JOB_USEC,
                                 on_job_done, unit);
}

static void begin(Unit *unit)
{
        const Config *pending;

        if (unit->job || unit->reporting || !find_wanted(unit, false))
                return;
        pending = find_pending(unit);
        if (pending)
                refuse(unit, pending);
        else
                ask(unit);
}

void unit_reloads_add_version(UnitReloads *reloads, Config *config, uint64_t version)
{
        Use *use = g_hash_table_lookup(reloads->uses, config);

        if (!use)
                return;
        /* One that was asked for the moment the files were good again reads this version, too. */
        if (use->covered == version)
                use->asked = version;
        else
                use->wanted = version;
        begin(use->unit);
}

void unit_reloads_retry(UnitReloads *reloads, Config *config)
{
        Use *use = g_hash_table_lookup(reloads->uses, config);
        uint64_t version = config_version(config);

        if (!use || version == use->applied || version == use->asked)
                return;
        use->wanted = version;
        use->refused = 0;
        begin(use->unit);
}

void unit_reloads_look_again(UnitReloads *reloads, Config *config)
{
        Use *use = g_hash_table_lookup(reloads->uses, config);

        if (use && !config_is_pending(config))
                begin(use->unit);
}

/* Which units there are */

static void on_job_removed(const char *job, const char *result, void *userdata)
{
        UnitReloads *reloads = userdata;
        GHashTableIter iterator;
        void *value;

        g_hash_table_iter_init(&iterator, reloads->units);
        while (g_hash_table_iter_next(&iterator, NULL, &value)) {
                const Unit *unit = value;

                /* Whatever comes of it may change what there is to go through. */
                if (unit->job && unit_job_removed(unit->job, job, result))
                        return;
        }
}

static void on_unit_changed(const char *path, void *userdata)
{
        UnitReloads *reloads = userdata;
        GHashTableIter iterator;
        void *value;

        g_hash_table_iter_init(&iterator, reloads->units);
        while (g_hash_table_iter_next(&iterator, NULL, &value))
                if (g_str_equal(((Unit *) value)->path, path))
                        look(value);
}

static void on_replaced(void *userdata)
{
        UnitReloads *reloads = userdata;
        GHashTableIter iterator;
        void *value;

        g_hash_table_iter_init(&iterator, reloads->units);
        while (g_hash_table_iter_next(&iterator, NULL, &value)) {
                Unit *unit = value;

                if (unit->job)
                        unit_job_replaced(unit->job);
                look(unit);
        }
}

static const SystemdListener listener = {
        .job_removed = on_job_removed,
        .unit_changed = on_unit_changed,
        .replaced = on_replaced,
};

static Unit *take_unit(UnitReloads *reloads, const char *name)
{
        Unit *unit = g_hash_table_lookup(reloads->units, name);

        if (unit)
                return unit;
        if (!reloads->systemd)
                reloads->systemd = systemd_new(reloads->bus, reloads->event, reloads->scope, &listener,
                                               reloads);
        unit = g_new(Unit, 1);
        *unit = (Unit){
                .owner = reloads,
                .name = g_strdup(name),
                .path = unit_path(name),
                .uses = g_ptr_array_new(),
        };
        g_hash_table_insert(reloads->units, unit->name, unit);
        return unit;
}

static void add_use(UnitReloads *reloads, Config *config, const char *name, ReloadMode mode)
{
        Unit *unit = take_unit(reloads, name);
        Use *use = g_new(Use, 1);

        *use = (Use){ .unit = unit, .config = config, .mode = mode };
        g_hash_table_insert(reloads->uses, config, use);
        g_ptr_array_add(unit->uses, use);
        use->instance = instances_add_unit(reloads->instances, config, name);
        look(unit);
}

static void remove_use(UnitReloads *reloads, Use *use)
{
        Unit *unit = use->unit;

        g_ptr_array_remove_fast(unit->uses, use);
        g_hash_table_remove(reloads->uses, use->config);
        release_if_unused(unit);
}

void unit_reloads_update(UnitReloads *reloads, Config *config)
{
        const ConfigCommands *commands = config_commands(config);
        g_autofree char *name = config_commands_unit(commands, config_name(config));
        Use *use = g_hash_table_lookup(reloads->uses, config);
        Instance *old;

        if (use && g_strcmp0(use->unit->name, name) == 0) {
                use->mode = commands->reload_mode;
                return;
        }
        old = use ? use->instance : NULL;
        if (use)
                remove_use(reloads, use);
        if (name)
                add_use(reloads, config, name, commands->reload_mode);
        /* Where that makes another version, the new unit is told. */
        if (old)
                instances_remove(reloads->instances, old);
}

void unit_reloads_remove_config(UnitReloads *reloads, Config *config)
{
        Use *use = g_hash_table_lookup(reloads->uses, config);

        if (use)
                remove_use(reloads, use);
}
