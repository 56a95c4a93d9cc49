/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Release on every return: KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
 * The function gets the variable's address; a zeroed variable is always fit for it.
 */

#include <dirent.h>
#include <unistd.h>

#define KT_CLEANUP(function) __attribute__((cleanup(function)))

/* How many elements an array has. */
#define KT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Closes a descriptor, unless it is -1, and sets it to -1. */
static inline void kt_descriptor_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

/* Closes a directory, unless it is NULL, and sets it to NULL. */
static inline void kt_directory_close(DIR **directory)
{
	if (*directory)
		closedir(*directory);
	*directory = NULL;
}
