/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/question.h"

#include "daemon/access.h"
#include "daemon/config-bus-private.h"
#include "daemon/load.h"
#include "introspection/names.h"

Question *question_free(Question *question)
{
        if (!question)
                return NULL;

        g_free(question->config);
        g_free(question->change);
        g_strfreev(question->files);
        g_strfreev(question->others);
        g_free(question->directory);
        g_free(question->pattern);
        g_clear_pointer(&question->active, g_array_unref);
        g_free(question);
        return NULL;
}

void question_take_config(Question *question, const Config *config)
{
        GArray *active = config_hashes(config);

        question->config = g_strdup(config_name(config));
        question->files = g_strdupv((char **) config_files(config));
        question->active = active ? g_array_ref(active) : NULL;
        question->max_size = config_options(config)->max_size;
        question->active_is_public = config_version_is_public(config);
        question->must_exist = config_version(config) > 0 && !question->active_is_public;
        question->may_hang = config_may_hang(config);
}

void question_take_failure(Question *question, const Config *config)
{
        GArray *failed = config_failed_hashes(config);

        if (config_failure_is_public(config))
                return;
        question->right = RIGHT_VALUES;
        question->active_is_public = false;
        g_clear_pointer(&question->active, g_array_unref);
        question->active = failed ? g_array_ref(failed) : NULL;
}

/* By its object or, of the manager, by its first argument. */
static Failure *find_config(sd_bus_message *call, const Bus *bus, Config **ret)
{
        const char *name;
        int r;

        if (!sd_bus_message_is_method_call(call, RECONF_MANAGER_INTERFACE, NULL))
                return config_bus_find_called(call, bus, ret);
        r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the name cannot be read: %s", g_strerror(-r));
        *ret = manager_find(bus->manager, name);
        return *ret ? NULL : failure_new(FAILURE_NO_SUCH_CONFIG, "there is no config '%s'", name);
}

Failure *question_find(sd_bus_message *call, const Bus *bus, Right right, const char *change,
                       QuestionDetail *detail, Question **ret)
{
        g_autoptr(Question) question = g_new0(Question, 1);
        Failure *failure = NULL;
        Config *config;
        int r = sd_bus_message_rewind(call, true);

        if (r < 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the call cannot be read: %s", g_strerror(-r));
        question->right = right;
        question->change = g_strdup(change);
        /* What is to be registered is told by the arguments alone. */
        if (right != RIGHT_REGISTER && right != RIGHT_ANYONE) {
                failure = find_config(call, bus, &config);
                if (!failure)
                        question_take_config(question, config);
        }
        if (!failure && detail)
                failure = detail(call, bus, question);
        if (failure)
                return failure;
        (void) sd_bus_message_rewind(call, true);
        *ret = g_steal_pointer(&question);
        return NULL;
}

static bool strv_equal(char **a, char **b)
{
        return a == b || (a && b && g_strv_equal((const char *const *) a, (const char *const *) b));
}

const char *question_action(const Question *question)
{
        switch (question->right) {
        case RIGHT_EDIT:
                return RECONF_ACTION_EDIT;
        case RIGHT_REGISTER:
                return RECONF_ACTION_REGISTER;
        default:
                return RECONF_ACTION_READ;
        }
}

bool question_is_alike(const Question *a, const Question *b)
{
        return g_str_equal(question_action(a), question_action(b)) && g_strcmp0(a->config, b->config) == 0 &&
               g_strcmp0(a->change, b->change) == 0 && strv_equal(a->files, b->files) &&
               strv_equal(a->others, b->others) && g_strcmp0(a->directory, b->directory) == 0 &&
               g_strcmp0(a->pattern, b->pattern) == 0;
}

bool question_equal(const Question *a, const Question *b)
{
        return question_is_alike(a, b) && a->right == b->right && a->must_exist == b->must_exist &&
               a->active_is_public == b->active_is_public &&
               (a->active == b->active || load_hashes_equal(a->active, b->active));
}

static Reach wanted(const Question *question)
{
        switch (question->right) {
        case RIGHT_VALUES:
                return question->active_is_public ? REACH_PUBLIC : REACH_ACTIVE;
        case RIGHT_HISTORY:
        case RIGHT_EDIT:
                return REACH_ALL;
        default:
                return REACH_PUBLIC;
        }
}

bool question_is_met(const Question *question, Reach reach)
{
        return reach >= wanted(question);
}

static bool wants_no_more_than_public(const Question *question)
{
        return !question->is_deep && wanted(question) == REACH_PUBLIC;
}

Reach question_ask_kernel(const Question *question, const Credentials *credentials)
{
        const ReachQuestion asked = {
                .credentials = credentials,
                .files = question->files,
                .others = question->others,
                .active = question->active,
                .max_size = question->max_size,
                .must_exist = question->must_exist && question->right < RIGHT_EDIT,
                .only_public = wants_no_more_than_public(question),
        };

        if (question->directory && !access_is_listable(credentials, question->directory, question->pattern))
                return REACH_NONE;
        return reach_find(&asked);
}

bool question_is_quick(const Question *question)
{
        g_autoptr(Load) load = NULL;

        if (question->may_hang)
                return false;
        if (wants_no_more_than_public(question))
                return true;
        load = load_new(question->files, FORMAT_NONE, MERGE_DEEP, NULL, question->max_size);
        return load_is_small(load);
}
