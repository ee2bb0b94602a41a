/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/instance.h"

#include "daemon/instance-private.h"

static void instance_free(void *data)
{
        Instance *instance = data;

        program_unref(instance->program);
        config_unref(instance->config);
        g_free(instance->name);
        g_free(instance->message);
        g_free(instance);
}

static void group_free(void *data)
{
        InstanceGroup *group = data;

        vote_free(group->vote);
        g_ptr_array_unref(group->members);
        config_unref(group->config);
        g_free(group);
}

Instances *instances_new(Peers *peers, Manager *manager, const InstanceObserver *observer, void *userdata)
{
        Instances *instances = g_new(Instances, 1);

        *instances = (Instances){
                .peers = peers,
                .manager = manager,
                .by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, instance_free),
                .by_config = g_hash_table_new_full(NULL, NULL, NULL, group_free),
                .programs = g_hash_table_new(g_str_hash, g_str_equal),
                .by_user = user_count_new(),
                .observer = observer,
                .userdata = userdata,
        };
        return instances;
}

Instances *instances_free(Instances *instances)
{
        if (!instances)
                return NULL;

        g_hash_table_unref(instances->by_config);
        g_hash_table_unref(instances->programs);
        g_hash_table_unref(instances->by_id);
        user_count_free(instances->by_user);
        g_free(instances);
        return NULL;
}

InstanceGroup *instances_group(const Instances *instances, const Config *config)
{
        return g_hash_table_lookup(instances->by_config, config);
}

InstanceGroup *instances_ensure_group(Instances *instances, Config *config)
{
        InstanceGroup *group = instances_group(instances, config);

        if (!group) {
                group = g_new(InstanceGroup, 1);
                *group = (InstanceGroup){
                        .owner = instances,
                        .config = config_ref(config),
                        .members = g_ptr_array_new(),
                };
                g_hash_table_insert(instances->by_config, config, group);
        }
        return group;
}

void instance_group_tidy(InstanceGroup *group)
{
        if (group->members->len == 0 && !group->vote)
                g_hash_table_remove(group->owner->by_config, group->config);
}

/* Lets go of the program, which is known by its connection only while it has instances. */
static void leave_program(Instance *instance)
{
        Program *program = g_steal_pointer(&instance->program);
        Instance **link = &program->instances;

        while (*link != instance)
                link = &(*link)->sibling;
        *link = instance->sibling;
        if (!program->instances && !instance->is_unit)
                g_hash_table_remove(instance->owner->programs, peer_name(&program->hold));
        program_unref(program);
}

void instances_remove(Instances *instances, Instance *given)
{
        g_autoptr(Config) config = config_ref(given->config);
        InstanceGroup *group = instances_group(instances, config);
        g_autofree char *who = instance_describe(given);
        Ballot ballot = given->ballot;
        bool is_unit = given->is_unit;

        instances->observer->removed(given, instances->userdata);
        g_ptr_array_remove(group->members, given);
        if (!is_unit)
                user_count_remove(instances->by_user, given->program->uid);
        leave_program(given);
        g_hash_table_remove(instances->by_id, given->id);
        /* From here on nothing is as it was. */
        if (group->vote)
                vote_leave(group->vote, ballot, who);
        else
                instance_group_tidy(group);
        if (!is_unit)
                manager_remove_client(instances->manager, config);
}

void instances_remove_config(Instances *instances, Config *config)
{
        InstanceGroup *group = instances_group(instances, config);

        if (group && group->vote)
                vote_close(group);
        while ((group = instances_group(instances, config)))
                instances_remove(instances, g_ptr_array_index(group->members, group->members->len - 1));
}

static void on_program_ended(Program *program, void *userdata)
{
        while (program->instances)
                instances_remove(userdata, program->instances);
}

static void on_unit_ended(Program *program, void *userdata)
{
        instance_set_process(program->instances, 0);
}

