/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Methods: what stands on the bus can be called only here
 *
 * All vtables name one handler, which has calls take turns. The one that serves them finds the method in one
 * table, which tells what a caller needs; a method that is not in it nobody may call. On a session bus the
 * caller is the user, who may do all: nothing is asked there, and who calls is found out only for those who
 * write it down.
 */
#pragma once

#include "daemon/caller.h"
#include "daemon/kept-call.h"
#include "daemon/question.h"

typedef int MethodHandler(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error);

typedef struct Method {
        const char *interface;
        const char *member;
        Right right;
        bool is_authored; /* who calls has to be known, whatever he may do; or it would overtake one for
                             which he has to be */
        MethodHandler *handler;
        const char *change; /* for people who are asked: what will happen; NULL where nobody is */
        QuestionDetail *detail;
} Method;

/* For a handler that answers later; FAILURE_LIMIT_EXCEEDED where the user has too many such calls. */
Failure *bus_keep_call(Bus *bus, const Caller *caller, sd_bus_message *call, KeptCall **ret);

/* NULL where there is no such method. */
const Method *method_find(sd_bus_message *call);
/* The handler of all methods; userdata is the Bus. */
int method_dispatch(sd_bus_message *call, void *userdata, sd_bus_error *error);
/* Serves a call whose turn it is; likewise. */
int method_serve(sd_bus_message *call, void *userdata, sd_bus_error *error);
