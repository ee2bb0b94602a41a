/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows a config on plain sd-bus, without Reconf's library: sd-bus-subscriber [--system] NAME
 *
 * It shows what a client has to do to miss nothing and to believe nobody but the service:
 *
 * - It asks once, with Subscribe(). The reply tells the version, and signals follow it without a gap. From
 * then on, signals are applied as they come, if the version that they start from is the one held.
 * - Where it is another one, the bus has dropped a signal: Subscribe() with the version held brings what was
 * missed. The same call is made when the service has gone, whatever for; it starts it again where need be.
 * - Where the service does not know any longer what was missed, everything is read anew.
 * - A signal counts only if its sender is who owns the service's name. Anybody may send a signal to one
 * connection, and sd-bus, whose match rules know well-known names only by what the bus makes of them, would
 * let it through.
 *
 * cc sd-bus-subscriber.c -o sd-bus-subscriber $(pkg-config --cflags --libs libsystemd)
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define SERVICE "org.reconf.Reconf1"
#define MANAGER_PATH "/org/reconf/Reconf1"
#define MANAGER SERVICE ".Manager"
#define CONFIG SERVICE ".Config"
#define BUS "org.freedesktop.DBus"
#define RETRY_USEC (1000 * 1000)

typedef struct {
        sd_event *event;
        sd_bus *bus;
        char *object; /* the config's */
        char *owner;  /* who is the service: a unique name; NULL while it is away */
        char *epoch;  /* what the version belongs to */
        uint64_t version;
        sd_bus_slot *subscribing; /* while a reply is waited for */
        sd_event_source *retry;
} Subscriber;

static int subscribe(Subscriber *subscriber);

/* Values */

static int show_value(sd_bus_message *m);

