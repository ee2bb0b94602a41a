/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/method.h"

#include "daemon/audit-bus.h"
#include "daemon/authority.h"
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/manager-bus.h"
#include "daemon/objects-bus.h"
#include "daemon/turns.h"
#include "introspection/names.h"

#include <string.h>
#include <unistd.h>

#define MANAGER RECONF_MANAGER_INTERFACE
#define CONFIG RECONF_CONFIG_INTERFACE
#define INSTANCE RECONF_INSTANCE_INTERFACE
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* clang-format off */
static const Method methods[] = {
        /* Those that are called most come first. */
        { CONFIG, "Get", RIGHT_VALUES, false, config_bus_method_get, "read values" },
        { CONFIG, "GetSnapshot", RIGHT_VALUES, false, config_bus_method_get_snapshot, "read values" },
        { CONFIG, "GetAll", RIGHT_VALUES, false, config_bus_method_get_all, "read values" },

        { CONFIG, "AddValidator", RIGHT_EDIT, true, config_bus_method_add_validator,
          "be asked before it changes" },
        { CONFIG, "Confirm", RIGHT_EDIT, true, config_bus_method_confirm, NULL, question_about_confirm },
        { CONFIG, "Diff", RIGHT_VALUES, false, config_bus_method_diff, NULL, question_about_diff },
        { CONFIG, "ExtendConfirm", RIGHT_EDIT, true, config_bus_method_extend_confirm, NULL,
          question_about_extension },
        { CONFIG, "GetProblems", RIGHT_READ, false, config_bus_method_get_problems, "read what is wrong with it",
          question_about_problems },
        { CONFIG, "GetStatistics", RIGHT_ANYONE, false, config_bus_method_get_statistics },
        { CONFIG, "GetVersionHistory", RIGHT_READ, false, config_bus_method_get_version_history,
          "list its versions", question_about_history },
        { CONFIG, "Label", RIGHT_EDIT, true, config_bus_method_label, NULL, question_about_label },
        { CONFIG, "ListInstances", RIGHT_READ, false, config_bus_method_list_instances,
          "read what programs say about it", question_about_instances },
        { CONFIG, "Reload", RIGHT_READ, true, config_bus_method_reload, "read its files again",
          question_about_reload },
        { CONFIG, "RemoveValidator", RIGHT_EDIT, true, config_bus_method_remove_validator,
          "not be asked any longer before it changes" },
        { CONFIG, "Rollback", RIGHT_EDIT, true, config_bus_method_rollback, NULL, question_about_rollback },
        { CONFIG, "SetFiles", RIGHT_REGISTER, true, config_bus_method_set_files, NULL, question_about_set_files },
        { CONFIG, "SetHotReload", RIGHT_EDIT, true, config_bus_method_set_hot_reload, NULL,
          question_about_hot_reload },
        { CONFIG, "Subscribe", RIGHT_VALUES, true, config_bus_method_subscribe, "be told of changes",
          question_about_subscription },
        { CONFIG, "Unsubscribe", RIGHT_ANYONE, true, config_bus_method_unsubscribe },
        { CONFIG, "Validate", RIGHT_READ, false, config_bus_method_validate, "check other content for it" },

        { MANAGER, "GetAudit", RIGHT_ROOT, true, audit_bus_method_get },
        { MANAGER, "GetConfig", RIGHT_ANYONE, false, manager_bus_method_get_config },
        { MANAGER, "GetConfigByFile", RIGHT_ANYONE, false, manager_bus_method_get_config_by_file },
        { MANAGER, "GetStatistics", RIGHT_ANYONE, false, manager_bus_method_get_statistics },
        { MANAGER, "GetVersionHistory", RIGHT_READ, false, manager_bus_method_get_version_history,
          "list its versions", question_about_history },
        { MANAGER, "ListConfigs", RIGHT_ANYONE, false, manager_bus_method_list_configs },
        { MANAGER, "ListInstances", RIGHT_ANYONE, true, manager_bus_method_list_instances,
          "read what programs say about it", question_about_instances_by_name },
        { MANAGER, "RegisterConfig", RIGHT_REGISTER, true, manager_bus_method_register_config, NULL,
          question_about_registration },
        { MANAGER, "RegisterDirectory", RIGHT_REGISTER, true, manager_bus_method_register_directory, NULL,
          question_about_directory },
        { MANAGER, "RegisterInstance", RIGHT_READ, true, instance_bus_method_register, "run on it" },
        { MANAGER, "Reload", RIGHT_READ, true, manager_bus_method_reload, "read its files again" },
        { MANAGER, "Rollback", RIGHT_EDIT, true, manager_bus_method_rollback, NULL, question_about_rollback },
        { MANAGER, "SetHotReload", RIGHT_REGISTER, true, manager_bus_method_set_hot_reload, NULL,
          question_about_hot_reload },
        { MANAGER, "UnregisterConfig", RIGHT_REGISTER, true, manager_bus_method_unregister_config,
          "stop watching it, and forget its versions", question_about_unregistration },

        { INSTANCE, "Renotify", RIGHT_OWN_INSTANCE, false, instance_bus_method_renotify },
        { INSTANCE, "ReportApplied", RIGHT_OWN_INSTANCE, false, instance_bus_method_report_applied },
        { INSTANCE, "Unregister", RIGHT_OWN_INSTANCE, false, instance_bus_method_unregister },

        { PROPERTIES, "Get", RIGHT_ANYONE, false, objects_bus_method_get },
        { PROPERTIES, "GetAll", RIGHT_ANYONE, false, objects_bus_method_get_all },
        { OBJECT_MANAGER, "GetManagedObjects", RIGHT_ANYONE, false, objects_bus_method_get_managed },
};
/* clang-format on */

const Method *method_find(sd_bus_message *call)
{
        const char *interface = sd_bus_message_get_interface(call);
        const char *member = sd_bus_message_get_member(call);

        for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
                if (g_strcmp0(methods[i].member, member) == 0 &&
                    g_strcmp0(methods[i].interface, interface) == 0)
                        return &methods[i];
        return NULL;
}

Failure *bus_keep_call(Bus *bus, const Caller *caller, sd_bus_message *call, KeptCall **ret)
{
        return kept_call_new(bus->kept_calls, caller->author.uid, call, ret);
}

/* What changes nothing. */
static bool is_question(const Method *method)
{
        return !method->is_authored && method->right != RIGHT_OWN_INSTANCE;
}

int method_dispatch(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        const Method *method = method_find(call);

        /* Of a question without an answer nothing would come. */
        if (method && is_question(method) && sd_bus_message_get_expect_reply(call) == 0)
                return 1;
        return turns_take(bus->turns, call, error);
}

int method_serve(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        const Method *method = method_find(call);
        Caller user = { .name = sd_bus_message_get_sender(call), .author = { .uid = geteuid() } };

        if (!method)
                return failure_bus_take_error(
                                error, failure_new(FAILURE_ACCESS_DENIED, "nobody may call this method"));
        /* Users take turns, so everybody has to be known. */
        if (method->is_authored || manager_settings(bus->manager)->scope == SCOPE_SYSTEM)
                return caller_identify(call, authority_ask, bus, error);
        user.reach = REACH_ALL;
        return method->handler(call, &user, bus, error);
}
