/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/confirmation.h"

#include "client/ctl/history.h"
#include "client/ctl/listener.h"
#include "client/ctl/prompt.h"
#include "client/ctl/text.h"
#include "client/ctl/timestamp.h"
#include "client/ctl/value.h"
#include "introspection/names.h"

#include <time.h>

typedef struct Waiting {
        Context *context;
        const char *name;
        uint64_t before;  /* the version that was active before */
        uint64_t version; /* the one that waits */
        Listener *listener;
        Prompt *prompt;
        uint64_t deadline;     /* µs, boottime; 0 before it is known */
        bool is_lost;          /* the service is not there to say how much time is left */
        sd_event_source *tick; /* at each second that is shown */
        ConfirmationOutcome outcome;
        GError *error;
} Waiting;

const char *confirmation_outcome_to_string(ConfirmationOutcome outcome)
{
        static const char *const names[] = {
                [CONFIRMATION_NONE] = "none",           [CONFIRMATION_WAITS] = "waits",
                [CONFIRMATION_CONFIRMED] = "confirmed", [CONFIRMATION_WENT_BACK] = "went-back",
                [CONFIRMATION_REPLACED] = "replaced",
        };

        return names[outcome];
}

int confirmation_outcome_to_status(ConfirmationOutcome outcome)
{
        switch (outcome) {
        case CONFIRMATION_WENT_BACK:
                return CTL_EXIT_WENT_BACK;
        case CONFIRMATION_REPLACED:
                return CTL_EXIT_FAILURE;
        default:
                return CTL_EXIT_SUCCESS;
        }
}

/* Takes the line, which begins behind the name. */
static void say(Context *context, const char *name, char *line)
{
        if (context->arguments->json == JSON_OFF)
                context_say(context, g_strdup_printf("%s: %s", name, line));
        g_free(line);
}

static uint64_t boottime(void)
{
        struct timespec time;

        (void) clock_gettime(CLOCK_BOOTTIME, &time);
        return (uint64_t) time.tv_sec * G_USEC_PER_SEC + (uint64_t) time.tv_nsec / 1000;
}

/* Begun seconds count: nobody is told of none while there is some time left. */
static char *format_left(uint64_t usec)
{
        return timestamp_format_span(usec + G_USEC_PER_SEC - 1);
}

static void end(Waiting *waiting, ConfirmationOutcome outcome)
{
        waiting->outcome = outcome;
        waiting->prompt = prompt_free(waiting->prompt);
        listener_end(waiting->listener, 0);
}

/* Takes the error. */
static void fail(Waiting *waiting, GError *error)
{
        waiting->error = g_error_new(error->domain, error->code,
                                     "%s\nVersion %" G_GUINT64_FORMAT
                                     " goes back by itself unless it is confirmed.",
                                     error->message, waiting->version);
        g_error_free(error);
        end(waiting, CONFIRMATION_WAITS);
}

static void show(Waiting *waiting)
{
        uint64_t time = boottime();
        g_autofree char *line = NULL;
        g_autofree char *left = NULL;

        if (!waiting->prompt)
                return;
        if (waiting->is_lost)
                line = g_strdup_printf("%s: the service left the bus; it is called again", waiting->name);
        else if (time >= waiting->deadline)
                line = g_strdup_printf("%s: the time is up, version %" G_GUINT64_FORMAT " goes back",
                                       waiting->name, waiting->version);
        else {
                left = format_left(waiting->deadline - time);
                line = g_strdup_printf("%s: version %" G_GUINT64_FORMAT
                                       " goes back in %s; Enter keeps it, Ctrl-C takes it back now",
                                       waiting->name, waiting->version, left);
        }
        prompt_show(waiting->prompt, line);
}

static void show_and_tick(Waiting *waiting);

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        show_and_tick(userdata);
        return 0;
}

/* Wakes up when the number of seconds changes, and no more once there are none. */
static void show_and_tick(Waiting *waiting)
{
        uint64_t time = boottime(), next;

        show(waiting);
        waiting->tick = sd_event_source_disable_unref(waiting->tick);
        if (waiting->is_lost || time >= waiting->deadline)
                return;
        next = waiting->deadline - (waiting->deadline - time - 1) / G_USEC_PER_SEC * G_USEC_PER_SEC;
        if (sd_event_add_time(listener_event(waiting->listener), &waiting->tick, CLOCK_BOOTTIME, next, 1000,
                              on_tick, waiting) < 0)
                listener_end(waiting->listener, CTL_EXIT_FAILURE);
}

