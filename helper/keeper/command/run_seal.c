/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/become.h"
#include "helper/keeper/command/run_seal.h"
#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/vault_header.h"

static bool check_program(struct kt_error *error)
{
	if (access(kt_libexec_path(KT_LIBEXEC_SEAL), X_OK) == 0)
		return true;
	kt_fail(error, KT_ERROR_UNAVAILABLE,
	        "run: --sealed: this keyturn was built without a seal, or it is not installed");
	return kt_advise(error, "install keyturn again; one that is built by hand needs libseccomp "
	                 "(Debian: libseccomp-dev)");
}

bool kt_run_seal_check(const struct kt_run_seal *seal, struct kt_error *error)
{
	bool has_places = seal->keep[0] || seal->write[0] || seal->is_read_only;

	if (!seal->kind)
		return !has_places || kt_fail(error, KT_ERROR_USAGE, "run: --keep, --write and "
		                              "--read-only are about --sealed");
	if (*seal->kind && strcmp(seal->kind, "basic") != 0)
		return kt_fail(error, KT_ERROR_USAGE, "run: --sealed takes no value but basic");
	if (*seal->kind && has_places)
		return kt_fail(error, KT_ERROR_USAGE,
		               "run: --sealed=basic knows no --keep, --write or --read-only");
	if (seal->write[0] && !seal->is_read_only)
		return kt_fail(error, KT_ERROR_USAGE, "run: --write is about --read-only");
	return check_program(error);
}

/* Where keyturn has something, whatever the environment says: the seal hides it. */
struct hidden {
	char *config;
	char *data;
	char *state;
	struct kt_vault vault;
};

static void hidden_clear(struct hidden *hidden)
{
	kt_text_free(&hidden->config);
	kt_text_free(&hidden->data);
	kt_text_free(&hidden->state);
	kt_vault_clear(&hidden->vault);
}

/* A place that cannot be found out holds nothing. */
static void find_hidden(struct hidden *hidden)
{
	struct kt_error ignored[4] = { 0 };
	bool found;

	kt_environment_config_directory(&hidden->config, &ignored[0]);
	kt_environment_data_directory(&hidden->data, &ignored[1]);
	kt_environment_state_directory(&hidden->state, &ignored[2]);
	kt_vault_find(&hidden->vault, &found, &ignored[3]);
}

struct words {
	char **items;
	size_t count;
};

static void words_free(struct words *words)
{
	free(words->items);
}

static void add(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	words->items[words->count++] = (char *)option;
	words->items[words->count++] = (char *)value;
}

/* The number of a descriptor that a variable of the command names, as with --app; else NULL. */
static const char *find_descriptor(void)
{
	char start[40];
	size_t length = (size_t)snprintf(start, sizeof(start), "/proc/%ld/fd/", (long)getpid());

	for (char **variable = environ; *variable; variable++) {
		const char *value = strchr(*variable, '=');

		if (value && strncmp(value + 1, start, length) == 0)
			return value + 1 + length;
	}
	return NULL;
}

static void fill(struct words *words, const struct kt_run_seal *seal, const struct hidden *hidden,
                 char **command)
{
	const char *home = kt_environment_passwd_home();

	words->items[words->count++] = (char *)kt_libexec_path(KT_LIBEXEC_SEAL);
	if (*seal->kind)
		words->items[words->count++] = (char *)"--basic";
	if (seal->is_read_only)
		words->items[words->count++] = (char *)"--read-only";
	if (home && !kt_text_is_equal(home, kt_environment_get("HOME")))
		add(words, "--home", home);
	add(words, "--descriptor", find_descriptor());
	add(words, "--hide", hidden->config);
	add(words, "--hide", hidden->data);
	add(words, "--hide", hidden->state);
	add(words, "--hide", hidden->vault.directory);
	for (size_t i = 0; i < hidden->vault.count; i++)
		if (hidden->vault.slots[i].way == KT_VAULT_KEY_FILE)
			add(words, "--hide", hidden->vault.slots[i].source);
	for (size_t i = 0; i < KT_RUN_SEAL_PLACES; i++) {
		add(words, "--keep", seal->keep[i]);
		add(words, "--write", seal->write[i]);
	}
	words->items[words->count++] = (char *)"--";
	while (*command)
		words->items[words->count++] = *command++;
}

int kt_run_seal_become(const struct kt_run_seal *seal, char **command, struct kt_error *error)
{
	KT_CLEANUP(hidden_clear) struct hidden hidden = { 0 };
	KT_CLEANUP(words_free) struct words words = { 0 };
	size_t count = 0;

	if (!seal->kind)
		return kt_become(command, error);
	while (command[count])
		count++;
	words.items = calloc(count + 4 * KT_RUN_SEAL_PLACES + 2 * KT_VAULT_SLOTS + 20,
	                     sizeof(char *));
	if (!words.items) {
		kt_fail_memory(error);
		return KT_BECOME_OURS;
	}
	find_hidden(&hidden);
	fill(&words, seal, &hidden, command);
	execv(words.items[0], words.items);
	kt_fail(error, KT_ERROR_UNAVAILABLE, "run: the seal cannot be started: %s", strerror(errno));
	kt_advise(error, "install keyturn again");
	return KT_BECOME_OURS;
}
