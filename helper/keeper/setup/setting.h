/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tools that ask keyturn by one setting: a line NAME = VALUE, in a section of a file like pip.conf
 * or before the first table of a TOML file. The line alone is written.
 */

#include "helper/keeper/setup/setup.h"

struct kt_setup_setting {
	const char *section; /* "[global]"; NULL: before the first table */
	const char *name;
	const char *value;   /* as it stands there, with its quotes */
};

/*
 * For a row: sets the tool's setting; a value that was another one is told and noted. A file of
 * another form is refused.
 */
bool kt_setup_setting_wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                           struct kt_error *error);

/* For a row: puts back what the record tells, or removes the line. */
bool kt_setup_setting_unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                             struct kt_error *error);
