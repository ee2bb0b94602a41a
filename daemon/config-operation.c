/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations of one config, one after the other
 *
 * An operation that is under way holds a reference to its config, and its work on another thread cannot be
 * called off: it runs to its end, and finds the config stopped.
 */
#include "daemon/config-private.h"

/* How many newer saves in a row supersede a candidate before it has been looked at. */
#define MAX_NEWER 10U

/* What a worker was given for an operation. */
typedef struct Work {
        Operation *operation;
        WorkerRun run;
        void *job;
        OperationRun next;
} Work;

Operation *operation_new(Config *config, OperationRun run, const ConfigRequest *request)
{
        Operation *operation = g_new0(Operation, 1);

        operation->config = config_ref(config);
        operation->run = run;
        operation->origin = request->origin;
        operation->action = origin_to_audit_action(request->origin);
        operation->author = request->author;
        operation->author.unit = g_strdup(request->author.unit);
        operation->message = g_strdup(request->message);
        operation->has_confirm_ms = request->confirm_ms;
        operation->confirm_ms = request->confirm_ms ? *request->confirm_ms : 0;
        operation->done = request->done;
        operation->userdata = request->userdata;
        return operation;
}

static Operation *operation_free(Operation *operation)
{
        if (!operation)
                return NULL;

        g_free(operation->author.unit);
        g_free(operation->message);
        g_strfreev(operation->files);
        options_free(operation->options);
        g_clear_pointer(&operation->watches, g_ptr_array_unref);
        schema_use_free(operation->schema);
        load_free(operation->load);
        version_free(operation->adopted);
        write_back_free(operation->write_back);
        failure_free(operation->outcome);
        failure_free(operation->refused);
        failure_free(operation->diverges);
        g_clear_pointer(&operation->candidates, g_ptr_array_unref);
        config_unref(operation->config);
        g_free(operation);
        return NULL;
}

static Failure *unregistered(const Config *config)
{
        return failure_new(FAILURE_NO_SUCH_CONFIG, "the config %s was unregistered", config->name);
}

/* An operation that ends at once calls this again from within; the loop, not the stack, goes on to the next.
 */
static void run_waiting(Config *config)
{
        if (config->starting)
                return;

        config->starting = true;
        /* What waits for a config that was stopped is ended by whoever stopped it. */
        while (!config->running && !config->stopped && !g_queue_is_empty(&config->waiting)) {
                config->running = g_queue_pop_head(&config->waiting);
                config->running->run(config->running);
        }
        config->starting = false;
}

void operation_submit(Operation *operation)
{
        g_autoptr(Config) config = config_ref(operation->config);

        if (config->stopped) {
                operation_finish(operation, unregistered(config));
                return;
        }
        g_queue_push_tail(&config->waiting, operation);
        run_waiting(config);
}

void operation_cancel(Operation *operation)
{
        operation_finish(operation, unregistered(operation->config));
}

void operation_cancel_waiting(Config *config)
{
        Operation *operation;

        while ((operation = g_queue_pop_head(&config->waiting)))
                operation_cancel(operation);
}

static void tell_audit(const Operation *operation, const AuditEntry *entry)
{
        const ConfigContext *context = operation->config->context;

        context->observer->audited(operation->config, entry, operation->made > 0, context->userdata);
}

/* Reading the files again is nothing that was done to the config, unless there was something new. */
static bool is_deed(const Operation *operation)
{
        return operation->action != AUDIT_RELOAD && operation->action != AUDIT_CHANGE;
}

static void audit(const Operation *operation, const Failure *failure)
{
        const Config *config = operation->config;
        AuditEntry entry = {
                .time = (uint64_t) g_get_real_time(),
                .action = operation->action,
                .config = config->name,
                .author = operation->author,
                .message = operation->message,
        };

        if (operation->action == AUDIT_NONE)
                return;
        if (operation->made > 0) {
                entry.version = operation->made;
                tell_audit(operation, &entry);
        } else if (failure && operation->author.uid != (uid_t) -1) {
                entry.outcome = AUDIT_FAILED;
                entry.error = (char *) failure_code_to_string(failure->code);
                tell_audit(operation, &entry);
        } else if (!failure && operation->author.uid != (uid_t) -1 && is_deed(operation)) {
                entry.version = config->version;
                tell_audit(operation, &entry);
        }
}

void config_audit_confirmed(Config *config)
{
        const AuditEntry entry = {
                .time = (uint64_t) g_get_real_time(),
                .action = AUDIT_CONFIRM,
                .config = config->name,
                .version = config->version,
                .author = { .uid = (uid_t) -1 },
        };

        config->context->observer->audited(config, &entry, false, config->context->userdata);
}

static void end(Operation *operation, Failure *failure)
{
        g_autoptr(Config) config = config_ref(operation->config);
        g_autoptr(Failure) owned = failure;

        if (config->running == operation)
                config->running = NULL;
        audit(operation, failure);
        if (operation->done)
                operation->done(config, config->version, owned, operation->userdata);
        operation_free(operation);
        run_waiting(config);
}

