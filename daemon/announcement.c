/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/announcement.h"

#include "daemon/authority.h"

struct Announcements {
        Bus *bus;
        GQueue unsaid; /* of Announcement; of each config the first is being asked about */
};

/* Somebody with subscriptions, perhaps on several connections. */
typedef struct User {
        Credentials *credentials;
        Reach reach;
        bool is_known; /* how far he reaches */
} User;

typedef struct Announcement {
        GList link; /* while it is unsaid */
        Announcements *owner;
        const AnnouncementKind *kind;
        Config *config;
        void *content;      /* NULL until it has to be kept */
        Question *question; /* NULL until it has to be asked */
        bool is_quick;      /* to find what the files hold takes no time */
        GArray *users;      /* of User; a worker's while it is at work */
} Announcement;

Announcements *announcements_new(Bus *bus)
{
        Announcements *announcements = g_new(Announcements, 1);

        *announcements = (Announcements){ .bus = bus, .unsaid = G_QUEUE_INIT };
        return announcements;
}

static void clear_user(void *data)
{
        User *user = data;

        credentials_free(user->credentials);
}

static Announcement *announcement_new(Announcements *announcements, const AnnouncementKind *kind,
                                      Config *config)
{
        Announcement *announcement = g_new(Announcement, 1);

        *announcement = (Announcement){
                .owner = announcements,
                .kind = kind,
                .config = config_ref(config),
                .users = g_array_new(FALSE, FALSE, sizeof(User)),
        };
        announcement->link.data = announcement;
        g_array_set_clear_func(announcement->users, clear_user);
        return announcement;
}

static void announcement_free(Announcement *announcement)
{
        if (announcement->content) {
                announcement->kind->free(announcement->content);
                g_queue_unlink(&announcement->owner->unsaid, &announcement->link);
        }
        question_free(announcement->question);
        g_array_unref(announcement->users);
        config_unref(announcement->config);
        g_free(announcement);
}

Announcements *announcements_free(Announcements *announcements)
{
        if (!announcements)
                return NULL;

        while (!g_queue_is_empty(&announcements->unsaid))
                announcement_free(g_queue_peek_head(&announcements->unsaid));
        g_free(announcements);
        return NULL;
}

static void take_question(Announcement *announcement)
{
        if (announcement->question)
                return;
        announcement->question = g_new0(Question, 1);
        announcement->question->right = announcement->kind->right;
        question_take_config(announcement->question, announcement->config);
        if (announcement->kind->is_failure)
                question_take_failure(announcement->question, announcement->config);
        announcement->is_quick = question_is_quick(announcement->question);
}

/* As far as that can be found without reading much, or hanging. */
static void ask_at_once(Announcement *announcement, User *user)
{
        Question question;

        if (authority_is_trusted(announcement->owner->bus, user->credentials->uid)) {
                user->reach = REACH_ALL;
                user->is_known = true;
                return;
        }
        take_question(announcement);
        question = *announcement->question;
        if (question.may_hang)
                return;
        /* What they hold matters only to who could read them and no more. */
        if (!announcement->is_quick)
                question.active = NULL;
        user->reach = question_ask_kernel(&question, user->credentials);
        user->is_known = announcement->is_quick || user->reach != REACH_PUBLIC;
}

static User *find_user(const Announcement *announcement, const Credentials *credentials)
{
        for (guint i = 0; i < announcement->users->len; i++) {
                User *user = &g_array_index(announcement->users, User, i);

                if (credentials_equal(user->credentials, credentials))
                        return user;
        }
        return NULL;
}

static const User *ask(Announcement *announcement, const Credentials *credentials)
{
        const User *found = find_user(announcement, credentials);
        User user = { 0 };

        if (found)
                return found;
        user.credentials = credentials_copy(credentials);
        ask_at_once(announcement, &user);
        g_array_append_val(announcement->users, user);
        return &g_array_index(announcement->users, User, announcement->users->len - 1);
}

