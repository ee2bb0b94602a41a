/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-acknowledge COUNT: what being told and answering costs on the bus alone
 *
 * Says on the bus what the daemon says when a version becomes active that so many instances report on, and
 * nothing else: asked by Tell, the signal of the change and one for the state of each instance; for each
 * Report one more of these, and the answer. No file, no version, no instance: whoever tells and is told over
 * a bus cannot take less.
 */
#include "tests/bench/client.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Service {
        sd_bus *bus;
        unsigned count;
        int64_t version;
} Service;

static int tell_state(Service *service, const char *state)
{
        return sd_bus_emit_signal(service->bus, BENCH_PATH, BENCH_INTERFACE, "StateChanged", "ost",
                                  BENCH_PATH "/instance/0123456789abcdef0123456789abcdef", state,
                                  service->version);
}

static int method_tell(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Service *service = userdata;
        int r;

        service->version++;
        r = sd_bus_emit_signal(service->bus, BENCH_PATH, BENCH_INTERFACE, BENCH_SIGNAL, "stta(ssvv)a{sv}",
                               "/", service->version, service->version - 1, 1, "region.tenant.timeout",
                               "modified", "x", service->version - 1, "x", service->version, 0);
        for (unsigned i = 0; i < service->count && r >= 0; i++)
                r = tell_state(service, "pending");
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_report(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *status, *message;
        uint64_t version;
        int r = sd_bus_message_read(m, "tss", &version, &status, &message);

        if (r >= 0)
                r = tell_state(userdata, "current");
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Tell", NULL, NULL, method_tell, 0),
        SD_BUS_METHOD("Report", "tss", NULL, method_report, 0),
        SD_BUS_VTABLE_END,
};

int main(int argc, char **argv)
{
        Service service = { 0 };

        if (argc != 2)
                return 2;
        service.count = (unsigned) g_ascii_strtoull(argv[1], NULL, 10);
        service.bus = client_open();
        check("cannot serve",
              sd_bus_add_object_vtable(service.bus, NULL, BENCH_PATH, BENCH_INTERFACE, vtable, &service));
        check("cannot take the name", sd_bus_request_name(service.bus, BENCH_NAME, 0));
        puts("READY");
        fflush(stdout);
        for (;;)
                if (check("cannot read from the bus", sd_bus_process(service.bus, NULL)) == 0)
                        check("cannot wait for the bus", sd_bus_wait(service.bus, UINT64_MAX));
}
