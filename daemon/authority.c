/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/authority.h"

#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/method.h"
#include "daemon/polkit.h"
#include "daemon/user-count.h"

#include <unistd.h>

/* Files that change each time they are looked at are somebody's game. */
#define MAX_ROUNDS 10U

struct Authority {
        Bus *bus;
        Polkit *polkit;
        UserCount *by_user;
        GQueue waiting; /* of Inquiry */
};

/* A call whose caller is known. */
typedef struct Inquiry {
        PeerHold hold; /* first: what leaves is found by it; while it waits */
        GList link;    /* likewise */
        Bus *bus;
        sd_bus_message *call;
        const Method *method;
        Author author;
        Credentials *credentials;
        Question *question;
        Question *granted; /* what polkit has let him do, or NULL */
        PolkitCheck *check;
        Reach reach; /* as the kernel has it */
        unsigned rounds;
        bool is_waiting;
        bool is_looking; /* on another thread */
        bool has_left;
} Inquiry;

Authority *authority_new(Bus *bus)
{
        Authority *authority = g_new(Authority, 1);

        *authority = (Authority){
                .bus = bus,
                .polkit = polkit_new(bus->bus),
                .by_user = user_count_new(),
                .waiting = G_QUEUE_INIT,
        };
        return authority;
}

static void stop_waiting(Inquiry *inquiry)
{
        Authority *authority = inquiry->bus->authority;

        if (!inquiry->is_waiting)
                return;
        inquiry->is_waiting = false;
        peer_release(&inquiry->hold);
        g_queue_unlink(&authority->waiting, &inquiry->link);
        user_count_remove(authority->by_user, inquiry->author.uid);
}

static void inquiry_free(Inquiry *inquiry)
{
        stop_waiting(inquiry);
        polkit_cancel(inquiry->check);
        sd_bus_message_unref(inquiry->call);
        g_free(inquiry->author.unit);
        credentials_free(inquiry->credentials);
        question_free(inquiry->question);
        question_free(inquiry->granted);
        g_free(inquiry);
}

Authority *authority_free(Authority *authority)
{
        if (!authority)
                return NULL;

        while (!g_queue_is_empty(&authority->waiting))
                inquiry_free(g_queue_peek_head(&authority->waiting));
        user_count_free(authority->by_user);
        polkit_free(authority->polkit);
        g_free(authority);
        return NULL;
}

bool authority_is_busy(const Authority *authority)
{
        return !g_queue_is_empty((GQueue *) &authority->waiting);
}

bool authority_is_trusted(const Bus *bus, uid_t uid)
{
        return manager_settings(bus->manager)->scope == SCOPE_USER || uid == 0 || uid == geteuid();
}

/* Ends */

static int let_in(Inquiry *inquiry, Reach reach, bool is_granted)
{
        const Caller caller = {
                .name = sd_bus_message_get_sender(inquiry->call),
                .author = inquiry->author,
                .credentials = inquiry->credentials,
                .reach = reach,
                .is_granted = is_granted,
        };
        int r;

        stop_waiting(inquiry);
        r = caller_answer(inquiry->call, &caller, inquiry->method->handler, inquiry->bus);
        inquiry_free(inquiry);
        return r;
}

/* Takes the failure. */
static int refuse(Inquiry *inquiry, Failure *failure)
{
        int r = caller_refuse(inquiry->call, &inquiry->author, inquiry->bus, failure);

        inquiry_free(inquiry);
        return r;
}

static const char *describe_right(Right right)
{
        switch (right) {
        case RIGHT_EDIT:
                return "write the files of";
        case RIGHT_VALUES:
                return "read what the files held that made the active version of";
        case RIGHT_HISTORY:
                return "write the files of, which it takes for versions that were not public,";
        default:
                return "read the files of";
        }
}

