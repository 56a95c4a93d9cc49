/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

#define TOKEN_MAXIMUM 16384

#define TEXTS 4
#define ABSENT UINT32_MAX

/* The head of a packed answer. The texts and the secret follow it, end to end. */
struct head {
	uint32_t lengths[TEXTS + 1];
	uint32_t is_bearer;
	uint32_t is_token;
	uint32_t reserved;
	int64_t expires;
	int64_t obtained;
};

bool kt_answer_is_token(const struct kt_secret *token)
{
	size_t length = token ? kt_secret_length(token) : 0;

	return length >= 1 && length <= TOKEN_MAXIMUM &&
	       kt_characters_are_visible_ascii(kt_secret_reveal(token), length);
}

void kt_answer_clear(struct kt_answer *answer)
{
	kt_text_free(&answer->account);
	kt_text_free(&answer->username);
	kt_text_free(&answer->kind);
	kt_text_free(&answer->service);
	kt_secret_clear(&answer->secret);
	kt_secret_clear(&answer->oauth_refresh_token);
	*answer = (struct kt_answer){ 0 };
}

bool kt_answer_pack(const struct kt_answer *answer, struct kt_secret *bytes,
                    struct kt_error *error)
{
	const char *const texts[TEXTS] = {
		answer->account, answer->username, answer->kind, answer->service,
	};
	struct head head = {
		.is_bearer = answer->is_bearer,
		.is_token = answer->is_token,
		.expires = answer->expires,
		.obtained = answer->obtained,
	};

	if (!kt_secret_is_empty(&answer->oauth_refresh_token))
		return kt_fail(error, KT_ERROR_UNSAFE, "an answer with a refresh token is not cached");
	for (size_t i = 0; i < TEXTS; i++)
		head.lengths[i] = texts[i] ? (uint32_t)strlen(texts[i]) : ABSENT;
	head.lengths[TEXTS] = (uint32_t)kt_secret_length(&answer->secret);
	if (!kt_secret_append(bytes, &head, sizeof(head), error))
		return false;
	for (size_t i = 0; i < TEXTS; i++)
		if (texts[i] && !kt_secret_append_text(bytes, texts[i], error))
			return false;
	return kt_secret_append(bytes, kt_secret_reveal(&answer->secret),
	                        kt_secret_length(&answer->secret), error);
}

static bool fail_corrupt(struct kt_error *error)
{
	return kt_fail(error, KT_ERROR_CORRUPT, "the packed answer is not one");
}

/* The lengths fill the packed form exactly. */
static bool is_whole(const struct head *head, size_t length)
{
	size_t total = sizeof(*head) + head->lengths[TEXTS];

	for (size_t i = 0; i < TEXTS; i++)
		total += head->lengths[i] == ABSENT ? 0 : head->lengths[i];
	return total == length && head->is_bearer <= 1 && head->is_token <= 1;
}

bool kt_answer_unpack(struct kt_answer *answer, const char *bytes, size_t length,
                      struct kt_error *error)
{
	KT_CLEANUP(kt_answer_clear) struct kt_answer fresh = { 0 };
	char **const texts[TEXTS] = { &fresh.account, &fresh.username, &fresh.kind,
	                              &fresh.service };
	struct head head;

	if (length < sizeof(head))
		return fail_corrupt(error);
	memcpy(&head, bytes, sizeof(head));
	if (!is_whole(&head, length))
		return fail_corrupt(error);
	bytes += sizeof(head);
	for (size_t i = 0; i < TEXTS; i++) {
		if (head.lengths[i] == ABSENT)
			continue;
		if (memchr(bytes, '\0', head.lengths[i]))
			return fail_corrupt(error);
		if (!kt_text_set_bytes(texts[i], bytes, head.lengths[i], error))
			return false;
		bytes += head.lengths[i];
	}
	if (!kt_secret_append(&fresh.secret, bytes, head.lengths[TEXTS], error))
		return false;
	fresh.is_bearer = head.is_bearer;
	fresh.is_token = head.is_token;
	fresh.expires = head.expires;
	fresh.obtained = head.obtained;
	kt_answer_clear(answer);
	*answer = fresh;
	fresh = (struct kt_answer){ 0 };
	return true;
}

/* Until the descriptor takes something, or has an error to tell. */
static bool await_room(int descriptor)
{
	struct pollfd entry = { .fd = descriptor, .events = POLLOUT };

	return poll(&entry, 1, -1) >= 0 || errno == EINTR || errno == EAGAIN;
}

bool kt_answer_write(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno != EINTR && !(errno == EAGAIN && await_room(descriptor)))
			return false;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return true;
}

bool kt_answer_send(int descriptor, const struct kt_secret *bytes, struct kt_error *error)
{
	if (kt_answer_write(descriptor, kt_secret_reveal(bytes), kt_secret_length(bytes)))
		return true;
	kt_fail(error, KT_ERROR_INTERNAL, "the answer cannot be written: %s", strerror(errno));
	return kt_advise(error, "see where the output goes, then run it again");
}
