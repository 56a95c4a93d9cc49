/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A source of secrets in plain text: one file and one row of kt_import_*, beside its row of
 * helper/keeper/plain/plain_source.c, which says where its files lie.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/keeper/plain/plain_source.h"
#include "helper/keeper/setup/edit.h"
#include "helper/keeper/setup/target.h"
#include "keyring/credential.h"
#include "keyring/error.h"
#include "keyring/foreign.h"

enum kt_import_state {
	KT_IMPORT_NEW,    /* to be stored */
	KT_IMPORT_TWIN,   /* the secret of an item before, which is stored once */
	KT_IMPORT_STORED, /* in the keyring already */
	KT_IMPORT_LEFT,   /* not to be moved: reason and remedy say why */
	KT_IMPORT_TOLD,   /* no secret in plain text: command moves it */
};

/* One secret at one place. */
struct kt_import_item {
	struct kt_credential credential; /* to be stored */
	bool is_named;                   /* the file names the account; else we choose its name */
	char *name;                      /* the variable or member that held it; NULL: none */
	size_t line;                     /* from 1 */
	size_t start;                    /* of the part of the text that gives way */
	size_t length;
	enum kt_import_state state;
	bool needs_site;                 /* left, as nothing names the site of Coze that it is for */
	bool needs_host;                 /* left, as nothing names the service of its token */
	bool is_settled;                 /* its name and state are final */
	bool is_agreed;                  /* the person wants it moved */
	bool is_kept;                    /* stored, and read back */
	char *command;                   /* of an item that is told */
	struct kt_error reason;          /* of an item that is left, or told */
};

struct kt_import_source;

struct kt_import_file {
	const struct kt_import_source *source;
	const struct kt_plain_source *plain;
	const char *site; /* of tokens of Coze where the file names none; NULL: none is told */
	struct kt_setup_target target;
	struct kt_foreign_item foreign; /* of the keyring, in place of a file; its place NULL: none */
	struct kt_import_item *items;
	size_t count;
	bool is_out; /* the secrets that were kept are taken out of it */
};

struct kt_import_source {
	const char *name;  /* of the row in plain_source.c */
	const char *summary;
	const char *tool;  /* of keyturn setup, that makes its tool ask keyturn; NULL: none */
	bool is_whole;     /* the file holds nothing else: it goes, instead of a part of it */

	/* Adds the items of the target's content. NULL: of the keyring's (desktop.h). */
	bool (*read)(struct kt_import_file *file, struct kt_error *error);

	/* Adds the changes by which one item that is kept gives way. NULL where is_whole. */
	bool (*replace)(const struct kt_import_file *file, const struct kt_import_item *item,
	                struct kt_edits *edits, struct kt_error *error);

	/* The same of all of them at once, for a source whose items are not alone; else NULL. */
	bool (*replace_all)(const struct kt_import_file *file, struct kt_edits *edits,
	                    struct kt_error *error);
};

extern const struct kt_import_source kt_import_shell;
extern const struct kt_import_source kt_import_environment;
extern const struct kt_import_source kt_import_dotenv;
extern const struct kt_import_source kt_import_coze_app;
extern const struct kt_import_source kt_import_coze_cli;
extern const struct kt_import_source kt_import_cozepy;
extern const struct kt_import_source kt_import_git;
extern const struct kt_import_source kt_import_gh;
extern const struct kt_import_source kt_import_docker;
extern const struct kt_import_source kt_import_netrc;
extern const struct kt_import_source kt_import_npm;
extern const struct kt_import_source kt_import_pip;
extern const struct kt_import_source kt_import_uv;
extern const struct kt_import_source kt_import_cargo;
extern const struct kt_import_source kt_import_mcp;
extern const struct kt_import_source kt_import_oidc_agent;
extern const struct kt_import_source kt_import_pizauth;
extern const struct kt_import_source kt_import_desktop;
