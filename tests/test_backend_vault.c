/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/vault.h"
#include "tests/lib/on_backend.h"
#include "tests/lib/scratch_vault.h"
#include "tests/lib/skip.h"
#include "tests/lib/unconst.h"

#define CANARY "pat_CanaryThatMustNotBeSeen"
#define NAME_SIZE 128

static const struct kt_backend *const backend = &kt_backend_vault;

static void close_backend(void **state)
{
	if (*state)
		backend->close(*state);
}

/* An open backend for one block. */
#define OPEN_VAULT(name) \
	KT_CLEANUP(close_backend) void *name = open_backend()

static void *open_backend(void)
{
	const struct kt_keyring_options options = { 0 };
	struct kt_error error = { 0 };
	void *state = NULL;

	assert_true(backend->open(&state, &options, &error));
	return state;
}

static bool fill(struct kt_credential *credential, const char *username, const char *host,
                 const char *path, const char *token)
{
	struct kt_error error = { 0 };

	credential->kind = KT_KIND_PAT;
	return kt_text_set(&credential->identity.protocol, "https", &error) &&
	       kt_text_set(&credential->identity.host, host, &error) &&
	       kt_text_set(&credential->identity.path, path, &error) &&
	       kt_text_set(&credential->identity.username, username, &error) &&
	       kt_secret_set(&credential->token, token, strlen(token), &error);
}

static bool try_store(void *vault, const char *username, const char *host, const char *path,
                      const char *token, struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	return fill(&credential, username, host, path, token) &&
	       on_backend_store(backend, vault, &credential, error);
}

static void store(void *vault, const char *username, const char *host, const char *path,
                  const char *token)
{
	struct kt_error error = { 0 };

	assert_true(try_store(vault, username, host, path, token, &error));
}

/* Texts of a pattern are borrowed. */
static struct kt_identity pattern_of(const char *username, const char *host, const char *path)
{
	return (struct kt_identity){
		.protocol = host ? unconst("https") : NULL,
		.host = unconst(host),
		.path = unconst(path),
		.username = unconst(username),
	};
}

static bool try_search(void *vault, const char *username, const char *host, const char *path,
                       struct kt_credentials *found)
{
	const struct kt_identity pattern = pattern_of(username, host, path);
	struct kt_error error = { 0 };

	return on_backend_search(backend, vault, &pattern, found, &error);
}

static void assert_found(void *vault, const char *username, const char *host, const char *path,
                         size_t count, size_t corrupt)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	assert_true(try_search(vault, username, host, path, &found));
	assert_int_equal(found.count, count);
	assert_int_equal(found.corrupt, corrupt);
}

static bool has_token(void *vault, const char *username, const char *token)
{
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };

	return try_search(vault, username, "api.coze.cn", "", &found) && found.count == 1 &&
	       found.corrupt == 0 && strcmp(kt_secret_reveal(&found.items[0].token), token) == 0;
}

/* One account in a new vault; its file's path is good until the next scratch_path(). */
static const char *create_with_one_item(const struct scratch *scratch)
{
	char name[NAME_SIZE];

	scratch_create_vault(scratch);
	OPEN_VAULT(vault);
	store(vault, "main", "api.coze.cn", "", CANARY);
	assert_int_equal(scratch_count_items(scratch, name, sizeof(name)), 1);
	return scratch_path(scratch, name);
}

static void item_is_found_replaced_and_erased_by_its_identity(void **state)
{
	const struct scratch *scratch = *state;
	struct kt_identity identity = pattern_of("main", "api.coze.cn", "");
	struct kt_error error = { 0 };

	scratch_create_vault(scratch);
	OPEN_VAULT(vault);
	assert_found(vault, "main", "api.coze.cn", "", 0, 0);

	store(vault, "main", "api.coze.cn", "", "first");
	store(vault, "main", "api.coze.cn", "repository", "other");
	assert_true(has_token(vault, "main", "first"));
	store(vault, "main", "api.coze.cn", "", "second");
	assert_true(has_token(vault, "main", "second"));
	assert_int_equal(scratch_count_items(scratch, NULL, 0), 2);

	assert_true(on_backend_erase(backend, vault, &identity, &error));
	assert_true(on_backend_erase(backend, vault, &identity, &error));
	assert_found(vault, "main", "api.coze.cn", "", 0, 0);
	assert_found(vault, NULL, NULL, NULL, 1, 0);
}

