/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * malloc and its kin for libraries that secrets pass through (cJSON, libcurl): each block is
 * wiped before it is freed. A block of these is freed by kt_wiping_free() alone.
 */

#include <stddef.h>

void *kt_wiping_malloc(size_t size);
void *kt_wiping_calloc(size_t count, size_t size);
void *kt_wiping_realloc(void *bytes, size_t size);
char *kt_wiping_strdup(const char *text);
void kt_wiping_free(void *bytes);