static int deny(Inquiry *inquiry, PolkitAnswer answer)
{
        static const char *const reasons[] = {
                [POLKIT_NO] = "polkit does not let you",
                [POLKIT_CHALLENGE] =
                                "polkit would let you only after a prompt, which this call does not allow",
                [POLKIT_ABSENT] = "there is no polkit that could let you",
        };
        const Question *question = inquiry->question;
        const char *action = question_action(question);

        if (question->is_soft)
                return let_in(inquiry, REACH_NONE, false);
        if (question->right == RIGHT_REGISTER)
                return refuse(inquiry, failure_new(FAILURE_ACCESS_DENIED, "this is for root, and %s (%s)",
                                                   reasons[answer], action));
        return refuse(inquiry, failure_new(FAILURE_ACCESS_DENIED, "you may not %s %s, and %s (%s)",
                                           describe_right(question->right), question->config,
                                           reasons[answer], action));
}

/* Questions */

static void on_left(PeerHold *hold)
{
        Inquiry *inquiry = (Inquiry *) hold;

        if (inquiry->is_looking)
                inquiry->has_left = true;
        else
                inquiry_free(inquiry);
}

static Failure *start_waiting(Inquiry *inquiry)
{
        Authority *authority = inquiry->bus->authority;

        if (inquiry->is_waiting)
                return NULL;
        if (user_count_get(authority->by_user, inquiry->author.uid) >= AUTHORITY_MAX_PENDING_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "a user may have %u calls at once that wait to be allowed",
                                   AUTHORITY_MAX_PENDING_PER_USER);
        inquiry->is_waiting = true;
        inquiry->link.data = inquiry;
        g_queue_push_tail_link(&authority->waiting, &inquiry->link);
        user_count_add(authority->by_user, inquiry->author.uid);
        peers_hold(inquiry->bus->peers, sd_bus_message_get_sender(inquiry->call), &inquiry->hold, on_left);
        return NULL;
}

static int ask(Inquiry *inquiry);

static void on_polkit(PolkitAnswer answer, void *userdata)
{
        Inquiry *inquiry = userdata;

        inquiry->check = NULL;
        if (answer != POLKIT_YES) {
                (void) deny(inquiry, answer);
                return;
        }
        question_free(inquiry->granted);
        inquiry->granted = g_steal_pointer(&inquiry->question);
        (void) ask(inquiry);
}

static int ask_polkit(Inquiry *inquiry)
{
        const Question *question = inquiry->question;
        bool interactive = !question->is_soft &&
                           sd_bus_message_get_allow_interactive_authorization(inquiry->call) > 0;
        Failure *failure = start_waiting(inquiry);
        int r;

        if (failure && question->is_soft) {
                failure_free(failure);
                return let_in(inquiry, REACH_NONE, false);
        }
        if (failure)
                return refuse(inquiry, failure);
        r = polkit_ask(inquiry->bus->authority->polkit, sd_bus_message_get_sender(inquiry->call),
                       question_action(question), question->config, question->change, interactive, on_polkit,
                       inquiry, &inquiry->check);
        return r < 0 ? deny(inquiry, POLKIT_ABSENT) : 1;
}

/* What the kernel says is known. */
static int judge(Inquiry *inquiry)
{
        const Question *question = inquiry->question;
        bool is_met = question_is_met(question, inquiry->reach);
        bool is_granted = inquiry->granted && question_is_alike(question, inquiry->granted);

        if (question->right != RIGHT_REGISTER) {
                if (is_granted)
                        return let_in(inquiry, REACH_ALL, true);
                return is_met ? let_in(inquiry, inquiry->reach, false) : ask_polkit(inquiry);
        }
        /* Nobody is asked for what would be refused all the same. */
        if (!is_met)
                return refuse(inquiry,
                              failure_new(FAILURE_ACCESS_DENIED,
                                          "you could not read all the files and the schema yourself"));
        return is_granted ? let_in(inquiry, inquiry->reach, true) : ask_polkit(inquiry);
}

static void look(void *data)
{
        Inquiry *inquiry = data;

        inquiry->reach = question_ask_kernel(inquiry->question, inquiry->credentials);
}

static Failure *find_question(const Inquiry *inquiry, Question **ret)
{
        const Method *method = inquiry->method;

        return question_find(inquiry->call, inquiry->bus, method->right, method->change, method->detail,
                             ret);
}