static void every_partial_request_is_answered(void **state)
{
	struct kt_identity host_alone = { .host = unconst("api.coze.cn") };
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_error error = { 0 };

	scratch_create_vault(*state);
	OPEN_VAULT(vault);
	store(vault, "main", "api.coze.cn", "", "1");
	store(vault, "work", "api.coze.cn", "", "2");
	store(vault, "work", "api.coze.com", "", "3");
	store(vault, "work", "api.coze.cn", "a/path", "4");

	assert_found(vault, NULL, NULL, NULL, 4, 0);
	assert_found(vault, "work", NULL, NULL, 3, 0);
	assert_found(vault, NULL, "api.coze.cn", NULL, 3, 0);
	assert_found(vault, NULL, "api.coze.cn", "", 2, 0);
	assert_found(vault, "work", "api.coze.cn", NULL, 2, 0);
	assert_found(vault, NULL, NULL, "a/path", 1, 0);
	assert_found(vault, "work", "api.coze.cn", "a/path", 1, 0);
	assert_found(vault, "", "api.coze.cn", NULL, 0, 0);
	assert_true(on_backend_search(backend, vault, &host_alone, &found, &error));
	assert_int_equal(found.count, 3);
}

static void nothing_is_in_clear_on_disk(void **state)
{
	static const char *const words[] = { CANARY, "pat_", "main-account", "api.coze", "https",
	                                     "repository" };
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	char name[NAME_SIZE];
	const char *path;

	scratch_create_vault(scratch);
	OPEN_VAULT(vault);
	store(vault, "main-account", "api.coze.cn", "repository", CANARY);
	assert_int_equal(scratch_count_items(scratch, name, sizeof(name)), 1);
	path = scratch_path(scratch, name);
	scratch_read(path, &content);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_null(memmem(kt_secret_reveal(&content), kt_secret_length(&content), words[i],
		                   strlen(words[i])));
		assert_null(strstr(name, words[i]));
	}
}

static void every_flipped_bit_of_an_item_is_noticed_and_left_alone(void **state)
{
	const char *path = create_with_one_item(*state);
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret after = { 0 };
	struct kt_error error = { 0 };

	OPEN_VAULT(vault);
	scratch_read(path, &content);
	for (size_t bit = 0; bit < 8 * kt_secret_length(&content); bit++) {
		content.bytes[bit / 8] = (char)(content.bytes[bit / 8] ^ (1 << bit % 8));
		scratch_write(path, kt_secret_reveal(&content), kt_secret_length(&content));
		assert_found(vault, "main", "api.coze.cn", "", 0, 1);
		content.bytes[bit / 8] = (char)(content.bytes[bit / 8] ^ (1 << bit % 8));
	}
	assert_true(kt_secret_append(&content, "x", 1, &error));
	scratch_write(path, kt_secret_reveal(&content), kt_secret_length(&content));
	assert_found(vault, NULL, NULL, NULL, 0, 1);

	scratch_read(path, &after);
	assert_true(kt_secret_is_equal(&after, &content));
}

static void truncated_items_are_noticed(void **state)
{
	const char *path = create_with_one_item(*state);
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };

	OPEN_VAULT(vault);
	scratch_read(path, &content);
	for (size_t length = 0; length < kt_secret_length(&content); length++) {
		scratch_write(path, kt_secret_reveal(&content), length);
		assert_found(vault, "main", "api.coze.cn", "", 0, 1);
	}
}

