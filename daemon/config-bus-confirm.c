/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.reconf.Reconf1.Config: versions that wait to be confirmed
 */
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"

static void reply_confirmed(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;

        if (failure)
                (void) failure_bus_reply(call->message, failure);
        else
                (void) sd_bus_reply_method_return(call->message, NULL);
}

static void reply_extended(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;

        if (failure)
                (void) failure_bus_reply(call->message, failure);
        else
                (void) sd_bus_reply_method_return(call->message, "t", config_confirm_deadline(config));
}

int config_bus_method_confirm(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        ConfigRequest request = { .author = caller->author, .done = reply_confirmed };
        uint64_t version;
        KeptCall *call;
        Config *config;
        Failure *failure;
        int r = sd_bus_message_read(m, "t", &version);

        if (r < 0)
                return r;
        failure = config_bus_find_called(m, userdata, &config);
        if (!failure)
                failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        request.userdata = call;
        config_confirm(config, version, &request);
        return 1;
}

int config_bus_method_extend_confirm(sd_bus_message *m, const Caller *caller, void *userdata,
                                     sd_bus_error *error)
{
        ConfigRequest request = { .author = caller->author, .done = reply_extended };
        uint64_t version;
        uint32_t ms;
        KeptCall *call;
        Config *config;
        Failure *failure;
        int r = sd_bus_message_read(m, "tu", &version, &ms);

        if (r < 0)
                return r;
        failure = config_bus_find_called(m, userdata, &config);
        if (!failure)
                failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        request.userdata = call;
        config_extend_confirm(config, version, ms, &request);
        return 1;
}
