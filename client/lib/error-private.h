/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures of the model as errors of the library
 */
#pragma once

#include "daemon/model/failure.h"

/* Sets the error, which may be NULL, to what the failure says; takes the failure. */
void error_take_failure(GError **error, Failure *failure);
