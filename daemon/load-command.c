/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/load-command.h"

#include "daemon/command-output.h"
#include "daemon/command.h"
#include "daemon/file-walk.h"
#include "daemon/identity.h"
#include "daemon/model/builder.h"
#include "daemon/private-file.h"

#include <unistd.h>

#define MAX_TEXT (64U * 1024)
/* More than that fits into no message on the bus. */
#define MAX_JSON (32U * 1024 * 1024)
#define NOBODY 65534U

/*
 * Who stands for what the file holds: its owner, but whoever can lead the path elsewhere may have led it to
 * another's file since it was read. The file's group may be one that its owner is not in.
 */
static void become_owner(const char *file, uid_t *ret_uid, gid_t *ret_gid)
{
        g_auto(FileWalk) walk = { .directory = -1, .file = -1 };

        *ret_uid = NOBODY;
        *ret_gid = NOBODY;
        if (file_walk(file, &walk) < 0 || walk.file < 0 || walk.n_leaders > 1)
                return;
        *ret_uid = walk.n_leaders > 0 ? walk.leaders[0].uid : walk.status.st_uid;
        *ret_gid = identity_find_group(*ret_uid);
}

static Command describe(const Load *load, const char *file, char *const *words, uint64_t timeout_usec)
{
        Command command = {
                .words = words,
                .scope = load->commands->scope,
                .max_output = MAX_TEXT,
                .max_errors = MAX_TEXT,
                .timeout_usec = timeout_usec,
                .cancelled = &load->cancelled,
        };

        if (load->has_user) {
                command.uid = load->uid;
                command.gid = load->gid;
        } else {
                become_owner(file, &command.uid, &command.gid);
        }
        return command;
}

/* What a command says may hold values. Of a config that not everybody may read, the first problem is the
 * daemon's own words: that one goes to the log. */
static Failure *report(const Load *load, CommandReport *report, const Command *command,
                       const CommandResult *result)
{
        g_autofree char *summary = command_describe(command, result);

        report->summary = summary;
        report->is_telling = !load->is_public || result->end != COMMAND_EXITED;
        return command_report_to_failure(report);
}

static Failure *add_copy(Builder *builder, const Node *node);

static Failure *add_members(Builder *builder, const Node *map)
{
        static const Place nowhere = { 0, 0 };
        Failure *failure = builder_open_map(builder, nowhere);

        for (uint32_t i = 0; !failure && i < map->length; i++) {
                const Member *member = &map->map->members[i];

                builder_add_key(builder, nowhere, member->key, member->key_length);
                failure = add_copy(builder, &member->value);
        }
        return failure ?: builder_close(builder);
}

static Failure *add_items(Builder *builder, const Node *list)
{
        Failure *failure = builder_open_list(builder, (Place){ 0, 0 });

        for (uint32_t i = 0; !failure && i < list->length; i++)
                failure = add_copy(builder, &list->list->items[i]);
        return failure ?: builder_close(builder);
}

/* Recursive, so declared first: no document is deeper than DOCUMENT_MAX_DEPTH. */
static Failure *add_copy(Builder *builder, const Node *node)
{
        Node copy = *node;

        if (node->kind == NODE_MAP)
                return add_members(builder, node);
        if (node->kind == NODE_LIST)
                return add_items(builder, node);
        copy.line = 0;
        copy.column = 0;
        return builder_add_node(builder, &copy);
}

/* The places are those of the JSON, which nobody has seen. */
static Failure *forget_places(const char *file, unsigned index, Document *document, Document **ret)
{
        g_autoptr(Builder) builder = builder_new(file, index, 0);
        Failure *failure;

        builder_borrow(builder, document);
        failure = add_copy(builder, document_root(document));
        if (!failure)
                *ret = builder_end(builder);
        return failure;
}

static Failure *decode_output(const Layer *layer, unsigned index, const Command *command,
                              const GByteArray *output, const char *separator, Document **ret)
{
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure =
                        decode(FORMAT_JSON, layer->file, index, (const char *) output->data ?: "",
                               output->len, separator, &document);
        const Problem *problem;

        if (!failure)
                return forget_places(layer->file, index, document, ret);
        problem = g_ptr_array_index(failure->problems, 0);
        return failure_new_at(failure->code, FAILURE_STAGE_DECODE, layer->file, 0, 0, problem->path,
                              "%s did not write the JSON that is expected, see its line %" G_GUINT32_FORMAT
                              ", column %" G_GUINT32_FORMAT ": %s",
                              command->words[0], problem->line, problem->column, problem->message);
}

Failure *load_decode_layer(Load *load, unsigned index, const Layer *layer, Document **ret)
{
        const ConfigCommands *commands = load->commands;
        g_auto(GStrv) words = NULL;
        g_auto(CommandResult) result = { 0 };
        uint64_t limit, start = (uint64_t) g_get_monotonic_time();
        Command command;

        if (!commands || !commands->decode)
                return failure_new_at(FAILURE_PARSE_FAILED, FAILURE_STAGE_DECODE, layer->file, 0, 0, NULL,
                                      "the name does not tell the format, and there is no decode command "
                                      "([Decode] Command= in a drop-in)");

        limit = commands->decode_sec * UINT64_C(1000000);
        words = config_commands_expand(commands->decode, layer->file);
        command = describe(load, layer->file, words, limit - MIN(limit, load->decode_usec));
        command.input = layer->bytes;
        command.max_output = MAX_JSON;
        command_run(&command, &result);
        /* One limit for all layers: who waits for them waits for their sum. */
        load->decode_usec += (uint64_t) g_get_monotonic_time() - start;

        if (command_result_is_good(&result))
                return decode_output(layer, index, &command, result.output, load->separator, ret);
        return report(load,
                      &(CommandReport){
                                      .code = FAILURE_PARSE_FAILED,
                                      .stage = FAILURE_STAGE_DECODE,
                                      .file = layer->file,
                                      .output = result.errors,
                      },
                      &command, &result);
}

Failure *load_ask_command(const Load *load)
{
        const Layer *base = g_ptr_array_index(load->layers, 0);
        const ConfigCommands *commands = load->commands;
        g_autoptr(GBytes) bytes = base->bytes ? g_bytes_ref(base->bytes) : g_bytes_new(NULL, 0);
        g_autofree char *name = g_path_get_basename(base->file);
        g_auto(CommandResult) result = { 0 };
        g_autoptr(PrivateFile) file = NULL;
        g_auto(GStrv) words = NULL;
        Command command = describe(load, base->file, commands->validate,
                                   commands->validate_sec * UINT64_C(1000000));
        int r = private_file_new(name, bytes, command.uid, command.gid, &file);

        if (r < 0)
                return failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_COMMAND, base->file, 0, 0,
                                      NULL, "no private copy can be made for %s to look at: %s",
                                      commands->validate[0], g_strerror(-r));
        words = config_commands_expand(commands->validate, file->path);
        command.words = words;
        command.directory = file->directory;
        command.file = name;
        command.merged = true;
        command_run(&command, &result);
        if (command_result_is_good(&result))
                return NULL;
        return report(load,
                      &(CommandReport){
                                      .code = FAILURE_VALIDATION_FAILED,
                                      .stage = FAILURE_STAGE_COMMAND,
                                      .file = base->file,
                                      .copy = file->path,
                                      .output = result.output,
                      },
                      &command, &result);
}