static Instance *add_new(Instances *instances, Config *config, Program *program, const char *name, bool acks,
                         bool is_unit)
{
        Instance *instance = g_new(Instance, 1);
        InstanceGroup *group = instances_ensure_group(instances, config);
        sd_id128_t id;

        *instance = (Instance){
                .owner = instances,
                .config = config_ref(config),
                .program = program_ref(program),
                .sibling = program->instances,
                .name = g_strdup(name),
                .state = acks ? INSTANCE_PENDING : INSTANCE_UNTRACKED,
                .acks = acks,
                .is_unit = is_unit,
        };
        /* Fails only where there is no randomness, and then nothing works. */
        if (sd_id128_randomize(&id) < 0)
                g_error("no random numbers");
        (void) sd_id128_to_string(id, instance->id);
        program->instances = instance;
        g_ptr_array_add(group->members, instance);
        g_hash_table_insert(instances->by_id, instance->id, instance);
        instance->votes = instance_may_vote(instance);
        instances->observer->added(instance, instances->userdata);
        vote_join(instance);
        return instance;
}

static Instance *find_of_program(const Program *program, const Config *config)
{
        for (Instance *instance = program->instances; instance; instance = instance->sibling)
                if (instance->config == config)
                        return instance;
        return NULL;
}

static void change(Instance *instance, const char *name, bool acks)
{
        if (g_strcmp0(instance->name, name) != 0) {
                g_free(instance->name);
                instance->name = g_strdup(name);
                instance->owner->observer->renamed(instance, instance->owner->userdata);
        }
        if (instance->acks == acks)
                return;
        instance->acks = acks;
        instance->votes = instance_may_vote(instance);
        instance_set_state(instance, acks ? INSTANCE_PENDING : INSTANCE_UNTRACKED);
        if (acks)
                vote_join(instance);
        else
                vote_withdraw(instance);
}

Failure *instances_add(Instances *instances, Config *config, const char *client, Program *given,
                       const char *name, bool acks, Instance **ret)
{
        g_autoptr(Program) program = given;
        Program *known = g_hash_table_lookup(instances->programs, client);
        Instance *instance = known ? find_of_program(known, config) : NULL;

        if (instance) {
                *ret = instance;
                change(instance, name, acks);
                return NULL;
        }
        if (user_count_get(instances->by_user, program->uid) >= INSTANCE_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a user may have %u instances at once",
                                   INSTANCE_MAX_PER_USER);
        if (!known) {
                int r = program_watch(program, client, instances->peers, manager_event(instances->manager),
                                      on_program_ended, instances);

                if (r < 0)
                        return failure_new(FAILURE_LIMIT_EXCEEDED,
                                           "cannot watch for the end of process %d: %s", (int) program->pid,
                                           g_strerror(-r));
                g_hash_table_insert(instances->programs, (char *) peer_name(&program->hold), program);
                known = program;
        }
        user_count_add(instances->by_user, known->uid);
        manager_add_client(instances->manager, config);
        *ret = add_new(instances, config, known, name, acks, false);
        return NULL;
}

static Program *new_unit_program(const char *unit, pid_t pid)
{
        Author author = { .uid = (uid_t) -1, .pid = pid, .unit = (char *) unit };
        Program *program;
        Failure *failure = program_new(&author, NULL, &program);

        /* It is only shown: without descriptors, less of it. */
        if (failure) {
                failure_free(failure);
                return new_unit_program(unit, 0);
        }
        return program;
}

Instance *instances_add_unit(Instances *instances, Config *config, const char *unit)
{
        g_autoptr(Program) program = new_unit_program(unit, 0);

        return add_new(instances, config, program, NULL, true, true);
}

void instance_set_process(Instance *instance, pid_t pid)
{
        g_autoptr(Program) before = instance->program;
        Instances *instances = instance->owner;

        instance->program = new_unit_program(before->unit, pid);
        instance->program->instances = instance;
        before->instances = NULL;
        (void) program_watch(instance->program, NULL, instances->peers, manager_event(instances->manager),
                             on_unit_ended, instances);
}

Instance *instances_find(const Instances *instances, const char *id)
{
        return g_hash_table_lookup(instances->by_id, id);
}

Program *instances_find_program(const Instances *instances, const char *client)
{
        return g_hash_table_lookup(instances->programs, client);
}

const GPtrArray *instances_of(const Instances *instances, const Config *config)
{
        const InstanceGroup *group = instances_group(instances, config);

        return group ? group->members : NULL;
}

unsigned instances_count(const Instances *instances)
{
        return g_hash_table_size(instances->by_id);
}
