/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl get
 *
 * A scalar goes out as it is, for scripts, but for what would reach a terminal unseen; a map or list as
 * YAML. A whole document comes as a snapshot, which has no limit of size; from another machine, to which no
 * descriptor can be handed, in a message.
 */
#include "client/ctl/marks.h"
#include "client/ctl/value-text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <unistd.h>

static bool get_value(Context *context, const char *name, const char *path, Document **ret_document,
                      const Node **ret_node, GError **error)
{
        sd_bus_message *reply = NULL;
        int r;

        if (!context_call(context, name, "Get", &reply, error, "s", path))
                return false;
        r = value_read(reply, ret_document, ret_node);
        sd_bus_message_unref(reply);
        return ctl_error_check_answer(r, error);
}

static bool get_document(Context *context, const char *name, Document **ret, GError **error)
{
        sd_bus_message *reply = NULL;
        const Node *root;
        uint64_t version;
        int r, fd;

        if (arguments_are_remote(context->arguments))
                return get_value(context, name, "", ret, &root, error);
        if (!context_call(context, name, "GetSnapshot", &reply, error, NULL))
                return false;
        r = sd_bus_message_read(reply, "th", &version, &fd);
        if (r >= 0)
                r = value_read_snapshot(fd, ret);
        sd_bus_message_unref(reply);
        return ctl_error_check_answer(r, error);
}

/*
 * Which places of a list or map are secret may depend on all that the document holds, so a single value
 * needs the document, too, if there is a schema.
 */
static bool hide_secrets(Context *context, char **words, Document *document, const Node *node,
                         Document **ret_document, const Node **ret_node, GError **error)
{
        const char *path = words[1] ? words[1] : "";
        g_autoptr(Document) properties = NULL;
        g_autoptr(Document) whole = NULL;
        g_autoptr(Marks) marks = NULL;

        *ret_document = NULL;
        *ret_node = node;
        if (context->arguments->show_secrets)
                return true;
        properties = context_get_properties(context, words[0], error);
        if (!properties)
                return false;
        marks = marks_new_for(context->arguments, value_get_string(properties, "Schema"));
        if (!marks_hide_any(marks))
                return true;
        if (!marks_are_known(marks)) {
                g_autofree char *why = marks_explain(marks);

                g_set_error(error, CTL_ERROR,
                            access(marks_schema_path(marks), R_OK) < 0 && errno == EACCES
                                            ? CTL_EXIT_ACCESS_DENIED
                                            : CTL_EXIT_BAD_FILE,
                            "%s: %s\nWith --show-secrets all is shown.", words[0], why);
                return false;
        }
        if (*path && !get_document(context, words[0], &whole, error))
                return false;
        marks_redact(marks, document, document_root(whole ?: document), path, node, ret_document, ret_node);
        return true;
}

int verb_get(Context *context, char **words)
{
        g_autoptr(Document) document = NULL;
        g_autoptr(Document) shown = NULL;
        const Node *node = NULL;
        GError *error = NULL;

        if (words[1] && *words[1] ? !get_value(context, words[0], words[1], &document, &node, &error)
                                  : !get_document(context, words[0], &document, &error))
                return ctl_error_report(error);
        if (!node)
                node = document_root(document);
        if (!hide_secrets(context, words, document, node, &shown, &node, &error))
                return ctl_error_report(error);

        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                json_add_node(json, node);
                context_show_json(context, json);
        } else {
                GString *text = g_string_new(NULL);

                value_append_plain(text, node, context->style.terminal);
                context_show(context, g_string_free(text, FALSE));
        }
        return CTL_EXIT_SUCCESS;
}
