/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/caller.h"

#include "daemon/audit-bus.h"
#include "daemon/bus.h"
#include "daemon/failure-bus.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <unistd.h>

/* Somebody who called before, and is still there. */
typedef struct Known {
        PeerHold hold; /* first: what leaves is found by it */
        Callers *owner;
        Author author;
        Credentials *credentials;
} Known;

struct Callers {
        Peers *peers;
        bool remembers;
        CallersAsked asked;
        void *userdata;
        GHashTable *known;  /* by unique name, of Known */
        GHashTable *asking; /* by unique name, of how many calls who sent them is being found out */
        GQueue waiting;     /* for the bus to say; of Identification */
};

typedef struct Identification {
        GList link; /* in those that wait */
        sd_bus_message *call;
        CallerHandler handler;
        Bus *bus;
        sd_bus_slot *slot; /* while the bus is asked */
        Author author;
        Credentials *credentials;
} Identification;

/* One more call of his, or one less (-1). */
static void count_asking(Callers *callers, const char *name, int more)
{
        int count = GPOINTER_TO_INT(g_hash_table_lookup(callers->asking, name)) + more;

        if (count > 0) {
                g_hash_table_insert(callers->asking, g_strdup(name), GINT_TO_POINTER(count));
                return;
        }
        g_hash_table_remove(callers->asking, name);
        callers->asked(name, callers->userdata);
}

/* The bus is not asked any longer. */
static void stop_waiting(Identification *identification)
{
        if (!identification->slot)
                return;
        identification->slot = sd_bus_slot_unref(identification->slot);
        g_queue_unlink(&identification->bus->callers->waiting, &identification->link);
}

static void identification_free(Identification *identification)
{
        stop_waiting(identification);
        count_asking(identification->bus->callers, sd_bus_message_get_sender(identification->call), -1);
        sd_bus_message_unref(identification->call);
        g_free(identification->author.unit);
        credentials_free(identification->credentials);
        g_free(identification);
}

static char *find_unit(pid_t pid)
{
        char *unit = NULL;
        char *copy;

        /* To sd-login 0 is ourselves. */
        if (pid <= 0 || (sd_pid_get_user_unit(pid, &unit) < 0 && sd_pid_get_unit(pid, &unit) < 0))
                return NULL;
        copy = g_strdup(unit);
        free(unit);
        return copy;
}

static int read_groups(sd_bus_message *m, Credentials *credentials)
{
        const void *groups;
        size_t size;
        int r = sd_bus_message_enter_container(m, 'v', "au");

        if (r >= 0)
                r = sd_bus_message_read_array(m, 'u', &groups, &size);
        if (r < 0)
                return r;
        g_free(credentials->groups);
        credentials->groups = g_memdup2(groups, size);
        credentials->n_groups = size / sizeof(gid_t);
        /* Which of them is the primary one makes no difference to access. */
        if (credentials->n_groups > 0)
                credentials->gid = credentials->groups[0];
        return sd_bus_message_exit_container(m);
}

/* Answer of GetConnectionCredentials. */
static int read_credentials(sd_bus_message *m, Identification *identification)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;
                uint32_t value;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0 && g_str_equal(name, "UnixUserID")) {
                        r = sd_bus_message_read(m, "v", "u", &value);
                        identification->author.uid = value;
                } else if (r >= 0 && g_str_equal(name, "ProcessID")) {
                        r = sd_bus_message_read(m, "v", "u", &value);
                        identification->author.pid = (pid_t) value;
                } else if (r >= 0 && g_str_equal(name, "UnixGroupIDs")) {
                        r = read_groups(m, identification->credentials);
                } else if (r >= 0) {
                        r = sd_bus_message_skip(m, "v");
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        identification->credentials->uid = identification->author.uid;
        return r;
}

/* Who is known */

static void known_free(void *data)
{
        Known *known = data;

        peer_release(&known->hold);
        g_free(known->author.unit);
        credentials_free(known->credentials);
        g_free(known);
}

Callers *callers_new(Peers *peers, bool remembers, CallersAsked asked, void *userdata)
{
        Callers *callers = g_new(Callers, 1);

        *callers = (Callers){
                .peers = peers,
                .remembers = remembers,
                .asked = asked,
                .userdata = userdata,
                .waiting = G_QUEUE_INIT,
                .known = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, known_free),
                .asking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        };
        return callers;
}

Callers *callers_free(Callers *callers)
{
        if (!callers)
                return NULL;

        /* A call keeps the bus, and the bus what waits for its answer. */
        while (!g_queue_is_empty(&callers->waiting))
                identification_free(g_queue_peek_head(&callers->waiting));
        g_hash_table_unref(callers->known);
        g_hash_table_unref(callers->asking);
        g_free(callers);
        return NULL;
}

static void on_left(PeerHold *hold)
{
        Known *known = (Known *) hold;

        g_hash_table_remove(known->owner->known, peer_name(hold));
}

