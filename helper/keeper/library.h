/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Libraries that few calls need, opened by those: linked, they would cost every start of the
 * keeper. Where one is not installed, its caller does without it.
 */

#include <stdbool.h>

/* Opens the library of this name ("libqrencode.so.4"). NULL: it is not there. */
void *kt_library_open(const char *name);

/* Sets the function pointer at which function points. False: library is NULL, or has none. */
bool kt_library_find(void *library, const char *name, void *function);

/* For KT_CLEANUP; its functions are gone afterwards. */
void kt_library_close(void **library);