static void damage_of_one_item_leaves_the_others(void **state)
{
	const char *path = create_with_one_item(*state);

	OPEN_VAULT(vault);
	scratch_write(path, "damaged", 7);
	store(vault, "work", "api.coze.cn", "", "whole");

	assert_found(vault, NULL, NULL, NULL, 1, 1);
	assert_found(vault, "work", NULL, NULL, 1, 0);
	assert_true(has_token(vault, "work", "whole"));
	store(vault, "main", "api.coze.cn", "", "mended");
	assert_found(vault, NULL, NULL, NULL, 2, 0);
}

static void endless_or_foreign_file_in_an_items_place_is_damage(void **state)
{
	const struct scratch *scratch = *state;
	const char *path = create_with_one_item(scratch);
	char moved[96];

	snprintf(moved, sizeof(moved), "%s/moved", scratch->directory);
	OPEN_VAULT(vault);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	assert_found(vault, "main", "api.coze.cn", "", 0, 1);
	assert_int_equal(rename(moved, path), 0);
	assert_found(vault, "main", "api.coze.cn", "", 1, 0);

	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_found(vault, "main", "api.coze.cn", "", 0, 1);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_found(vault, "main", "api.coze.cn", "", 0, 1);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_found(vault, "main", "api.coze.cn", "", 0, 1);
	assert_int_equal(rmdir(path), 0);
}

static void swapped_and_renamed_items_are_noticed(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_text_free) char *first =
		strdup(create_with_one_item(scratch));
	KT_CLEANUP(kt_text_free) char *second = strdup(first ? first : "");
	const char *stray = scratch_path(scratch, "a-copy");
	size_t last;

	assert_non_null(first);
	assert_non_null(second);
	last = strlen(second) - 1;
	second[last] = second[last] == '0' ? '1' : '0';
	OPEN_VAULT(vault);

	assert_int_equal(rename(first, second), 0);
	assert_found(vault, NULL, NULL, NULL, 0, 1);
	/*
	 * A name that no item can have makes it a stray file, which does not count as a damaged
	 * account.
	 */
	assert_int_equal(rename(second, stray), 0);
	assert_found(vault, NULL, NULL, NULL, 0, 0);
	assert_int_equal(rename(stray, first), 0);
	assert_found(vault, NULL, NULL, NULL, 1, 0);

	store(vault, "work", "api.coze.cn", "", "work's");
	{
		KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
		KT_CLEANUP(kt_secret_clear) struct kt_secret ours = { 0 };
		char name[NAME_SIZE];

		scratch_read(first, &ours);
		assert_int_equal(unlink(first), 0);
		assert_int_equal(scratch_count_items(scratch, name, sizeof(name)), 1);
		scratch_read(scratch_path(scratch, name), &content);
		scratch_write(first, kt_secret_reveal(&content), kt_secret_length(&content));
		scratch_write(scratch_path(scratch, name), kt_secret_reveal(&ours),
		              kt_secret_length(&ours));
	}
	assert_found(vault, NULL, NULL, NULL, 0, 2);
	assert_found(vault, "main", "api.coze.cn", "", 0, 1);
}

/* A new header could open none of them, and would hide that a backup of the old one can. */
static void no_vault_is_made_over_items(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret header = { 0 };
	struct kt_vault_options options = { .key_file = scratch->key_file };
	KT_CLEANUP(kt_vault_clear) struct kt_vault vault = { 0 };
	struct kt_error created = { 0 };
	struct kt_error read = { 0 };

	create_with_one_item(scratch);
	scratch_read(scratch_path(scratch, "vault.json"), &header);
	assert_int_equal(unlink(scratch_path(scratch, "vault.json")), 0);

	assert_false(kt_vault_create(&options, &created));
	assert_false(kt_vault_read(&vault, &read));
	assert_int_equal(created.code, KT_ERROR_CORRUPT);
	assert_int_equal(read.code, KT_ERROR_CORRUPT);
	assert_non_null(strstr(created.remedy, "backup"));
	assert_non_null(strstr(read.remedy, "backup"));

	scratch_write(scratch_path(scratch, "vault.json"), kt_secret_reveal(&header),
	              kt_secret_length(&header));
	OPEN_VAULT(again);
	assert_found(again, "main", "api.coze.cn", "", 1, 0);
}

