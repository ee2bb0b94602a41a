/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/validator.h"

#include "daemon/authority.h"
#include "daemon/bus-cleanup.h"
#include "daemon/bus.h"
#include "daemon/document-bus.h"
#include "daemon/log.h"
#include "daemon/memfd.h"
#include "daemon/model/snapshot.h"
#include "introspection/names.h"

#include <errno.h>
#include <unistd.h>

/* A call of Validate() cannot leave out changes as a signal can; whoever needs more has the snapshot. */
#define MAX_CHANGES_SIZE (16U * 1024 * 1024)

typedef struct Question Question;

typedef struct Validator {
        PeerHold hold; /* first: what leaves is found by it */
        Validators *owner;
        char *object;
        Credentials *credentials;
        bool is_granted; /* polkit lets him edit it */
        Config *config;
        unsigned timeout_ms;
        sd_bus_slot *slot; /* of the call under way, or NULL */
        Question *question;
} Validator;

/* One candidate, with all who are being asked about it. */
struct Question {
        Validators *owner;
        Config *config;
        unsigned waiting;
        ConfigAsked asked;
        void *userdata;
};

struct Validators {
        Bus *bus;
        GPtrArray *all;        /* of Validator */
        GHashTable *questions; /* by config, of Question */
};

static void validator_free(void *data)
{
        Validator *validator = data;

        sd_bus_slot_unref(validator->slot);
        peer_release(&validator->hold);
        config_unref(validator->config);
        credentials_free(validator->credentials);
        g_free(validator->object);
        g_free(validator);
}

Validators *validators_new(Bus *bus)
{
        Validators *validators = g_new(Validators, 1);

        *validators = (Validators){
                .bus = bus,
                .all = g_ptr_array_new_with_free_func(validator_free),
                .questions = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        };
        return validators;
}

Validators *validators_free(Validators *validators)
{
        if (!validators)
                return NULL;

        g_ptr_array_unref(validators->all);
        g_hash_table_unref(validators->questions);
        g_free(validators);
        return NULL;
}

/* Nobody of the config is waited for any longer. */
static void drop_question(Validators *validators, const Config *config)
{
        for (guint i = 0; i < validators->all->len; i++) {
                Validator *validator = g_ptr_array_index(validators->all, i);

                if (validator->config != config)
                        continue;
                validator->slot = sd_bus_slot_unref(validator->slot);
                validator->question = NULL;
        }
        g_hash_table_remove(validators->questions, config);
}

static void decide(Question *question, Failure *failure)
{
        ConfigAsked asked = question->asked;
        void *userdata = question->userdata;

        drop_question(question->owner, question->config);
        asked(userdata, failure);
}

static Failure *rejected(const Validator *validator, const char *reason)
{
        return failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_VALIDATOR, NULL, 0, 0, NULL,
                              "the validator %s of %s rejects it: %s", validator->object,
                              peer_name(&validator->hold), reason);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Validator *validator = userdata;
        Question *question = validator->question;
        const sd_bus_error *error = sd_bus_message_get_error(reply);

        validator->slot = sd_bus_slot_unref(validator->slot);
        validator->question = NULL;
        question->waiting--;
        if (error && (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
                      sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))) {
                g_autofree char *reason = g_strdup_printf("no answer within %u ms", validator->timeout_ms);

                decide(question, rejected(validator, reason));
        } else if (error) {
                decide(question, rejected(validator,
                                          error->message && *error->message ? error->message : error->name));
        } else if (question->waiting == 0) {
                decide(question, NULL);
        }
        return 0;
}

static int ask(Validators *validators, Validator *validator, const ConfigCandidate *candidate, int snapshot)
{
        g_autoptr(sd_bus_message) m = NULL;
        g_autofree char *path = config_bus_path(validator->config);
        bool truncated = false;
        int fd = memfd_reopen(snapshot);
        int r = fd;

        if (r >= 0)
                r = sd_bus_message_new_method_call(validators->bus->bus, &m, peer_name(&validator->hold),
                                                   validator->object, RECONF_VALIDATOR_INTERFACE,
                                                   "Validate");
        if (r >= 0)
                r = sd_bus_message_append(m, "ot", path, candidate->version);
        if (r >= 0)
                r = document_bus_append_changes(m, candidate->changes, MAX_CHANGES_SIZE, &truncated);
        if (r >= 0)
                r = sd_bus_message_append(m, "h", fd);
        if (r >= 0)
                r = sd_bus_call_async(validators->bus->bus, &validator->slot, m, on_answer, validator,
                                      validator->timeout_ms * UINT64_C(1000));
        if (fd >= 0)
                close(fd);
        return r;
}

/* He may have lost what he was let in for. Then nothing is told him, and he has no say any longer. */
static bool may_be_asked(const Validators *validators, const Validator *validator,
                         const ConfigCandidate *candidate)
{
        if (candidate->is_public || validator->is_granted ||
            authority_may_edit(validators->bus, validator->credentials, validator->config, candidate->files))
                return true;
        log_config(G_LOG_LEVEL_WARNING, config_name(validator->config),
                   "The validator %s of %s is not asked about %s, since user %u may not write its files any "
                   "longer",
                   validator->object, peer_name(&validator->hold), config_name(validator->config),
                   (unsigned) validator->credentials->uid);
        return false;
}