void operation_finish(Operation *operation, Failure *failure)
{
        const Config *config = operation->config;

        if (config->running != operation || config->holds == 0 || config->stopped) {
                end(operation, failure);
                return;
        }
        operation->ended = true;
        operation->outcome = failure;
}

void operation_end_held(Config *config)
{
        Operation *running = config->running;

        if (running && running->ended)
                end(running, g_steal_pointer(&running->outcome));
}

void config_hold(Config *config)
{
        config->holds++;
}

void config_let_go(Config *config)
{
        if (--config->holds == 0)
                operation_end_held(config);
}

static void run_work(void *data)
{
        Work *work = data;

        work->run(work->job);
}

static void finish_work(void *data)
{
        g_autofree Work *work = data;
        Operation *operation = work->operation;

        if (operation->config->stopped)
                operation_cancel(operation);
        else
                work->next(operation);
}

void operation_work(Operation *operation, bool small, WorkerRun run, void *job, OperationRun next)
{
        Work *work;

        if (small) {
                run(job);
                next(operation);
                return;
        }
        work = g_new(Work, 1);
        *work = (Work){ .operation = operation, .run = run, .job = job, .next = next };
        worker_submit(operation->config->context->worker, work, run_work, finish_work);
}

/* Nothing that may hang may be touched here, not even for its status. */
static bool any_may_hang(const GPtrArray *watches)
{
        for (guint i = 0; watches && i < watches->len; i++)
                if (watch_may_hang(g_ptr_array_index(watches, i)))
                        return true;
        return false;
}

void operation_load(Operation *operation, Load *load, OperationRun next)
{
        const GPtrArray *watches = operation->watches ?: operation->config->watches;
        const SchemaUse *schema = operation->schema ?: operation->config->schema;
        bool may_hang = (!load->stored && any_may_hang(watches)) ||
                        (load->schema_path && !load->schema && schema && schema_use_may_hang(schema));
        bool small = !may_hang && load_is_small(load);

        load_free(operation->load);
        operation->load = load;
        operation->loading = true;
        operation_work(operation, small, load_run, load, next);
}

static void on_asked(void *data, Failure *failure)
{
        Operation *operation = data;

        operation->config->asking = false;
        operation->load->failure = failure;
        operation->asked(operation);
}

/* Not to be freed deeply. */
static char **files_of(const Load *load)
{
        char **files = g_new0(char *, load->layers->len + 1);

        for (guint i = 0; i < load->layers->len; i++)
                files[i] = ((const Layer *) g_ptr_array_index(load->layers, i))->file;
        return files;
}

void operation_ask(Operation *operation, OperationRun next)
{
        Config *config = operation->config;
        Load *load = operation->load;
        g_autoptr(Document) nothing = NULL;
        g_autoptr(Changes) changes = NULL;
        g_autofree char **files = NULL;
        ConfigCandidate candidate;

        if (load->failure || load->same ||
            !config->context->observer->has_validators(config, config->context->userdata) ||
            (config->document && document_equal(config->document, load->document))) {
                next(operation);
                return;
        }

        nothing = document_new_empty();
        changes = changes_new(config->document ?: nothing, load->document);
        files = files_of(load);
        candidate = (ConfigCandidate){
                .version = store_next_version(config->context->store, config->name),
                .changes = changes,
                .document = load->document,
                .is_public = load->is_public && (config->version == 0 || config->version_is_public),
                .files = files,
        };
        operation->asked = next;
        config->asking = true;
        config->context->observer->ask(config, &candidate, on_asked, operation, config->context->userdata);
}

bool operation_start_over(Config *config)
{
        Operation *operation = config->running;

        if (!operation || operation->run != operation_reload)
                return false;
        if (config->asking) {
                config->context->observer->cancel_ask(config, config->context->userdata);
                config->asking = false;
                operation_repeat(operation);
                return true;
        }
        /* Its commands end now; what they were about is loaded again when they have. */
        if (operation->loading && load_has_commands(operation->load)) {
                load_cancel(operation->load);
                return true;
        }
        return false;
}

bool operation_give_way(Config *config)
{
        Operation *operation = config->running;

        if (!operation || operation->done || operation->n_newer >= MAX_NEWER)
                return false;
        /* It may be over when it has started over. */
        operation->n_newer++;
        if (operation_start_over(config))
                return true;
        operation->n_newer--;
        return false;
}

static bool return_waits(const Config *config)
{
        for (const GList *link = config->waiting.head; link; link = link->next)
                if (((const Operation *) link->data)->run == operation_return)
                        return true;
        return false;
}

void operation_repeat(Operation *operation)
{
        Config *config = operation->config;

        g_clear_pointer(&operation->watches, g_ptr_array_unref);
        operation->schema = schema_use_free(operation->schema);
        if (!return_waits(config)) {
                operation->run(operation);
                return;
        }
        config->running = NULL;
        g_queue_push_tail(&config->waiting, operation);
        run_waiting(config);
}