/* Tells all who can be told at once; true where others have to wait. */
static bool begin(Announcement *announcement, const void *content)
{
        Bus *bus = announcement->owner->bus;
        Config *config = announcement->config;
        const GPtrArray *subscriptions;
        bool some_wait = false;

        if (announcement->kind->broadcast(bus, config, content))
                return false;
        subscriptions = subscriptions_of(bus->subscriptions, config);
        for (guint i = 0; subscriptions && i < subscriptions->len; i++) {
                Subscription *subscription = g_ptr_array_index(subscriptions, i);
                const User *user = NULL;

                if (!subscription->is_granted)
                        user = ask(announcement, subscription->credentials);
                subscription->waits = user && !user->is_known;
                some_wait = some_wait || subscription->waits;
                if (!subscription->waits)
                        announcement->kind->send(bus, config, subscription, user ? user->reach : REACH_ALL,
                                                 content);
        }
        return some_wait;
}

/* Polkit may have let him in meanwhile. */
static void tell_who_waits(const Announcement *announcement)
{
        Bus *bus = announcement->owner->bus;
        const GPtrArray *subscriptions = subscriptions_of(bus->subscriptions, announcement->config);

        for (guint i = 0; subscriptions && i < subscriptions->len; i++) {
                Subscription *subscription = g_ptr_array_index(subscriptions, i);
                Reach reach = REACH_ALL;

                if (!subscription->waits)
                        continue;
                subscription->waits = false;
                if (!subscription->is_granted)
                        reach = find_user(announcement, subscription->credentials)->reach;
                announcement->kind->send(bus, announcement->config, subscription, reach,
                                         announcement->content);
        }
}

static void run_ask(void *data)
{
        Announcement *announcement = data;

        for (guint i = 0; i < announcement->users->len; i++) {
                User *user = &g_array_index(announcement->users, User, i);

                if (!user->is_known)
                        user->reach = question_ask_kernel(announcement->question, user->credentials);
        }
}

static void submit(Announcement *announcement, WorkerDone done)
{
        worker_submit(manager_worker(announcement->owner->bus->manager), announcement, run_ask, done);
}

static Announcement *find_unsaid(const Announcements *announcements, const Config *config)
{
        for (const GList *link = announcements->unsaid.head; link; link = link->next) {
                Announcement *announcement = link->data;

                if (announcement->config == config)
                        return announcement;
        }
        return NULL;
}

/* Of a config that has gone nobody is told, and its files are not touched any longer. */
static bool is_gone(const Announcement *announcement)
{
        const Manager *manager = announcement->owner->bus->manager;

        return manager_find(manager, config_name(announcement->config)) != announcement->config;
}

static void finish_ask(void *data)
{
        Announcement *announcement = data;
        Announcements *announcements = announcement->owner;
        g_autoptr(Config) config = config_ref(announcement->config);

        if (manager_is_stopping(announcements->bus->manager)) {
                announcement_free(announcement);
                return;
        }
        tell_who_waits(announcement);
        announcement_free(announcement);

        while ((announcement = find_unsaid(announcements, config))) {
                if (!is_gone(announcement) && begin(announcement, announcement->content)) {
                        submit(announcement, finish_ask);
                        break;
                }
                announcement_free(announcement);
                config_let_go(config);
        }
        /* It may go on with something else before this returns. */
        config_let_go(config);
}

void announcements_add(Announcements *announcements, const AnnouncementKind *kind, Config *config,
                       const void *content)
{
        Announcement *announcement = announcement_new(announcements, kind, config);
        bool is_first = !find_unsaid(announcements, config);

        if (is_first && !begin(announcement, content)) {
                announcement_free(announcement);
                return;
        }
        announcement->content = kind->copy(content);
        g_queue_push_tail_link(&announcements->unsaid, &announcement->link);
        config_hold(config);
        if (is_first)
                submit(announcement, finish_ask);
}
