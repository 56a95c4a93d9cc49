/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Points at which tests stop a renewal, in a keeper that is built for them alone: KEYTURN_FAULT
 * is "POINT:kill", "POINT:stop" or "POINT:abort". Elsewhere the points are nothing at all.
 */

#ifdef KT_FAULT_POINTS
void kt_fault_point(const char *name);
#else
#define kt_fault_point(name) ((void)0)
#endif
