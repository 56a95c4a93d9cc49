/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The SSH agent that SSH_AUTH_SOCK names (draft-miller-ssh-agent). It is told a challenge and
 * nothing else, so its owner does not matter: a wrong answer opens nothing. libc alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/secret.h"

#define KT_SSH_AGENT_KEYS 64

struct kt_ssh_identity {
	struct kt_secret blob; /* the public key, as SSH has it */
	char *comment;
};

/* Zeroed is none. */
struct kt_ssh_identities {
	struct kt_ssh_identity list[KT_SSH_AGENT_KEYS];
	size_t count;
};

/* For KT_CLEANUP; safe to repeat. */
void kt_ssh_identities_clear(struct kt_ssh_identities *identities);

/*
 * The keys that the agent has, the first KT_SSH_AGENT_KEYS of them. No agent, one that is gone or
 * silent (deadline: kt_clock_monotonic) and one that speaks something else are KT_ERROR_LOCKED.
 */
bool kt_ssh_agent_list(struct kt_ssh_identities *identities, int64_t deadline,
                       struct kt_error *error);

/*
 * Replaces signature by the agent's over the challenge, made with this algorithm ("ssh-ed25519",
 * "rsa-sha2-512"). A refusal is KT_ERROR_LOCKED too, and *is_refused tells it apart.
 */
bool kt_ssh_agent_sign(const struct kt_secret *blob, const char *algorithm,
                       const struct kt_secret *challenge, int64_t deadline,
                       struct kt_secret *signature, bool *is_refused, struct kt_error *error);

/* Appends a string of SSH: its length in four bytes, then its bytes. */
bool kt_ssh_append(struct kt_secret *target, const void *bytes, size_t length,
                   struct kt_error *error);

/* The unread rest of a message of SSH. */
struct kt_ssh_bytes {
	const unsigned char *next;
	size_t length;
};

/* Takes a string off; false where there is no whole one. */
bool kt_ssh_take(struct kt_ssh_bytes *bytes, struct kt_ssh_bytes *string);

/* The bytes are this text. */
bool kt_ssh_is(const struct kt_ssh_bytes *bytes, const char *text);