void validators_ask(Validators *validators, Config *config, const ConfigCandidate *candidate,
                    ConfigAsked asked, void *userdata)
{
        g_autoptr(GBytes) bytes = NULL;
        Failure *failure = NULL;
        Question *question;
        int snapshot = -1;

        question = g_new(Question, 1);
        *question = (Question){
                .owner = validators, .config = config, .asked = asked, .userdata = userdata
        };
        g_hash_table_insert(validators->questions, config, question);

        for (guint i = 0; i < validators->all->len && !failure; i++) {
                Validator *validator = g_ptr_array_index(validators->all, i);
                int r;

                if (validator->config != config || !may_be_asked(validators, validator, candidate))
                        continue;
                if (snapshot < 0) {
                        bytes = snapshot_new(candidate->document);
                        snapshot = memfd_new_sealed("reconf-candidate", bytes);
                }
                validator->question = question;
                r = snapshot < 0 ? snapshot : ask(validators, validator, candidate, snapshot);
                if (r < 0)
                        failure = rejected(validator, g_strerror(-r));
                else
                        question->waiting++;
        }
        if (snapshot >= 0)
                close(snapshot);
        if (failure || question->waiting == 0)
                decide(question, failure);
}

void validators_cancel(Validators *validators, Config *config)
{
        drop_question(validators, config);
}

bool validators_has_any(const Validators *validators, const Config *config)
{
        for (guint i = 0; i < validators->all->len; i++)
                if (((const Validator *) g_ptr_array_index(validators->all, i))->config == config)
                        return true;
        return false;
}

bool validators_is_asked(const Validators *validators, const char *client, const Config *config)
{
        for (guint i = 0; i < validators->all->len; i++) {
                const Validator *validator = g_ptr_array_index(validators->all, i);

                if (validator->config == config && validator->slot &&
                    g_str_equal(peer_name(&validator->hold), client))
                        return true;
        }
        return false;
}

/* One that goes while it is being asked has not agreed. */
static void remove_at(Validators *validators, guint index)
{
        Validator *validator = g_ptr_array_index(validators->all, index);
        Question *question = validator->question;
        Failure *failure = question ? rejected(validator, "it left before it answered") : NULL;

        g_ptr_array_remove_index(validators->all, index);
        if (question)
                decide(question, failure);
}

static void on_left(PeerHold *hold)
{
        Validator *validator = (Validator *) hold;
        guint index;

        if (g_ptr_array_find(validator->owner->all, validator, &index))
                remove_at(validator->owner, index);
}

static bool find(const Validators *validators, const char *client, const char *object, const Config *config,
                 guint *ret)
{
        for (guint i = 0; i < validators->all->len; i++) {
                const Validator *validator = g_ptr_array_index(validators->all, i);

                if (validator->config == config && g_str_equal(peer_name(&validator->hold), client) &&
                    g_str_equal(validator->object, object)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

static unsigned count_of(const Validators *validators, uid_t uid)
{
        unsigned count = 0;

        for (guint i = 0; i < validators->all->len; i++)
                if (((const Validator *) g_ptr_array_index(validators->all, i))->credentials->uid == uid)
                        count++;
        return count;
}

Failure *validators_add(Validators *validators, const Caller *caller, const char *object, Config *config,
                        unsigned timeout_ms)
{
        Validator *validator;
        guint index;

        if (find(validators, caller->name, object, config, &index)) {
                validator = g_ptr_array_index(validators->all, index);
                validator->is_granted = validator->is_granted || caller->is_granted;
                validator->timeout_ms = timeout_ms;
                return NULL;
        }
        if (count_of(validators, caller->credentials->uid) >= VALIDATOR_MAX_PER_USER)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a user may have %u validators at once",
                                   VALIDATOR_MAX_PER_USER);

        validator = g_new(Validator, 1);
        *validator = (Validator){
                .owner = validators,
                .object = g_strdup(object),
                .credentials = credentials_copy(caller->credentials),
                .is_granted = caller->is_granted,
                .config = config_ref(config),
                .timeout_ms = timeout_ms,
        };
        peers_hold(validators->bus->peers, caller->name, &validator->hold, on_left);
        g_ptr_array_add(validators->all, validator);
        return NULL;
}

bool validators_remove(Validators *validators, const char *client, const char *object, Config *config)
{
        guint index;

        if (!find(validators, client, object, config, &index))
                return false;
        remove_at(validators, index);
        return true;
}

void validators_remove_config(Validators *validators, Config *config)
{
        drop_question(validators, config);
        for (guint i = validators->all->len; i > 0; i--) {
                const Validator *validator = g_ptr_array_index(validators->all, i - 1);

                if (validator->config == config)
                        g_ptr_array_remove_index(validators->all, i - 1);
        }
}