/* By whom or what another version came about, as its history tells it. */
static void say_gone(Waiting *waiting, const Document *properties)
{
        uint64_t active = value_get_unsigned(properties, "Version");
        g_autoptr(GPtrArray) history = history_get(waiting->context, waiting->name, NULL);
        const HistoryEntry *entry = history ? history_find(history, active) : NULL;
        const HistoryEntry *gone = history ? history_find(history, waiting->version) : NULL;
        g_autofree char *author = entry ? history_entry_format_author(entry) : NULL;
        g_autofree char *command = context_command(waiting->context);
        const char *message = entry ? value_get_string(entry->details, "message") : NULL;
        bool back = gone && g_str_equal(gone->state, "rolled-back");
        GString *line;

        end(waiting, back ? CONFIRMATION_WENT_BACK : CONFIRMATION_REPLACED);
        line = g_string_new(NULL);
        if (back)
                g_string_append_printf(line, "version %" G_GUINT64_FORMAT " went back", waiting->version);
        g_string_append_printf(line, "%sversion %" G_GUINT64_FORMAT, back ? ": " : "", active);
        if (back && entry && value_get_unsigned(entry->details, "from-version") > 0)
                g_string_append_printf(line, " has the content of %" G_GUINT64_FORMAT,
                                       value_get_unsigned(entry->details, "from-version"));
        else
                g_string_append(line, " took its place");
        if (entry)
                g_string_append_printf(line, " (%s%s%s)", entry->origin, author ? " by " : "",
                                       author ? author : "");
        if (message) {
                g_string_append(line, ": ");
                text_append(line, message, TEXT_LINE);
        }
        if (g_strcmp0(value_get_string(properties, "State"), "diverged") == 0)
                g_string_append(line, "; its files could not be written");
        if (value_get_unsigned(properties, "ConfirmDeadline") > 0)
                g_string_append_printf(line, "; it waits for confirmation: %s confirm %s", command,
                                       waiting->name);
        say(waiting->context, waiting->name, g_string_free(line, FALSE));
}

static void set_deadline(Waiting *waiting, uint64_t deadline)
{
        uint64_t realtime = (uint64_t) g_get_real_time();

        waiting->is_lost = false;
        waiting->deadline = boottime() + (deadline > realtime ? deadline - realtime : 0);
}

/* Where the version stands now. */
static bool look_again(Waiting *waiting, GError **error)
{
        g_autoptr(Document) properties = NULL;
        uint64_t active, deadline;

        properties = context_get_properties(waiting->context, waiting->name, error);
        if (!properties)
                return false;
        active = value_get_unsigned(properties, "Version");
        deadline = value_get_unsigned(properties, "ConfirmDeadline");
        if (active != waiting->version)
                say_gone(waiting, properties);
        else if (deadline > 0) {
                set_deadline(waiting, deadline);
                show_and_tick(waiting);
        } else {
                end(waiting, CONFIRMATION_CONFIRMED);
                say(waiting->context, waiting->name,
                    g_strdup_printf("version %" G_GUINT64_FORMAT " is confirmed", active));
        }
        return true;
}

/* Whether there is something to answer still. */
static bool is_undecided(Waiting *waiting)
{
        g_autoptr(Document) properties = context_get_properties(waiting->context, waiting->name, NULL);

        return !properties || (value_get_unsigned(properties, "Version") == waiting->version &&
                               value_get_unsigned(properties, "ConfirmDeadline") > 0);
}

static void confirm(Waiting *waiting)
{
        GError *error = NULL;

        if (!context_call(waiting->context, waiting->name, "Confirm", NULL, &error, "t", waiting->version)) {
                if (is_undecided(waiting)) {
                        fail(waiting, error);
                        return;
                }
                /* Something else was quicker. */
                g_clear_error(&error);
        }
        if (!look_again(waiting, &error))
                fail(waiting, error);
}

static bool roll_back(Waiting *waiting, uint64_t *ret_version, GError **error)
{
        sd_bus_message *reply = NULL;
        bool done;

        done = context_call(waiting->context, waiting->name, "Rollback", &reply, error, "ta{sv}",
                            waiting->before, 1, "message", "s", "taken back instead of confirmed") &&
               ctl_error_check_answer(sd_bus_message_read(reply, "t", ret_version), error);
        sd_bus_message_unref(reply);
        return done;
}

static void take_back(Waiting *waiting)
{
        GError *error = NULL;
        uint64_t version;

        if (!is_undecided(waiting)) {
                if (!look_again(waiting, &error))
                        fail(waiting, error);
                return;
        }
        if (!roll_back(waiting, &version, &error)) {
                fail(waiting, error);
                return;
        }
        end(waiting, CONFIRMATION_WENT_BACK);
        say(waiting->context, waiting->name,
            g_strdup_printf("version %" G_GUINT64_FORMAT " is taken back: version %" G_GUINT64_FORMAT
                            " has the content of %" G_GUINT64_FORMAT,
                            waiting->version, version, waiting->before));
}

static void say_how(const Waiting *waiting, uint64_t deadline)
{
        uint64_t now = (uint64_t) g_get_real_time();
        g_autofree char *left = format_left(deadline > now ? deadline - now : 0);
        g_autofree char *command = context_command(waiting->context);

        say(waiting->context, waiting->name,
            g_strdup_printf("version %" G_GUINT64_FORMAT
                            " goes back in %s unless it is confirmed: %s confirm "
                            "%s %" G_GUINT64_FORMAT,
                            waiting->version, left, command, waiting->name, waiting->version));
}

