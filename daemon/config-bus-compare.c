/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Diff and Subscribe: what happened between two versions
 *
 * Earlier versions are decoded again from what the store keeps, in a worker where that takes long; the call
 * is answered when that is done.
 */
#include "daemon/config-bus-private.h"
#include "daemon/document-bus.h"
#include "daemon/failure-bus.h"

/* Each subscription keeps its own. */
#define MAX_PATHS 1000U

/* A call that waits for documents. */
typedef struct Comparison {
        Bus *bus;
        KeptCall *call;
        uint64_t from, to; /* to: what is active when the caller was let in */
        bool may_know;     /* from, too */
        Document *before;
        GPtrArray *paths; /* of Path, or NULL */
} Comparison;

static Failure *comparison_new(Bus *bus, const Caller *caller, sd_bus_message *m, uint64_t from, uint64_t to,
                               Comparison **ret)
{
        KeptCall *call;
        Failure *failure = bus_keep_call(bus, caller, m, &call);

        if (failure)
                return failure;
        *ret = g_new(Comparison, 1);
        **ret = (Comparison){ .bus = bus, .call = call, .from = from, .to = to };
        return NULL;
}

static Comparison *comparison_free(Comparison *comparison)
{
        if (!comparison)
                return NULL;

        kept_call_free(comparison->call);
        document_unref(comparison->before);
        g_clear_pointer(&comparison->paths, g_ptr_array_unref);
        g_free(comparison);
        return NULL;
}

static void reply_failure(Comparison *comparison, Failure *failure)
{
        (void) failure_bus_reply(comparison->call->message, failure);
        failure_free(failure);
        comparison_free(comparison);
}

static Failure *no_such_version(const Config *config, uint64_t version)
{
        return failure_new(FAILURE_NO_SUCH_VERSION,
                           "version %" G_GUINT64_FORMAT " of %s is not in the history", version,
                           config_name(config));
}

static void reply_diff(Config *config, Document *after, const Failure *failure, void *userdata)
{
        Comparison *comparison = userdata;
        g_autoptr(Changes) changes = NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        Failure *problem = failure ? failure_copy(failure) : NULL;
        bool truncated = false;
        int r;

        if (!problem && !after)
                problem = no_such_version(config, comparison->to);
        if (!problem) {
                changes = changes_new(comparison->before, after);
                problem = config_bus_check_size(document_bus_changes_size(changes));
        }
        if (problem) {
                reply_failure(comparison, problem);
                return;
        }

        r = sd_bus_message_new_method_return(comparison->call->message, &reply);
        if (r >= 0)
                r = document_bus_append_changes(reply, changes, UINT64_MAX, &truncated);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                (void) sd_bus_reply_method_errno(comparison->call->message, r, NULL);
        comparison_free(comparison);
}

static void take_before(Config *config, Document *before, const Failure *failure, void *userdata)
{
        Comparison *comparison = userdata;

        if (failure || !before) {
                reply_failure(comparison,
                              failure ? failure_copy(failure) : no_such_version(config, comparison->from));
                return;
        }
        comparison->before = document_ref(before);
        config_get_document(config, comparison->to, reply_diff, comparison);
}

int config_bus_method_diff(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Comparison *comparison;
        uint64_t from, to;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "tt", &from, &to);
        if (r < 0)
                return r;
        failure = config_bus_find_loaded(m, userdata, &config);
        /* The caller was let in for the version that is active now. */
        if (!failure)
                failure = comparison_new(userdata, caller, m, from, to > 0 ? to : config_version(config),
                                         &comparison);
        if (failure)
                return failure_bus_take_error(error, failure);
        config_get_document(config, from, take_before, comparison);
        return 1;
}

/* changes is NULL where nothing was missed, or where it is not known what. */
static int send_subscribed(const Bus *bus, sd_bus_message *call, Config *config, const Changes *changes,
                           bool complete)
{
        g_autoptr(sd_bus_message) reply = NULL;
        bool truncated = false;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "t", config_version(config));
        if (r >= 0 && changes)
                r = document_bus_append_changes(reply, changes, UINT64_MAX, &truncated);
        else if (r >= 0)
                r = sd_bus_message_append(reply, "a(ssvv)", 0);
        if (r >= 0)
                r = sd_bus_message_append(reply, "a{sv}", 1, "complete", "b", (int) complete);
        if (r < 0)
                return r;
        subscriptions_answer(bus->subscriptions, sd_bus_message_get_sender(call), config,
                             config_version(config));
        return sd_bus_send(NULL, reply, NULL);
}

static void start_over(Comparison *comparison)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) call = sd_bus_message_ref(comparison->call->message);
        Bus *bus = comparison->bus;
        int r = sd_bus_message_rewind(call, true);

        /* It is not under way twice. */
        comparison_free(comparison);
        if (r >= 0)
                r = method_serve(call, bus, &error);
        (void) failure_bus_finish(call, &error, r);
}

