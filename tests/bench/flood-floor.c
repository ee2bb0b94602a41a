/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-flood-floor: a service that does nothing but answer
 *
 * Takes the name of the benches and answers every call with what the daemon said to the first such call, so
 * that the bus carries the same bytes: it decides nothing, counts nothing, and serves all in the order that
 * they came in. How long others wait for it beside a flood is how long the bus and the processors have them
 * wait, and whoever is before them.
 */
#include "tests/bench/client.h"
#include "tests/bench/flood.h"

#include <stdio.h>

typedef struct Floor {
        sd_bus *bus;
        sd_bus *asking;      /* another connection: nothing else may come between call and answer */
        GHashTable *answers; /* by path and method, of sd_bus_message */
} Floor;

/* An error is an answer, too. */
static sd_bus_message *ask_daemon(Floor *floor, sd_bus_message *call)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *copy = NULL, *reply = NULL;

        check("cannot make a call", sd_bus_message_new_method_call(floor->asking, &copy, RECONF_BUS_NAME,
                                                                   sd_bus_message_get_path(call),
                                                                   sd_bus_message_get_interface(call),
                                                                   sd_bus_message_get_member(call)));
        check("cannot write a call", sd_bus_message_copy(copy, call, true));
        if (sd_bus_call(floor->asking, copy, 0, &error, &reply) < 0)
                check("cannot keep an error", sd_bus_message_new_method_error(copy, &reply, &error));
        sd_bus_error_free(&error);
        sd_bus_message_unref(copy);
        return reply;
}

static sd_bus_message *find_answer(Floor *floor, sd_bus_message *call)
{
        g_autofree char *key = g_strdup_printf("%s %s", sd_bus_message_get_path(call),
                                               sd_bus_message_get_member(call));
        sd_bus_message *answer = g_hash_table_lookup(floor->answers, key);

        if (!answer) {
                answer = ask_daemon(floor, call);
                g_hash_table_insert(floor->answers, g_steal_pointer(&key), answer);
        }
        return answer;
}

static void send_answer(Floor *floor, sd_bus_message *call, sd_bus_message *answer)
{
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        sd_bus_message *copy = NULL;

        if (error) {
                check("cannot answer", sd_bus_reply_method_error(call, error));
                return;
        }
        check("cannot make an answer", sd_bus_message_new_method_return(call, &copy));
        check("cannot read an answer again", sd_bus_message_rewind(answer, true));
        check("cannot write an answer", sd_bus_message_copy(copy, answer, true));
        check("cannot answer", sd_bus_send(floor->bus, copy, NULL));
        sd_bus_message_unref(copy);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Floor *floor = userdata;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (check("cannot read a call", sd_bus_message_get_expect_reply(m)) > 0)
                send_answer(floor, m, find_answer(floor, m));
        return 1;
}

int main(void)
{
        Floor floor = {
                .bus = client_open_as(FLOOD_FLOODER_USER),
                .asking = client_open_as(FLOOD_FLOODER_USER),
                .answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        };

        check("cannot serve", sd_bus_add_filter(floor.bus, NULL, on_message, &floor));
        check("cannot take the name", sd_bus_request_name(floor.bus, BENCH_NAME, 0));
        puts("READY");
        fflush(stdout);
        for (;;)
                if (check("cannot read from the bus", sd_bus_process(floor.bus, NULL)) == 0)
                        check("cannot wait for the bus", sd_bus_wait(floor.bus, UINT64_MAX));
}
