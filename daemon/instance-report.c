/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reports: what state an instance is in, by what it says of versions
 */
#include "daemon/access.h"
#include "daemon/instance-private.h"

const char *instance_state_to_string(InstanceState state)
{
        static const char *const names[N_INSTANCE_STATES] = {
                [INSTANCE_CURRENT] = "current",     [INSTANCE_PENDING] = "pending",
                [INSTANCE_FAILED] = "failed",       [INSTANCE_PARTIAL] = "partial",
                [INSTANCE_UNTRACKED] = "untracked",
        };

        return names[state];
}

bool instance_status_from_string(const char *name, InstanceStatus *ret)
{
        static const char *const names[N_INSTANCE_STATUSES] = {
                [INSTANCE_STATUS_APPLIED] = "applied",
                [INSTANCE_STATUS_FAILED] = "failed",
                [INSTANCE_STATUS_PARTIAL] = "partial",
        };

        for (InstanceStatus status = 0; status < N_INSTANCE_STATUSES; status++) {
                if (!g_str_equal(names[status], name))
                        continue;
                *ret = status;
                return true;
        }
        return false;
}

bool instance_may_vote(const Instance *instance)
{
        const Program *program = instance->program;
        AccessMode mode = config_options(instance->config)->voters == VOTERS_READERS ? ACCESS_READ
                                                                                     : ACCESS_WRITE;

        if (instance->is_unit || manager_settings(instance->owner->manager)->scope == SCOPE_USER)
                return true;
        return program->credentials &&
               access_is_allowed(program->credentials, config_files(instance->config), mode);
}

char *instance_describe(const Instance *instance)
{
        const Program *program = instance->program;
        const char *name = instance->name ?: "a program that cannot be seen";

        if (instance->is_unit)
                return g_strdup_printf("the unit %s", program->unit);
        if (*program->facts.name != '\0')
                name = program->facts.name;
        return program->pid > 0 ? g_strdup_printf("%s (pid %d)", name, (int) program->pid) : g_strdup(name);
}

static void tell_changed(const Instance *instance)
{
        instance->owner->observer->changed(instance, instance->owner->userdata);
}

void instance_set_state(Instance *instance, InstanceState state)
{
        if (instance->state == state)
                return;
        instance->state = state;
        tell_changed(instance);
}

static InstanceState state_after(InstanceStatus status)
{
        static const InstanceState states[N_INSTANCE_STATUSES] = {
                [INSTANCE_STATUS_APPLIED] = INSTANCE_CURRENT,
                [INSTANCE_STATUS_FAILED] = INSTANCE_FAILED,
                [INSTANCE_STATUS_PARTIAL] = INSTANCE_PARTIAL,
        };

        return states[status];
}

Failure *instance_report(Instance *instance, uint64_t version, InstanceStatus status, const char *message)
{
        uint64_t active = config_version(instance->config);

        if (version == 0 || version > active)
                return failure_new(FAILURE_NO_SUCH_VERSION,
                                   "%s never had a version %" G_GUINT64_FORMAT "; the active one is "
                                   "%" G_GUINT64_FORMAT,
                                   config_name(instance->config), version, active);
        g_free(instance->message);
        instance->message = message && *message != '\0' ? g_strdup(message) : NULL;
        instance->reported = version;
        if (status != INSTANCE_STATUS_FAILED)
                instance->version = MAX(instance->version, version);
        if (status == INSTANCE_STATUS_APPLIED)
                instance->complete = MAX(instance->complete, version);
        else if (instance->complete >= version)
                /* Which of what it has taken holds is not known any longer. */
                instance->complete = 0;
        if (version == active && instance->acks)
                instance->state = state_after(status);
        tell_changed(instance);
        if (version == active)
                vote_hear(instance, status);
        return NULL;
}

void instances_take_update(Instances *instances, Config *config, const ConfigUpdate *update)
{
        const Options *options = config_options(config);
        InstanceGroup *group = instances_group(instances, config);

        for (guint i = 0; group && i < group->members->len; i++) {
                Instance *instance = g_ptr_array_index(group->members, i);

                if (instance->acks)
                        instance_set_state(instance, INSTANCE_PENDING);
        }
        if (group && group->vote)
                vote_close(group);
        if (config_is_on_trial(config) &&
            (options->on_failure == ON_FAILURE_ROLLBACK || options->confirm_by == CONFIRM_BY_INSTANCES))
                vote_open(instances_ensure_group(instances, config), update->version,
                          update->restart->len > 0);
}
