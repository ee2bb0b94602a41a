/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validate, AddValidator, RemoveValidator: what may become a version
 */
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/options-bus.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 2000U

Failure *config_bus_check_not_asked(const Bus *bus, const Config *config, sd_bus_message *call)
{
        if (!validators_is_asked(bus->validators, sd_bus_message_get_sender(call), config))
                return NULL;
        return failure_new(FAILURE_BUSY, "you are being asked about %s; answer first", config_name(config));
}

static void reply_problems(Config *config, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call->message, &reply);

        if (r >= 0)
                r = failure_bus_append_problems(reply, failure);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                (void) sd_bus_reply_method_errno(call->message, r, NULL);
}

int config_bus_method_validate(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        g_autoptr(GBytes) bytes = NULL;
        const char *content, *name;
        KeptCall *call;
        Config *config;
        Failure *failure;
        Format format;
        int r;

        r = sd_bus_message_read(m, "ss", &content, &name);
        if (r < 0)
                return r;
        format = format_from_string(name);
        failure = config_bus_find_called(m, userdata, &config);
        if (!failure && *name != '\0' && format == FORMAT_NONE)
                failure = failure_new(FAILURE_INVALID_ARGUMENT,
                                      "the format must be yaml, json, env or ini, or empty for that of the "
                                      "config, not '%s'",
                                      name);
        if (!failure && strlen(content) > config_options(config)->max_size)
                failure = failure_new(FAILURE_TOO_LARGE, "the content is larger than max-size allows");
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        bytes = g_bytes_new(content, strlen(content));
        config_validate(config, format, bytes, caller->author.uid != geteuid() ? caller->credentials : NULL,
                        reply_problems, call);
        return 1;
}

static Failure *read_timeout(sd_bus_message *m, uint32_t *ret)
{
        static const char *const known[] = { "timeout-ms", "u", NULL };
        g_autoptr(GVariant) options = NULL;
        Failure *failure = options_bus_read_known(m, known, &options);

        if (failure)
                return failure;
        (void) g_variant_lookup(options, "timeout-ms", "u", ret);
        if (*ret < 1 || *ret > VALIDATOR_MAX_TIMEOUT_MS)
                return failure_new(FAILURE_INVALID_ARGUMENT, "timeout-ms must be between 1 and %u, not %u",
                                   VALIDATOR_MAX_TIMEOUT_MS, *ret);
        return NULL;
}

int config_bus_method_add_validator(sd_bus_message *m, const Caller *caller, void *userdata,
                                    sd_bus_error *error)
{
        Bus *bus = userdata;
        uint32_t timeout_ms = DEFAULT_TIMEOUT_MS;
        const char *object;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "o", &object);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure)
                failure = read_timeout(m, &timeout_ms);
        if (!failure)
                failure = validators_add(bus->validators, caller, object, config, timeout_ms);
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}

int config_bus_method_remove_validator(sd_bus_message *m, const Caller *caller, void *userdata,
                                       sd_bus_error *error)
{
        Bus *bus = userdata;
        const char *object;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "o", &object);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure && !validators_remove(bus->validators, caller->name, object, config))
                failure = failure_new(FAILURE_INVALID_ARGUMENT, "%s is no validator of %s of yours", object,
                                      config_name(config));
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}