static void item_of_another_vault_is_damage(void **state)
{
	const struct scratch *scratch = *state;
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	char name[NAME_SIZE];

	scratch_read(create_with_one_item(scratch), &content);
	assert_int_equal(scratch_count_items(scratch, name, sizeof(name)), 1);
	assert_int_equal(unlink(scratch_path(scratch, name)), 0);
	assert_int_equal(unlink(scratch_path(scratch, "vault.json")), 0);
	scratch_create_vault(scratch);
	scratch_write(scratch_path(scratch, name), kt_secret_reveal(&content),
	              kt_secret_length(&content));
	OPEN_VAULT(vault);

	assert_found(vault, NULL, NULL, NULL, 0, 1);
	assert_found(vault, "main", "api.coze.cn", "", 0, 0);
}

static void foreign_files_are_ignored_and_stale_temporaries_swept(void **state)
{
	const struct scratch *scratch = *state;
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	KT_CLEANUP(kt_text_free) char *item = strdup(create_with_one_item(scratch));
	char stale[600];
	char fresh[600];

	assert_non_null(item);
	snprintf(stale, sizeof(stale), "%s.abcdef", item);
	snprintf(fresh, sizeof(fresh), "%s.ghijkl", item);
	scratch_write(stale, "half", 4);
	scratch_write(fresh, "half", 4);
	scratch_write(scratch_path(scratch, "README"), "notes", 5);
	scratch_write(scratch_path(scratch, "vault.json.123456"), "half", 4);
	assert_int_equal(utimensat(AT_FDCWD, stale, old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch_path(scratch, "vault.json.123456"), old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch_path(scratch, "README"), old, 0), 0);
	OPEN_VAULT(vault);
	assert_found(vault, NULL, NULL, NULL, 1, 0);

	store(vault, "main", "api.coze.cn", "", "new");

	assert_int_equal(access(stale, F_OK), -1);
	assert_int_equal(access(scratch_path(scratch, "vault.json.123456"), F_OK), -1);
	assert_int_equal(access(fresh, F_OK), 0);
	assert_int_equal(access(scratch_path(scratch, "README"), F_OK), 0);
	assert_found(vault, NULL, NULL, NULL, 1, 0);
}

/* Storing fails as it must, and the old item stands alone. */
static bool is_refused_without_trace(const struct scratch *scratch, void *vault,
                                     const char *token)
{
	struct kt_error error = { 0 };

	return !try_store(vault, "main", "api.coze.cn", "", token, &error) &&
	       error.code == KT_ERROR_UNAVAILABLE && error.remedy[0] != '\0' &&
	       has_token(vault, "main", CANARY) && scratch_count_items(scratch, NULL, 0) == 1;
}

static bool store_beyond_the_file_size_limit(void *context)
{
	const struct rlimit limit = { 100, 100 };

	OPEN_VAULT(vault);
	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       is_refused_without_trace(context, vault, "new");
}

static void write_that_fails_leaves_the_old_item_alone(void **state)
{
	create_with_one_item(*state);

	assert_true(scratch_run_apart(store_beyond_the_file_size_limit, *state));
}

/* A file that takes what is left of the file system. */
static bool fill_up(const char *path)
{
	static const char block[4096];
	int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (descriptor < 0)
		return false;
	while (write(descriptor, block, sizeof(block)) > 0)
		;
	close(descriptor);
	return errno == ENOSPC;
}

