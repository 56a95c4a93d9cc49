/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/seal.h"
#include "keyring/vault.h"
#include "keyring/vault_key.h"
#include "keyring/vault_open.h"
#include "tests/lib/scratch_vault.h"

int scratch_set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -1;
	*state = scratch;
	snprintf(scratch->directory, sizeof(scratch->directory), "/tmp/keyturn-test-XXXXXX");
	if (!mkdtemp(scratch->directory))
		return -1;
	snprintf(scratch->vault, sizeof(scratch->vault), "%s/vault", scratch->directory);
	snprintf(scratch->key_file, sizeof(scratch->key_file), "%s/key", scratch->directory);
	unsetenv("KEYTURN_VAULT_KEY_FILE");
	unsetenv("CREDENTIALS_DIRECTORY");
	return setenv("KEYTURN_VAULT", scratch->vault, 1);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int scratch_tear_down(void **state)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct scratch *scratch = *state;
	struct kt_error ignored = { 0 };

	setenv("KEYTURN_VAULT", scratch->vault, 1);
	if (kt_vault_read(&vault, &ignored))
		kt_vault_lock(&vault);
	nftw(scratch->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(scratch);
	return 0;
}

void scratch_create_vault(const struct scratch *scratch)
{
	struct kt_vault_options options = { .key_file = scratch->key_file };
	struct kt_error error = { 0 };

	assert_true(kt_vault_create(&options, &error));
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", scratch->vault, name);
	return path;
}

void scratch_read(const char *path, struct kt_secret *content)
{
	struct kt_error error = { 0 };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(descriptor >= 0);
	kt_secret_clear(content);
	assert_true(kt_secret_read(content, descriptor, 1 << 20, &error));
	close(descriptor);
}

void scratch_write(const char *path, const void *bytes, size_t length)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, length), length);
	close(descriptor);
}

size_t scratch_count_items(const struct scratch *scratch, char *name, size_t size)
{
	DIR *directory = opendir(scratch->vault);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, "vault.json") == 0)
			continue;
		if (name)
			snprintf(name, size, "%s", entry->d_name);
		count++;
	}
	closedir(directory);
	return count;
}

bool scratch_run_apart(bool (*body)(void *context), void *context)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body(context) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool scratch_forbid_kernel_keyring(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

const char *const *scratch_typed;
int scratch_questions;

static bool type_next(const struct kt_passphrase_question *question,
                      struct kt_secret *passphrase, struct kt_error *error)
{
	(void)question;
	scratch_questions++;
	return kt_secret_append_text(passphrase, *scratch_typed ? *scratch_typed++ : "", error);
}

const struct kt_keyring_options scratch_asking = {
	.may_prompt = true,
	.ask_passphrase = type_next,
};

void scratch_set_text(struct kt_secret *secret, const char *text)
{
	struct kt_error error = { 0 };

	assert_true(kt_secret_set(secret, text, strlen(text), &error));
}

enum kt_error_code scratch_open_vault(const struct kt_keyring_options *options,
                                      struct kt_secret *key, struct kt_error *error)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	bool opened;

	kt_error_clear(error);
	opened = kt_vault_read(&vault, error) && kt_vault_open_key(&vault, options, key, error);
	assert_int_equal(opened, error->code == KT_ERROR_NONE);
	assert_int_equal(opened, !kt_secret_is_empty(key));
	return error->code;
}

void scratch_lock_vault(void)
{
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error error = { 0 };

	assert_true(kt_vault_read(&vault, &error));
	kt_vault_lock(&vault);
	assert_false(kt_vault_is_open(&vault));
}

/* A hundredth of some 0.4 s is left. */
#define LESS_BY_BITS 7

bool __real_kt_seal_stretch(const struct kt_secret *passphrase, const struct kt_secret *salt,
                            const struct kt_seal_cost *cost, struct kt_secret *key,
                            struct kt_error *error);
bool __wrap_kt_seal_stretch(const struct kt_secret *passphrase, const struct kt_secret *salt,
                            const struct kt_seal_cost *cost, struct kt_secret *key,
                            struct kt_error *error);

bool __wrap_kt_seal_stretch(const struct kt_secret *passphrase, const struct kt_secret *salt,
                            const struct kt_seal_cost *cost, struct kt_secret *key,
                            struct kt_error *error)
{
	struct kt_seal_cost less = *cost;

	if (kt_seal_is_bounded(cost) && less.n >> LESS_BY_BITS > 1)
		less.n >>= LESS_BY_BITS;
	return __real_kt_seal_stretch(passphrase, salt, &less, key, error);
}
