/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions: what a call takes, and of which files that depends
 *
 * Found from the call and from what is there at the moment. While an answer is waited for files may change,
 * and the config may go: so the question is found anew before the call is let through, and the answer counts
 * only if it is still the same.
 */
#pragma once

#include "daemon/bus.h"
#include "daemon/reach.h"

/* What a caller on the system bus needs to have. */
typedef enum Right {
        RIGHT_ANYONE,
        RIGHT_READ,    /* could read the files */
        RIGHT_VALUES,  /* and may know the active version, for which more is needed where it is not public */
        RIGHT_HISTORY, /* may know versions that were not public */
        RIGHT_EDIT,    /* could write the files */
        RIGHT_REGISTER, /* the administrator lets him, and he could read the files himself */
        RIGHT_OWN_INSTANCE,
        RIGHT_ROOT,
} Right;

typedef struct Question {
        Right right;
        bool is_soft; /* a no is an answer, too */
        bool is_deep; /* how far he reaches is wanted, not only whether it is far enough */
        char *config; /* its name */
        char *change; /* what will happen, for people */
        char **files;
        char **others;   /* or NULL; see reach.h */
        char *directory; /* to be watched, or NULL; and the files that match */
        char *pattern;
        GArray *active;
        uint64_t max_size;
        bool active_is_public;
        bool must_exist;
        bool may_hang;
} Question;

/*
 * More of what a call asks, by its arguments; they begin where the message stands, which of the manager's
 * methods that name a config is behind that name.
 */
typedef Failure *QuestionDetail(sd_bus_message *call, const Bus *bus, Question *question);

QuestionDetail question_about_confirm, question_about_diff, question_about_directory,
                question_about_extension, question_about_history, question_about_hot_reload,
                question_about_instances, question_about_instances_by_name, question_about_label,
                question_about_problems, question_about_registration, question_about_reload,
                question_about_rollback, question_about_set_files, question_about_subscription,
                question_about_unregistration;

/*
 * The question that a call asks now: right and change are what its method is said to take, unless the
 * arguments (detail may be NULL) say more. The message then stands at its beginning again.
 */
Failure *question_find(sd_bus_message *call, const Bus *bus, Right right, const char *change,
                       QuestionDetail *detail, Question **ret);
Question *question_free(Question *question);

/* True if polkit's answer to one is one to the other: the same would happen to the same files. */
bool question_is_alike(const Question *a, const Question *b);
/* True if all answers hold for both. */
bool question_equal(const Question *a, const Question *b);
/* polkit's action. */
const char *question_action(const Question *question);
/* True if this is far enough. */
bool question_is_met(const Question *question, Reach reach);
/* What the kernel says; of RIGHT_REGISTER no more than REACH_PUBLIC. Any thread will do. */
Reach question_ask_kernel(const Question *question, const Credentials *credentials);
/* True where that takes no time. Touches the status of files that do not hang. */
bool question_is_quick(const Question *question);

/* For details: it is about this config from now on. */
void question_take_config(Question *question, const Config *config);
/* And about what was wrong with its files last, which tells of what they held then. */
void question_take_failure(Question *question, const Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)