static int show_members(sd_bus_message *m)
{
        const char *key, *separator = "";
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        printf("{");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                printf("%s%s: ", separator, key);
                separator = ", ";
                r = show_value(m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        printf("}");
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int show_items(sd_bus_message *m)
{
        const char *separator = "";
        int r = sd_bus_message_enter_container(m, 'a', "v");

        printf("[");
        while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0) {
                printf("%s", separator);
                separator = ", ";
                r = show_value(m);
        }
        printf("]");
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int show_scalar(sd_bus_message *m, char type)
{
        union {
                int boolean;
                int64_t integer;
                uint64_t large;
                double number;
                const char *string;
        } value;
        int r = sd_bus_message_read_basic(m, type, &value);

        if (r < 0)
                return r;
        switch (type) {
        case 'b':
                printf("%s", value.boolean ? "true" : "false");
                break;
        case 'x':
                printf("%" PRId64, value.integer);
                break;
        case 't':
                printf("%" PRIu64, value.large);
                break;
        case 'd':
                printf("%g", value.number);
                break;
        case 's':
                printf("'%s'", value.string);
                break;
        case 'g':
                /* The empty signature: null in a document, and "no value" in a change. */
                printf("nothing");
                break;
        default:
                return -EBADMSG;
        }
        return 0;
}

/* A variant, with everything in it. */
static int show_value(sd_bus_message *m)
{
        const char *contents;
        int r = sd_bus_message_peek_type(m, NULL, &contents);

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        if (strcmp(contents, "a{sv}") == 0)
                r = show_members(m);
        else if (strcmp(contents, "av") == 0)
                r = show_items(m);
        else
                r = show_scalar(m, contents[0]);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* a(ssvv) */
static int show_changes(sd_bus_message *m)
{
        const char *path;
        int r = sd_bus_message_enter_container(m, 'a', "(ssvv)");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "ssvv")) > 0) {
                r = sd_bus_message_read(m, "ss", &path, NULL);
                if (r < 0)
                        return r;
                printf("%s: ", path);
                r = show_value(m);
                if (r < 0)
                        return r;
                printf(" -> ");
                r = show_value(m);
                printf("\n");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Looks for one boolean in an a{sv}. */
static int read_flag(sd_bus_message *m, const char *wanted, bool *ret)
{
        const char *key;
        int flag, r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && strcmp(key, wanted) == 0) {
                        r = sd_bus_message_read(m, "v", "b", &flag);
                        *ret = r >= 0 && flag;
                } else if (r >= 0) {
                        r = sd_bus_message_skip(m, "v");
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Asking */

static int on_retry(sd_event_source *source, uint64_t usec, void *data)
{
        Subscriber *subscriber = data;

        subscriber->retry = sd_event_source_unref(subscriber->retry);
        return subscribe(subscriber);
}

static int try_later(Subscriber *subscriber)
{
        if (subscriber->retry)
                return 0;
        return sd_event_add_time_relative(subscriber->event, &subscriber->retry, CLOCK_BOOTTIME, RETRY_USEC,
                                          0, on_retry, subscriber);
}

/*
 * Reads all there is; the version may be newer than what was heard, and signals up to it are passed over.
 * Until that has been read, nothing is held.
 */
static int read_all(Subscriber *subscriber)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        int r;

        subscriber->version = 0;
        r = sd_bus_call_method(subscriber->bus, subscriber->owner, subscriber->object, CONFIG, "GetAll",
                               &error, &reply, NULL);
        if (r < 0)
                fprintf(stderr, "GetAll: %s\n", error.message ? error.message : strerror(-r));
        else
                r = sd_bus_message_read(reply, "t", &subscriber->version);
        if (r >= 0) {
                printf("Version %" PRIu64 ": ", subscriber->version);
                r = show_members(reply);
                printf("\n");
        }
        sd_bus_error_free(&error);
        sd_bus_message_unref(reply);
        return r;
}

/* Whether the service's numbers are still those that ours was one of. */
static int check_epoch(Subscriber *subscriber, bool *same)
{
        char *epoch = NULL;
        int r = sd_bus_get_property_string(subscriber->bus, subscriber->owner, MANAGER_PATH, MANAGER,
                                           "Epoch", NULL, &epoch);

        if (r < 0)
                return r;
        *same = subscriber->epoch && strcmp(subscriber->epoch, epoch) == 0;
        free(subscriber->epoch);
        subscriber->epoch = epoch;
        return 0;
}

/* What was missed, or all of it. */
static int catch_up(Subscriber *subscriber, sd_bus_message *reply)
{
        bool same_epoch = false, complete = false;
        uint64_t version;
        int r = check_epoch(subscriber, &same_epoch);

        if (r >= 0)
                r = sd_bus_message_read(reply, "t", &version);
        if (r >= 0)
                r = sd_bus_message_skip(reply, "a(ssvv)");
        if (r >= 0)
                r = read_flag(reply, "complete", &complete);
        if (r < 0)
                return r;
        if (subscriber->version == 0 || !same_epoch || !complete)
                return read_all(subscriber);

        subscriber->version = version;
        r = sd_bus_message_rewind(reply, true);
        if (r >= 0)
                r = sd_bus_message_skip(reply, "t");
        return r < 0 ? r : show_changes(reply);
}

static int on_subscribed(sd_bus_message *reply, void *data, sd_bus_error *unused)
{
        Subscriber *subscriber = data;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int r;

        subscriber->subscribing = sd_bus_slot_unref(subscriber->subscribing);
        if (error) {
                fprintf(stderr, "Subscribe: %s\n", error->message);
                return try_later(subscriber);
        }
        /* The bus lets nobody reply but who was called: this is who owns the name. */
        free(subscriber->owner);
        subscriber->owner = strdup(sd_bus_message_get_sender(reply));
        if (!subscriber->owner)
                return -ENOMEM;
        r = catch_up(subscriber, reply);
        fflush(stdout);
        return r < 0 ? try_later(subscriber) : 0;
}

static int subscribe(Subscriber *subscriber)
{
        if (subscriber->subscribing)
                return 0;
        return sd_bus_call_method_async(subscriber->bus, &subscriber->subscribing, SERVICE,
                                        subscriber->object, CONFIG, "Subscribe", on_subscribed, subscriber,
                                        "ta{sv}", subscriber->version, 0);
}

/* Listening */

static int apply_change(Subscriber *subscriber, sd_bus_message *m)
{
        uint64_t version, previous;
        bool truncated = false;
        int r = sd_bus_message_read(m, "stt", NULL, &version, &previous);

        if (r < 0 || version <= subscriber->version)
                return r;
        if (previous != subscriber->version)
                return subscribe(subscriber);

        printf("Version %" PRIu64 "\n", version);
        subscriber->version = version;
        r = show_changes(m);
        if (r >= 0)
                r = read_flag(m, "truncated", &truncated);
        /* Too many changes for one message. */
        return r >= 0 && truncated ? read_all(subscriber) : r;
}

static int on_config_changed(sd_bus_message *m, void *data, sd_bus_error *unused)
{
        Subscriber *subscriber = data;
        int r;

        /* What comes before the reply of Subscribe() is in the reply. */
        if (subscriber->subscribing || !subscriber->owner ||
            strcmp(sd_bus_message_get_sender(m), subscriber->owner) != 0)
                return 0;
        r = apply_change(subscriber, m);
        fflush(stdout);
        return r < 0 ? try_later(subscriber) : 0;
}

static int on_owner_changed(sd_bus_message *m, void *data, sd_bus_error *unused)
{
        Subscriber *subscriber = data;

        if (strcmp(sd_bus_message_get_sender(m), BUS) != 0)
                return 0;
        free(subscriber->owner);
        subscriber->owner = NULL;
        return subscribe(subscriber);
}

static int listen_to_bus(Subscriber *subscriber)
{
        int r = sd_bus_match_signal(subscriber->bus, NULL, SERVICE, subscriber->object, CONFIG,
                                    "ConfigChanged", on_config_changed, subscriber);

        if (r < 0)
                return r;
        return sd_bus_add_match(subscriber->bus, NULL,
                                "type='signal',sender='" BUS "',path='/org/freedesktop/DBus',interface='" BUS
                                "',"
                                "member='NameOwnerChanged',arg0='" SERVICE "'",
                                on_owner_changed, subscriber);
}

/* The program */

static int run(Subscriber *subscriber, const char *name, bool system)
{
        int r = sd_event_default(&subscriber->event);

        if (r >= 0)
                r = system ? sd_bus_open_system(&subscriber->bus) : sd_bus_open_user(&subscriber->bus);
        if (r >= 0)
                r = sd_bus_attach_event(subscriber->bus, subscriber->event, 0);
        /* Whoever started this is to start it again when the bus is back. */
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(subscriber->bus, true);
        if (r >= 0)
                r = sd_event_add_signal(subscriber->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_bus_path_encode(MANAGER_PATH "/config", name, &subscriber->object);
        if (r >= 0)
                r = listen_to_bus(subscriber);
        if (r >= 0)
                r = subscribe(subscriber);
        return r < 0 ? r : sd_event_loop(subscriber->event);
}

int main(int argc, char **argv)
{
        bool system = argc > 1 && strcmp(argv[1], "--system") == 0;
        Subscriber subscriber = { 0 };
        sigset_t signals;
        int r;

        if (argc != 2 + system) {
                fprintf(stderr, "Usage: sd-bus-subscriber [--system] NAME\n");
                return EXIT_FAILURE;
        }
        /* For sd-event, which takes it from where it waits. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);

        r = run(&subscriber, argv[1 + system], system);
        if (r < 0)
                fprintf(stderr, "%s\n", strerror(-r));
        sd_event_source_unref(subscriber.retry);
        sd_bus_slot_unref(subscriber.subscribing);
        sd_bus_flush_close_unref(subscriber.bus);
        sd_event_unref(subscriber.event);
        free(subscriber.object);
        free(subscriber.owner);
        free(subscriber.epoch);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