static void on_looked(void *data)
{
        Inquiry *inquiry = data;
        g_autoptr(Question) now = NULL;
        Failure *failure;

        inquiry->is_looking = false;
        if (inquiry->has_left || manager_is_stopping(inquiry->bus->manager)) {
                inquiry_free(inquiry);
                return;
        }
        failure = find_question(inquiry, &now);
        if (failure)
                (void) refuse(inquiry, failure);
        else if (question_equal(now, inquiry->question))
                (void) judge(inquiry);
        else
                (void) ask(inquiry);
}

/* From the beginning, or again when something has changed. */
static int ask(Inquiry *inquiry)
{
        Failure *failure = NULL;

        inquiry->question = question_free(inquiry->question);
        if (++inquiry->rounds > MAX_ROUNDS)
                failure = failure_new(FAILURE_BUSY, "what this call is about changes all the time");
        if (!failure)
                failure = find_question(inquiry, &inquiry->question);
        if (failure)
                return refuse(inquiry, failure);
        if (inquiry->question->right == RIGHT_ANYONE)
                return let_in(inquiry, REACH_NONE, false);
        if (question_is_quick(inquiry->question)) {
                look(inquiry);
                return judge(inquiry);
        }
        failure = start_waiting(inquiry);
        if (failure)
                return refuse(inquiry, failure);
        inquiry->is_looking = true;
        worker_submit(manager_worker(inquiry->bus->manager), inquiry, look, on_looked);
        return 1;
}

int authority_ask(sd_bus_message *call, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        const Method *method = method_find(call);
        Caller trusted = *caller;
        Inquiry *inquiry;

        trusted.reach = REACH_ALL;
        if (authority_is_trusted(bus, caller->author.uid))
                return method->handler(call, &trusted, bus, error);
        if (method->right == RIGHT_ANYONE && !method->detail)
                return method->handler(call, caller, bus, error);
        if (method->right == RIGHT_ROOT)
                return failure_bus_take_error(error, failure_new(FAILURE_ACCESS_DENIED, "this is for root"));
        if (method->right == RIGHT_OWN_INSTANCE && instance_bus_is_own(call, bus))
                return method->handler(call, &trusted, bus, error);
        if (method->right == RIGHT_OWN_INSTANCE)
                return failure_bus_take_error(
                                error, failure_new(FAILURE_ACCESS_DENIED, "this is not your instance"));

        inquiry = g_new(Inquiry, 1);
        *inquiry = (Inquiry){
                .bus = bus,
                .call = sd_bus_message_ref(call),
                .method = method,
                .author = caller->author,
                .credentials = credentials_copy(caller->credentials),
        };
        inquiry->author.unit = g_strdup(caller->author.unit);
        return ask(inquiry);
}

/* Of REACH_PUBLIC and REACH_ALL no more than whether he reaches that far. */
static Reach ask_now(const Bus *bus, const Credentials *credentials, const Config *config,
                     char *const *others, Reach wanted)
{
        const ReachQuestion question = {
                .credentials = credentials,
                .files = config_files(config),
                .others = others,
                /* Who could write needs nothing read. */
                .active = wanted == REACH_ALL ? NULL : config_hashes(config),
                .max_size = config_options(config)->max_size,
                .must_exist = config_version(config) > 0 && !config_version_is_public(config),
                .only_public = wanted == REACH_PUBLIC,
        };

        if (manager_settings(bus->manager)->scope == SCOPE_USER)
                return REACH_ALL;
        if (!credentials)
                return REACH_NONE;
        return authority_is_trusted(bus, credentials->uid) ? REACH_ALL : reach_find(&question);
}

bool authority_may_read(const Bus *bus, const Credentials *credentials, const Config *config)
{
        return ask_now(bus, credentials, config, NULL, REACH_PUBLIC) >= REACH_PUBLIC;
}

bool authority_may_edit(const Bus *bus, const Credentials *credentials, const Config *config,
                        char *const *others)
{
        return ask_now(bus, credentials, config, others, REACH_ALL) == REACH_ALL;
}

Reach authority_reach(const Bus *bus, const Credentials *credentials, const Config *config,
                      char *const *others)
{
        return ask_now(bus, credentials, config, others, REACH_ACTIVE);
}
