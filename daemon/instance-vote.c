/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Votes: what instances make of a version on trial
 *
 * A vote opens when a version has become active that may still go back. Those that were there then have
 * ack-ms to report; those that come meanwhile take part, but nobody waits for them. One failure, one that
 * leaves before it reported (unless the change asks for a restart) or one that stays silent rejects the
 * version; it is accepted when all have applied it. Either may come after the time, as long as the version
 * is on trial for another reason: then it waits to be confirmed.
 *
 * What a decision leads to may end the vote before it is told: nothing here is touched after it.
 */
#include "daemon/instance-private.h"

#include <time.h>

#define ACCURACY_USEC 1000

typedef enum VotePhase {
        VOTE_OPEN, /* reports are waited for */
        VOTE_ACCEPTED,
        VOTE_REJECTED,
        VOTE_ENDED, /* without either */
} VotePhase;

struct Vote {
        InstanceGroup *group;
        uint64_t version;
        VotePhase phase;
        bool restarts;             /* who leaves does as it should */
        unsigned restarting;       /* so many left for it, and are waited for */
        unsigned count[N_BALLOTS]; /* of all but BALLOT_NONE */
        sd_event_source *timer;
};

Vote *vote_free(Vote *vote)
{
        if (!vote)
                return NULL;

        sd_event_source_disable_unref(vote->timer);
        g_free(vote);
        return NULL;
}

void vote_close(InstanceGroup *group)
{
        for (guint i = 0; i < group->members->len; i++)
                ((Instance *) g_ptr_array_index(group->members, i))->ballot = BALLOT_NONE;
        group->vote = vote_free(group->vote);
        instance_group_tidy(group);
}

static void set_ballot(Vote *vote, Instance *instance, Ballot ballot)
{
        if (instance->ballot != BALLOT_NONE)
                vote->count[instance->ballot]--;
        instance->ballot = ballot;
        if (ballot != BALLOT_NONE)
                vote->count[ballot]++;
}

/* The last that is done about a vote: it may be gone by then, and the config may have another version. */
static void decide(Vote *vote, VotePhase phase, const char *reason)
{
        const Instances *instances = vote->group->owner;
        g_autoptr(Config) config = config_ref(vote->group->config);
        uint64_t version = vote->version;
        InstanceGroup *group;

        vote->phase = phase;
        vote->timer = sd_event_source_disable_unref(vote->timer);
        if (phase == VOTE_ACCEPTED)
                config_accept(config, version);
        else if (phase == VOTE_REJECTED)
                config_reject(config, version, reason);
        else
                config_end_vote(config, version);

        group = instances_group(instances, config);
        if (group && group->vote && group->vote->version == version && !config_is_on_trial(config))
                vote_close(group);
}

static void reject(Vote *vote, const char *reason)
{
        if (vote->phase != VOTE_REJECTED)
                decide(vote, VOTE_REJECTED, reason);
}

/* One that goes back is not accepted; where a failure changes nothing, it can be mended. */
static bool can_be_accepted(const Vote *vote)
{
        if (vote->phase == VOTE_REJECTED)
                return config_options(vote->group->config)->on_failure == ON_FAILURE_KEEP;
        return vote->phase != VOTE_ACCEPTED;
}

static bool all_have_applied(const Vote *vote)
{
        return vote->count[BALLOT_APPLIED] > 0 && vote->restarting == 0 &&
               vote->count[BALLOT_AWAITED] + vote->count[BALLOT_JOINED] + vote->count[BALLOT_FAILED] == 0;
}

static void accept_if_all_have_applied(Vote *vote)
{
        if (can_be_accepted(vote) && all_have_applied(vote))
                decide(vote, VOTE_ACCEPTED, NULL);
}

static const Instance *first_silent(const Vote *vote)
{
        const GPtrArray *members = vote->group->members;
        guint i = 0;

        while (((const Instance *) g_ptr_array_index(members, i))->ballot != BALLOT_AWAITED)
                i++;
        return g_ptr_array_index(members, i);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        Vote *vote = userdata;
        unsigned silent = vote->count[BALLOT_AWAITED];
        g_autoptr(GString) reason = NULL;
        g_autofree char *who = NULL;

        vote->restarting = 0;
        if (silent == 0) {
                decide(vote, all_have_applied(vote) ? VOTE_ACCEPTED : VOTE_ENDED, NULL);
                return 0;
        }
        who = instance_describe(first_silent(vote));
        reason = g_string_new(who);
        if (silent > 1)
                g_string_append_printf(reason, " and %u more", silent - 1);
        g_string_append_printf(reason, " said nothing within %u ms about version %" G_GUINT64_FORMAT,
                               config_options(vote->group->config)->ack_ms, vote->version);
        reject(vote, reason->str);
        return 0;
}