static void on_answered(PromptAnswer answer, void *userdata)
{
        Waiting *waiting = userdata;

        switch (answer) {
        case PROMPT_YES:
                confirm(waiting);
                break;
        case PROMPT_NO:
                take_back(waiting);
                break;
        case PROMPT_LEAVE:
                fail(waiting, g_error_new(CTL_ERROR, CTL_EXIT_FAILURE, "%s: nobody is there to confirm it",
                                          waiting->name));
                break;
        }
}

/* The service is there, but the config may not be. */
static bool look_or_fail(Waiting *waiting, GError **error)
{
        GError *own = NULL;

        if (look_again(waiting, &own))
                return true;
        if (own->code == CTL_EXIT_UNREACHABLE) {
                g_propagate_error(error, own);
                return false;
        }
        fail(waiting, own);
        return true;
}

/* What Subscribe answers counts no more than any signal; who may not subscribe hears of properties. */
static bool look(void *userdata, GError **error)
{
        Waiting *waiting = userdata;

        (void) context_call(waiting->context, waiting->name, "Subscribe", NULL, NULL, "ta{sv}", UINT64_C(0),
                            0);
        return look_or_fail(waiting, error);
}

static void lost(const char *why, void *userdata)
{
        Waiting *waiting = userdata;

        waiting->is_lost = true;
        show_and_tick(waiting);
}

static void hear(sd_bus_message *m, void *userdata)
{
        Waiting *waiting = userdata;
        g_autoptr(GError) error = NULL;

        if (waiting->outcome == CONFIRMATION_NONE &&
            (sd_bus_message_is_signal(m, NULL, "ConfigChanged") > 0 ||
             sd_bus_message_is_signal(m, NULL, "PropertiesChanged") > 0 ||
             sd_bus_message_is_signal(m, NULL, "InterfacesRemoved") > 0) &&
            !look_or_fail(waiting, &error))
                lost(error->message, waiting);
}

/* Where that fails the version waits on, so there is nothing to be undone. */
static bool ask(Waiting *waiting, GError **error)
{
        int r;

        if (waiting->outcome != CONFIRMATION_NONE)
                return true;
        r = prompt_new(listener_event(waiting->listener), &waiting->context->style, on_answered, waiting,
                       &waiting->prompt);
        if (r < 0)
                g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "nobody can be asked at the terminal: %s",
                            g_strerror(-r));
        else
                show(waiting);
        return r >= 0;
}

static bool wait_for_answer(Waiting *waiting, GError **error)
{
        g_autofree char *path = context_config_path(waiting->name);
        g_autofree char *object_rule = g_strdup_printf("path='%s'", path);
        g_autofree char *removed_rule =
                        g_strdup_printf("path='" RECONF_MANAGER_PATH "',member='InterfacesRemoved',"
                                        "interface='org.freedesktop.DBus.ObjectManager',arg0path='%s'",
                                        path);
        const char *const rules[] = { object_rule, removed_rule, NULL };
        const ListenerHooks hooks = { look, hear, lost, rules };
        bool done;
        int code;

        waiting->listener = listener_new(waiting->context, &hooks, waiting);
        done = listener_start(waiting->listener, error) && ask(waiting, error) &&
               listener_run(waiting->listener, &code, error);
        waiting->prompt = prompt_free(waiting->prompt);
        waiting->tick = sd_event_source_disable_unref(waiting->tick);
        waiting->listener = listener_free(waiting->listener);
        if (!waiting->error)
                return done;
        g_clear_error(error);
        g_propagate_error(error, waiting->error);
        return false;
}

bool confirmation_run(Context *context, const char *name, uint64_t before, uint64_t version,
                      ConfirmationOutcome *ret, GError **error)
{
        Waiting waiting = { .context = context, .name = name, .before = before, .version = version };
        g_autoptr(Document) properties = NULL;
        bool wanted = context->arguments->confirm_ms > 0;
        uint64_t deadline;

        *ret = CONFIRMATION_NONE;
        if (!wanted && version == before)
                return true;
        properties = context_get_properties(context, name, error);
        if (!properties)
                return false;
        deadline = value_get_unsigned(properties, "ConfirmDeadline");
        if (value_get_unsigned(properties, "Version") != version || deadline == 0) {
                if (wanted)
                        say(context, name, g_strdup("there is nothing to confirm"));
                return true;
        }

        *ret = CONFIRMATION_WAITS;
        if (!wanted || version == before || !prompt_is_possible()) {
                say_how(&waiting, deadline);
                return true;
        }
        if (!wait_for_answer(&waiting, error))
                return false;
        *ret = waiting.outcome;
        return true;
}