static void reply_subscribed(Config *config, Document *before, const Failure *failure, void *userdata)
{
        Comparison *comparison = userdata;
        g_autoptr(Changes) changes = NULL;
        int r;

        /* He was let in for another version: once more from the beginning. */
        if (config_version(config) != comparison->to) {
                start_over(comparison);
                return;
        }
        /* What cannot be decoded any longer is not known any longer. */
        if (before && !failure && config_document(config) && comparison->may_know)
                changes = changes_new(before, config_document(config));
        if (changes && comparison->paths) {
                g_autoptr(Changes) all = g_steal_pointer(&changes);

                changes = changes_filter(all, (Path *const *) comparison->paths->pdata,
                                         comparison->paths->len);
        }
        if (changes && document_bus_changes_size(changes) > CONFIG_BUS_MAX_REPLY_SIZE)
                g_clear_pointer(&changes, changes_unref);

        r = send_subscribed(comparison->bus, comparison->call->message, config, changes, changes != NULL);
        if (r < 0)
                (void) sd_bus_reply_method_errno(comparison->call->message, r, NULL);
        comparison_free(comparison);
}

static void release_path(void *path)
{
        path_free(path);
}

/* The option paths, and no other. */
static Failure *read_paths(sd_bus_message *m, GPtrArray **ret)
{
        g_autoptr(GPtrArray) paths = NULL;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                g_auto(GStrv) texts = NULL;
                const char *name, *type;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0 && !g_str_equal(name, "paths"))
                        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no option '%s'", name);
                if (r >= 0)
                        r = sd_bus_message_peek_type(m, NULL, &type);
                if (r >= 0 && !g_str_equal(type, "as"))
                        return failure_new(FAILURE_INVALID_ARGUMENT, "paths must be of type 'as', not '%s'",
                                           type);
                if (r >= 0)
                        r = sd_bus_message_enter_container(m, 'v', "as");
                if (r >= 0)
                        r = sd_bus_message_read_strv(m, &texts);

                g_clear_pointer(&paths, g_ptr_array_unref);
                paths = g_ptr_array_new_with_free_func(release_path);
                for (char **text = texts; text && *text; text++) {
                        Path *path;
                        Failure *failure = path_parse(*text, &path);

                        if (failure)
                                return failure;
                        g_ptr_array_add(paths, path);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the options cannot be read: %s",
                                   g_strerror(-r));
        if (paths && paths->len > MAX_PATHS)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "a subscription may have %u paths, not %u; give places above them",
                                   MAX_PATHS, paths->len);
        if (paths)
                paths_reduce(paths);
        *ret = g_steal_pointer(&paths);
        return NULL;
}

/* Whether the caller may know what a version held: it was public, he may know all, or he was told it. */
static Failure *find_what_he_may_know(const Bus *bus, const Caller *caller, Config *config, uint64_t since,
                                      bool *ret)
{
        g_auto(GStrv) files = NULL;

        *ret = caller->reach == REACH_ALL ||
               subscriptions_had(bus->subscriptions, caller->name, config) == since;
        return *ret ? NULL : config_list_files(config, since, &files, ret);
}

int config_bus_method_subscribe(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) paths = NULL;
        Comparison *comparison = NULL;
        bool may_know = true;
        Failure *failure;
        Config *config;
        uint64_t since;
        int r;

        r = sd_bus_message_read(m, "t", &since);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure)
                failure = read_paths(m, &paths);
        if (!failure && since != 0)
                failure = find_what_he_may_know(bus, caller, config, since, &may_know);
        if (!failure && since != 0 && since != config_version(config))
                failure = comparison_new(bus, caller, m, since, config_version(config), &comparison);
        /* From here on every signal reaches the caller, so nothing falls between it and the answer. */
        if (!failure)
                failure = subscriptions_add(bus->subscriptions, caller, config,
                                            paths ? g_ptr_array_ref(paths) : NULL);
        if (failure) {
                comparison_free(comparison);
                return failure_bus_take_error(error, failure);
        }

        if (!comparison)
                return send_subscribed(bus, m, config, NULL, true);
        comparison->may_know = may_know;
        comparison->paths = g_steal_pointer(&paths);
        config_get_document(config, since, reply_subscribed, comparison);
        return 1;
}

int config_bus_method_unsubscribe(sd_bus_message *m, const Caller *caller, void *userdata,
                                  sd_bus_error *error)
{
        Bus *bus = userdata;
        /* Which may have gone meanwhile. */
        Config *config = config_bus_find(bus, sd_bus_message_get_path(m));

        /* Not to be subscribed is what was asked for. */
        (void) subscriptions_remove(bus->subscriptions, caller->name, config);
        return sd_bus_reply_method_return(m, NULL);
}
