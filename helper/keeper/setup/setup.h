/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Tools that keyturn setup wires: each is one file and one row. A tool has one file that it reads,
 * and a few lines in it that make it ask keyturn. A plan is made first, is shown, and is then
 * carried out or dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "helper/keeper/keeper.h"
#include "helper/keeper/setup/account.h"
#include "helper/keeper/setup/record.h"
#include "helper/keeper/setup/target.h"
#include "helper/libexec.h"
#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_SETUP_NOTES 8

struct kt_setup_tool;

struct kt_setup_plan {
	const struct kt_setup_tool *tool;
	struct kt_setup_target target;
	struct kt_secret content; /* what is to stand there */
	struct kt_secret block;   /* the lines that come, where they are others than the tool's */
	const struct kt_setup_account *account; /* borrowed; NULL: none is known */
	bool is_asked;            /* the file has keyturn asked as it is */
	bool has_rivals;          /* others are asked beside it */
	bool is_lost;             /* by the name of a program that is in no directory of PATH */
	bool is_change;           /* else all is as it is to be */
	bool is_undo;
	bool is_look;             /* the file alone is looked at, not the keyring */
	bool removes;             /* the file goes: it was not there before */
	bool is_exact;            /* the file is as setup left it, and gets its old bytes */
	bool has_record;
	struct kt_setup_record record;
	char *notes[KT_SETUP_NOTES]; /* what a person should know of it: whole sentences */
	size_t note_count;
};

struct kt_setup_setting;

struct kt_setup_tool {
	const char *name;
	const char *summary; /* what it asks keyturn for */
	const char *program; /* that it starts: it has to be in a directory of PATH */
	const char *block;   /* the lines that it needs, as they stand in an empty file; or NULL */
	const struct kt_setup_setting *setting; /* the one that asks, where one does (setting.h) */
	const char *mark;    /* a text of its lines for keyturn, where make() has them */
	enum kt_libexec_program libexec; /* where that lies, if not beside keyturn; 0: it does */
	bool takes_account;  /* it gets the token of one account, whose name stands in the file */
	mode_t mode;         /* of a new file */

	/* The file that the tool reads, as an absolute path. */
	bool (*locate)(char **path, struct kt_error *error);

	/* The block of lines, for the account; NULL where block has them. */
	bool (*make)(struct kt_setup_plan *plan, struct kt_error *error);

	/* From the target as it was read: content, is_change, is_asked, has_rivals and is_lost. */
	bool (*wire)(struct kt_setup_plan *plan, struct kt_keeper *keeper,
	             struct kt_error *error);

	/* The same without keyturn's lines, for a file that was changed since, or by hand. */
	bool (*unwire)(struct kt_setup_plan *plan, struct kt_keeper *keeper,
	               struct kt_error *error);

	/* The tool itself sees it as wire meant it; NULL where that cannot be asked. */
	bool (*check)(struct kt_setup_plan *plan, struct kt_keeper *keeper, struct kt_error *error);

	/* What the tool needs beside its file, made or undone once that is written; or NULL. */
	bool (*finish)(struct kt_setup_plan *plan, struct kt_error *error);
};

extern const struct kt_setup_tool kt_setup_git;
extern const struct kt_setup_tool kt_setup_docker;
extern const struct kt_setup_tool kt_setup_podman;
extern const struct kt_setup_tool kt_setup_mutt;
extern const struct kt_setup_tool kt_setup_go;
extern const struct kt_setup_tool kt_setup_cargo;
extern const struct kt_setup_tool kt_setup_terraform;
extern const struct kt_setup_tool kt_setup_bazel;
extern const struct kt_setup_tool kt_setup_aws;
extern const struct kt_setup_tool kt_setup_pip;
extern const struct kt_setup_tool kt_setup_uv;
extern const struct kt_setup_tool kt_setup_pnpm;
extern const struct kt_setup_tool kt_setup_kubernetes;
extern const struct kt_setup_tool kt_setup_claude;
extern const struct kt_setup_tool kt_setup_claude_mcp;
extern const struct kt_setup_tool kt_setup_codex;

/* All rows, in the order of help; count tells how many. */
const struct kt_setup_tool *const *kt_setup_tools(size_t *count);

/* The row of that name; an unknown one is KT_ERROR_USAGE. */
bool kt_setup_find(const char *name, const struct kt_setup_tool **tool, struct kt_error *error);

/* Appends a list of the tools, for help. */
bool kt_setup_describe(struct kt_secret *output, struct kt_error *error);

/* Reads the tool's file and says how it stands; the keyring is not asked. */
bool kt_setup_plan_look(struct kt_setup_plan *plan, const struct kt_setup_tool *tool,
                        struct kt_keeper *keeper, struct kt_error *error);

/*
 * Reads it and says what is to be done; nothing is changed. A tool that takes an account has to be
 * given one, but for an undo.
 */
bool kt_setup_plan_make(struct kt_setup_plan *plan, const struct kt_setup_tool *tool,
                        const struct kt_setup_account *account, bool is_undo,
                        struct kt_keeper *keeper, struct kt_error *error);

/*
 * Carries the plan out: keeps what is replaced, then replaces the file, and puts it back if the
 * tool does not see it as it was meant.
 */
bool kt_setup_plan_carry_out(struct kt_setup_plan *plan, struct kt_keeper *keeper,
                             struct kt_error *error);

/* Notes in the record that setup made this; asks a record that was found for it. */
bool kt_setup_plan_set_made(struct kt_setup_plan *plan, const char *word, struct kt_error *error);
bool kt_setup_plan_has_made(const struct kt_setup_plan *plan, const char *word);

/* Adds a sentence for the person; those that find no room are dropped. */
bool kt_setup_plan_note(struct kt_setup_plan *plan, struct kt_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells the sentences on stderr. */
void kt_setup_plan_tell(const struct kt_setup_plan *plan);

/* Adds to the block of lines. */
bool kt_setup_plan_add(struct kt_setup_plan *plan, struct kt_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The tool finds the program that it starts, and it is keyturn's. */
bool kt_setup_finds_program(const struct kt_setup_tool *tool);

/* It does not: says so, with what is to be done. */
bool kt_setup_fail_lost(const struct kt_setup_tool *tool, struct kt_error *error);

/* A program of this name is in a directory of PATH. */
bool kt_setup_has_program(const char *program);

/* Its whole path, in which no blank may be. */
bool kt_setup_find_program(const char *program, char **path, struct kt_error *error);

/*
 * The file that a tool reads: what the variable names; else the name's last part in the directory
 * that the other variable names; else the name, from the home directory. Either may be NULL.
 */
bool kt_setup_locate(char **path, const char *file_variable, const char *directory_variable,
                     const char *name, struct kt_error *error);

/* The same for a name in ~/.config. */
bool kt_setup_locate_config(char **path, const char *file_variable, const char *name,
                            struct kt_error *error);

/* For KT_CLEANUP. */
void kt_setup_plan_clear(struct kt_setup_plan *plan);
