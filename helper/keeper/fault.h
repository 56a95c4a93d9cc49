/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Points at which tests stop a renewal (./configure --enable-fault-points): KEYTURN_FAULT is
 * "POINT:kill", "POINT:stop" or "POINT:abort". Elsewhere the points are nothing at all.
 */

#include "config.h"

#ifdef KT_FAULT_POINTS
void kt_fault_point(const char *name);
#else
#define kt_fault_point(name) ((void)0)
#endif
