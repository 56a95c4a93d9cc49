/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Release on every return: KT_CLEANUP(kt_secret_clear) struct kt_secret token = { 0 };
 * The function gets the variable's address; a zeroed variable is always fit for it.
 */

#define KT_CLEANUP(function) __attribute__((cleanup(function)))
