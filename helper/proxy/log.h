/* SPDX-License-Identifier: MIT */
#pragma once

/* The record of --log: one line a request, without queries, fields and bodies. */

#include <stdbool.h>
#include <stdint.h>

#include "helper/proxy/buffer.h"

/* The record of one request. */
struct kt_log_entry {
	struct kt_buffer label; /* METHOD PATH; empty: they could not be read */
	int status;             /* 0: there was no answer */
	uint64_t up;            /* bytes of the body */
	uint64_t down;
	int64_t begun;          /* by kt_clock_monotonic() */
	bool is_retried;
};

/* Appends one line to descriptor; -1: none is kept. */
void kt_log_write(int descriptor, const struct kt_log_entry *entry);