static bool have_same_rights(const Instance *a, const Instance *b)
{
        const Credentials *one = a->program->credentials, *other = b->program->credentials;

        return !a->is_unit && !b->is_unit && one && other && credentials_equal(one, other);
}

/* Asks anew for each version who may: files and their modes change. Most are the user's that the last was.
 */
static void call_up(Vote *vote)
{
        const GPtrArray *members = vote->group->members;
        const Instance *last = NULL;

        for (guint i = 0; i < members->len; i++) {
                Instance *instance = g_ptr_array_index(members, i);

                if (!instance->acks)
                        continue;
                instance->votes = last && have_same_rights(last, instance) ? last->votes
                                                                           : instance_may_vote(instance);
                last = instance;
                if (instance->votes)
                        set_ballot(vote, instance, BALLOT_AWAITED);
        }
}

void vote_open(InstanceGroup *group, uint64_t version, bool restarts)
{
        const Options *options = config_options(group->config);
        sd_event *event = manager_event(group->owner->manager);
        Vote *vote = g_new(Vote, 1);

        *vote = (Vote){ .group = group, .version = version, .restarts = restarts };
        group->vote = vote;
        call_up(vote);
        /* Time in suspend counts: whoever is waited for was in it, too, but the deadline of a trial goes on.
         */
        if (sd_event_add_time_relative(event, &vote->timer, CLOCK_BOOTTIME, options->ack_ms * UINT64_C(1000),
                                       ACCURACY_USEC, on_time, vote) < 0)
                decide(vote, VOTE_ENDED, NULL);
}

void vote_join(Instance *instance)
{
        const InstanceGroup *group = instances_group(instance->owner, instance->config);
        Vote *vote = group->vote;

        if (!vote || !instance->acks || !instance->votes)
                return;
        set_ballot(vote, instance, BALLOT_JOINED);
        if (vote->restarting > 0)
                vote->restarting--;
}

void vote_withdraw(Instance *instance)
{
        const InstanceGroup *group = instances_group(instance->owner, instance->config);

        if (instance->ballot == BALLOT_NONE)
                return;
        set_ballot(group->vote, instance, BALLOT_NONE);
        accept_if_all_have_applied(group->vote);
}

void vote_hear(Instance *instance, InstanceStatus status)
{
        const InstanceGroup *group = instances_group(instance->owner, instance->config);
        g_autofree char *who = NULL, *reason = NULL;

        if (instance->ballot == BALLOT_NONE)
                return;
        if (status != INSTANCE_STATUS_FAILED) {
                set_ballot(group->vote, instance, BALLOT_APPLIED);
                accept_if_all_have_applied(group->vote);
                return;
        }
        set_ballot(group->vote, instance, BALLOT_FAILED);
        who = instance_describe(instance);
        reason = g_strdup_printf("%s could not apply version %" G_GUINT64_FORMAT "%s%s", who,
                                 group->vote->version, instance->message ? ": " : "",
                                 instance->message ?: "");
        reject(group->vote, reason);
}

void vote_leave(Vote *vote, Ballot ballot, const char *who)
{
        const Options *options = config_options(vote->group->config);
        bool was_due = vote->phase == VOTE_OPEN && (ballot == BALLOT_AWAITED || ballot == BALLOT_JOINED);
        g_autofree char *reason = NULL;

        if (ballot != BALLOT_NONE)
                vote->count[ballot]--;
        if (was_due && !vote->restarts && options->on_failure == ON_FAILURE_ROLLBACK) {
                reason = g_strdup_printf("%s left before it reported on version %" G_GUINT64_FORMAT, who,
                                         vote->version);
                reject(vote, reason);
                return;
        }
        if (was_due && vote->restarts)
                vote->restarting++;
        accept_if_all_have_applied(vote);
}