uid_t callers_find_uid(const Callers *callers, const char *name)
{
        const Known *known;

        if (!callers->remembers)
                return geteuid();
        known = g_hash_table_lookup(callers->known, name);
        return known ? known->author.uid : (uid_t) -1;
}

bool callers_is_asking(const Callers *callers, const char *name)
{
        return callers->remembers && g_hash_table_contains(callers->asking, name);
}

static void remember(Callers *callers, const Identification *identification)
{
        const char *name = sd_bus_message_get_sender(identification->call);
        Known *known;

        if (!callers->remembers || g_hash_table_contains(callers->known, name))
                return;
        known = g_new(Known, 1);
        *known = (Known){
                .owner = callers,
                .author = identification->author,
                .credentials = credentials_copy(identification->credentials),
        };
        known->author.unit = g_strdup(identification->author.unit);
        peers_hold(callers->peers, name, &known->hold, on_left);
        g_hash_table_insert(callers->known, (char *) peer_name(&known->hold), known);
}

/* Answers */

/* Of a handler that returned this. */
static int finish(sd_bus_message *call, const Author *author, Bus *bus, sd_bus_error *error, int r)
{
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
                audit_bus_denied(bus, call, author);
        return failure_bus_finish(call, error, r);
}

int caller_answer(sd_bus_message *call, const Caller *caller, CallerHandler handler, Bus *bus)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = handler(call, caller, bus, &error);

        return finish(call, &caller->author, bus, &error, r);
}

int caller_refuse(sd_bus_message *call, const Author *author, Bus *bus, Failure *failure)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = failure_bus_take_error(&error, failure);

        return finish(call, author, bus, &error, r);
}

/* Has the call handled, or refused (negative errno). */
static int answer(Identification *identification, int r)
{
        sd_bus_message *call = identification->call;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        const Caller caller = {
                .name = sd_bus_message_get_sender(call),
                .author = identification->author,
                .credentials = identification->credentials,
        };

        if (r < 0)
                return finish(call, &identification->author, identification->bus, &error, r);
        remember(identification->bus->callers, identification);
        return caller_answer(call, &caller, identification->handler, identification->bus);
}

static int answer_known(const Known *known, sd_bus_message *call, CallerHandler handler, Bus *bus)
{
        const Caller caller = {
                .name = peer_name(&known->hold),
                .author = known->author,
                .credentials = known->credentials,
        };

        return caller_answer(call, &caller, handler, bus);
}

/* Questions */

static void look_up(void *data)
{
        Identification *identification = data;

        credentials_free(identification->credentials);
        identification->credentials = credentials_look_up(identification->author.uid);
}

static void on_looked_up(void *data)
{
        Identification *identification = data;

        /* One that cannot be answered has left. */
        if (!manager_is_stopping(identification->bus->manager))
                (void) answer(identification, 0);
        identification_free(identification);
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Identification *identification = userdata;
        Author *author = &identification->author;
        int r;

        stop_waiting(identification);
        /* One that has left gets no answer; but the bus may have other reasons. */
        if (sd_bus_message_is_method_error(reply, NULL))
                r = -EACCES;
        else
                r = read_credentials(reply, identification);
        if (r >= 0 && author->uid == (uid_t) -1)
                r = -EACCES;
        if (r >= 0)
                author->unit = find_unit(author->pid);
        if (r >= 0 && identification->credentials->n_groups == 0 && author->uid != geteuid()) {
                worker_submit(manager_worker(identification->bus->manager), identification, look_up,
                              on_looked_up);
                return 1;
        }
        r = answer(identification, MIN(r, 0));
        identification_free(identification);
        return r;
}

/* No call of his may overtake another. */
static const Known *find_known(const Callers *callers, const char *name)
{
        return g_hash_table_contains(callers->asking, name) ? NULL
                                                            : g_hash_table_lookup(callers->known, name);
}

int caller_identify(sd_bus_message *m, CallerHandler handler, Bus *bus, sd_bus_error *error)
{
        const char *name = sd_bus_message_get_sender(m);
        const Known *known = find_known(bus->callers, name);
        Identification *identification;
        int r;

        if (known)
                return answer_known(known, m, handler, bus);
        identification = g_new(Identification, 1);
        *identification = (Identification){
                .call = sd_bus_message_ref(m),
                .handler = handler,
                .bus = bus,
                .author = { .uid = (uid_t) -1 },
                .credentials = g_new0(Credentials, 1),
        };
        identification->credentials->gid = (gid_t) -1;
        count_asking(bus->callers, name, 1);
        r = sd_bus_call_method_async(sd_bus_message_get_bus(m), &identification->slot,
                                     "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetConnectionCredentials", on_credentials, identification, "s", name);
        if (r < 0) {
                identification_free(identification);
                return r;
        }
        identification->link.data = identification;
        g_queue_push_tail_link(&bus->callers->waiting, &identification->link);
        return 1;
}
