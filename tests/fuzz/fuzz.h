/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a fuzzer is to the library that drives it
 *
 * One function that takes any bytes and comes back; what must hold is asserted in it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
