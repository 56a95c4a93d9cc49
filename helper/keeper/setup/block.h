/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tools that ask keyturn by a block of lines at the end of their file. The plan's block has them;
 * the first one is their heading, which no other block of the file may have.
 */

#include "helper/keeper/setup/setup.h"

/* Adds the block. A file that is only looked at is known by the tool's mark. */
bool kt_setup_block_wire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                         struct kt_error *error);

/* Removes the block; where no account tells it, the one of the record. */
bool kt_setup_block_unwire(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                           struct kt_error *error);

/* The block stands in the text, at the beginning of a line: *place. */
bool kt_setup_block_find(const struct kt_secret *text, const char *block, size_t *place);

/* The plan's block with the line ends of the text. */
bool kt_setup_block_for(const struct kt_secret *text, const char *block, struct kt_secret *lines,
                        struct kt_error *error);

/* The tool asks keyturn, by a line that is no comment and has its mark. */
void kt_setup_block_look(struct kt_setup_plan *plan);

/* Refuses to touch the lines that stand there: a person changes them. */
bool kt_setup_block_refuse(const struct kt_setup_plan *plan, struct kt_error *error);

/* There is nothing of ours that could be told from the person's own lines. */
bool kt_setup_block_fail_undo(const struct kt_setup_plan *plan, struct kt_error *error);