/* Status of the child: 77 where mounting is not allowed here. */
static int use_a_small_disk(struct scratch *scratch)
{
	char filler[96];
	struct kt_error error = { 0 };
	struct kt_identity identity = pattern_of("main", "api.coze.cn", "");

	snprintf(filler, sizeof(filler), "%s/filler", scratch->directory);
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", scratch->directory, "tmpfs", 0, "size=64k,mode=0700") != 0)
		return 77;
	create_with_one_item(scratch);
	OPEN_VAULT(vault);
	if (!fill_up(filler) || !is_refused_without_trace(scratch, vault, "new"))
		return 1;
	if (unlink(filler) != 0 || !try_store(vault, "main", "api.coze.cn", "", CANARY, &error))
		return 2;
	if (mount("none", scratch->directory, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) != 0 ||
	    !is_refused_without_trace(scratch, vault, "new"))
		return 3;
	if (on_backend_erase(backend, vault, &identity, &error) || error.code != KT_ERROR_UNAVAILABLE)
		return 4;
	return has_token(vault, "main", CANARY) ? 0 : 5;
}

static void full_or_read_only_disk_leaves_the_old_item_alone(void **state)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(use_a_small_disk(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip_because("needs root, to mount a file system");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void locked_vault_is_not_an_empty_one(void **state)
{
	const struct scratch *scratch = *state;
	const struct kt_identity pattern = { 0 };
	KT_CLEANUP(kt_credentials_clear) struct kt_credentials found = { 0 };
	struct kt_error error = { 0 };
	bool open = true;

	create_with_one_item(scratch);
	assert_int_equal(unlink(scratch->key_file), 0);
	OPEN_VAULT(vault);
	assert_true(backend->is_open(vault, &open, &error));
	assert_true(open);

	assert_true(backend->lock(vault, &error));

	assert_true(backend->is_open(vault, &open, &error));
	assert_false(open);
	assert_false(on_backend_search(backend, vault, &pattern, &found, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	kt_error_clear(&error);
	assert_false(try_store(vault, "main", "api.coze.cn", "", "new", &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
	kt_error_clear(&error);
	assert_false(backend->unlock(vault, &error));
	assert_int_equal(error.code, KT_ERROR_LOCKED);
}

static void missing_vault_is_unavailable(void **state)
{
	const struct kt_keyring_options options = { 0 };
	struct kt_error error = { 0 };
	void *vault = NULL;

	(void)state;
	assert_false(backend->open(&vault, &options, &error));
	assert_null(vault);
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
	assert_string_equal(error.remedy, "run: keyturn vault create");
}

static bool type_passphrase(const struct kt_passphrase_question *question,
                            struct kt_secret *passphrase, struct kt_error *error)
{
	(void)question;
	return kt_secret_append_text(passphrase, "correct horse", error);
}

static bool unlock_in_a_container(void *context)
{
	const struct kt_keyring_options options = { .may_prompt = true,
	                                            .ask_passphrase = type_passphrase };
	struct kt_error error = { 0 };
	void *vault = NULL;
	bool as_promised;

	(void)context;
	if (!scratch_forbid_kernel_keyring() || !backend->open(&vault, &options, &error))
		return false;
	as_promised = !backend->unlock(vault, &error) && error.code == KT_ERROR_UNAVAILABLE &&
	              strstr(error.message, "kernel keyring") && error.remedy[0] != '\0';
	backend->close(vault);
	return as_promised;
}

static void unlock_that_cannot_last_says_so(void **state)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret passphrase = { 0 };
	const struct kt_vault_options options = { .passphrase = &passphrase };
	struct kt_error error = { 0 };

	(void)state;
	assert_true(type_passphrase(NULL, &passphrase, &error));
	assert_true(kt_vault_create(&options, &error));

	assert_true(scratch_run_apart(unlock_in_a_container, NULL));
}

static void login_too_large_is_refused_before_anything_is_written(void **state)
{
	KT_CLEANUP(kt_text_free) char *token = calloc(1, 1 << 20);
	struct kt_error error = { 0 };

	create_with_one_item(*state);
	assert_non_null(token);
	memset(token, 'x', (1 << 20) - 1);
	OPEN_VAULT(vault);

	assert_false(try_store(vault, "main", "api.coze.cn", "", token, &error));
	assert_int_equal(error.code, KT_ERROR_USAGE);
	assert_true(has_token(vault, "main", CANARY));
}

/* As two callers do that take no lock: none of them looks whether its own is there. */
static bool write_item(void *vault, const char *username, const char *token,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_credential_clear) struct kt_credential credential = { 0 };

	return fill(&credential, username, "api.coze.cn", "", token) &&
	       backend->store(vault, &credential, NULL, error);
}

/* Stores of one process: the account both share, and one of its own. */
static bool store_often(const char *own, const char *token, int rounds)
{
	struct kt_error error = { 0 };

	OPEN_VAULT(vault);
	for (int i = 0; i < rounds; i++)
		if (!write_item(vault, "main", token, &error) ||
		    !write_item(vault, own, token, &error))
			return false;
	return true;
}

static pid_t start_storing(const char *own, const char *token, int rounds)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(store_often(own, token, rounds) ? 0 : 1);
	return child;
}

static void two_writers_never_leave_half_a_file(void **state)
{
	const struct scratch *scratch = *state;
	pid_t children[2];
	int running = 2;

	create_with_one_item(scratch);
	children[0] = start_storing("first", "token of the first", 100);
	children[1] = start_storing("second", "another token, of the second", 100);
	OPEN_VAULT(vault);

	while (running > 0) {
		int status = 0;

		assert_found(vault, "main", "api.coze.cn", "", 1, 0);
		if (waitpid(children[running - 1], &status, WNOHANG) == 0)
			continue;
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		running--;
	}
	assert_int_equal(scratch_count_items(scratch, NULL, 0), 3);
	assert_true(has_token(vault, "first", "token of the first"));
	assert_true(has_token(vault, "second", "another token, of the second"));
}

static void killed_writer_leaves_whole_items(void **state)
{
	create_with_one_item(*state);
	OPEN_VAULT(vault);

	for (unsigned int round = 0; round < 20; round++) {
		pid_t child = start_storing("killed", "token", 100000);

		usleep(round * 700);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		assert_found(vault, "main", "api.coze.cn", "", 1, 0);
	}
}

#define VAULT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VAULT_TEST(item_is_found_replaced_and_erased_by_its_identity),
		VAULT_TEST(every_partial_request_is_answered),
		VAULT_TEST(nothing_is_in_clear_on_disk),
		VAULT_TEST(every_flipped_bit_of_an_item_is_noticed_and_left_alone),
		VAULT_TEST(truncated_items_are_noticed),
		VAULT_TEST(damage_of_one_item_leaves_the_others),
		VAULT_TEST(endless_or_foreign_file_in_an_items_place_is_damage),
		VAULT_TEST(swapped_and_renamed_items_are_noticed),
		VAULT_TEST(no_vault_is_made_over_items),
		VAULT_TEST(item_of_another_vault_is_damage),
		VAULT_TEST(foreign_files_are_ignored_and_stale_temporaries_swept),
		VAULT_TEST(write_that_fails_leaves_the_old_item_alone),
		VAULT_TEST(full_or_read_only_disk_leaves_the_old_item_alone),
		VAULT_TEST(locked_vault_is_not_an_empty_one),
		VAULT_TEST(missing_vault_is_unavailable),
		VAULT_TEST(unlock_that_cannot_last_says_so),
		VAULT_TEST(login_too_large_is_refused_before_anything_is_written),
		VAULT_TEST(two_writers_never_leave_half_a_file),
		VAULT_TEST(killed_writer_leaves_whole_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
