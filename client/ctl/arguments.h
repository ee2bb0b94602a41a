/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arguments: the command line, taken apart
 *
 * Options may stand anywhere, but behind the command of run, whose own they are. Those that belong to some
 * verbs only are kept with a bit each, so that whoever knows the verb can refuse what it does not take.
 */
#pragma once

#include "client/ctl/json.h"

#include <glib.h>

/* Options that not every verb takes. */
typedef enum ArgumentBit {
        ARGUMENT_SETTING = 1 << 0, /* --option and its short cuts */
        ARGUMENT_DIRECTORY = 1 << 1,
        ARGUMENT_PATTERN = 1 << 2,
        ARGUMENT_STEPS = 1 << 3,
        ARGUMENT_MESSAGE = 1 << 4,
        ARGUMENT_SCHEMA = 1 << 5,
        ARGUMENT_FORMAT = 1 << 6,
        ARGUMENT_SEPARATOR = 1 << 7,
        ARGUMENT_DEFAULTS = 1 << 8,
        ARGUMENT_INFER = 1 << 9,
        ARGUMENT_FOLLOW = 1 << 10,
        ARGUMENT_CONFIRM = 1 << 11,
        ARGUMENT_EXTEND = 1 << 12,
        ARGUMENT_SIGNAL = 1 << 13,
        ARGUMENT_RESTART = 1 << 14,
        ARGUMENT_SETTLE = 1 << 15,
        ARGUMENT_NAME = 1 << 16,
        ARGUMENT_SINCE = 1 << 17,
} ArgumentBit;

typedef enum ArgumentsAction {
        ARGUMENTS_RUN,
        ARGUMENTS_HELP,
        ARGUMENTS_VERSION,
} ArgumentsAction;

typedef struct Arguments {
        ArgumentsAction action;
        bool user;
        const char *host;    /* [USER@]HOST as ssh has it; NULL: this one */
        const char *machine; /* [USER@]CONTAINER; NULL: none */
        bool no_pager;
        bool no_legend;
        bool full;
        bool quiet;
        bool show_secrets;
        bool no_ask_password;
        JsonMode json;

        unsigned given;      /* ArgumentBit */
        GPtrArray *settings; /* "KEY=VALUE", checked */
        const char *directory;
        const char *pattern;
        unsigned steps;
        const char *message;
        uint32_t confirm_ms; /* 0: not given; likewise the next */
        uint32_t extend_ms;
        int signal;
        uint64_t settle_usec;
        const char *instance_name; /* NULL: not given */
        uint64_t since;            /* µs, realtime; 0: not given */
        /* Those settings that mean something to other verbs than register, too. */
        const char *schema;
        const char *format;
        const char *separator;
        bool defaults;

        char **words; /* verb and what follows it, NULL-terminated */
        unsigned n_words;
        GPtrArray *words_found; /* what words points into; its strings are those of argv */
} Arguments;

Arguments *arguments_parse(int argc, char **argv, GError **error);
Arguments *arguments_free(Arguments *arguments);

/* True where the service is on another machine, so that files, users and processes are not those of here. */
bool arguments_are_remote(const Arguments *arguments);

/* The name of an option that belongs to some verbs only, as in "--steps". */
const char *argument_bit_to_string(ArgumentBit bit);
/* All long options, for completion: name without dashes, and what it takes or NULL. False behind the last.
 */
bool arguments_option(size_t index, const char **ret_name, bool *ret_takes_value, unsigned *ret_bit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arguments, arguments_free)
