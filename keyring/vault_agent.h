/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A vault opened by a key in the SSH agent. The slot's material is the agent's signature over a
 * challenge that holds the vault's and the slot's id and the slot's salt: whoever has the agent
 * alone can compute nothing, and whoever has the header alone has to ask the agent.
 */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"
#include "keyring/vault_header.h"

/* Milliseconds for an agent that asks nobody, and for one that asks a person. */
#define KT_VAULT_AGENT_PATIENCE 2000
#define KT_VAULT_AGENT_PERSON 120000

/*
 * Chooses a key of the agent for the slot (begun already) and replaces material by what opens it.
 * key is a fingerprint or a comment, or "" for the only key that fits. Several that fit are
 * KT_ERROR_USAGE, one that signs otherwise each time KT_ERROR_UNSAFE. Sets the slot's key, its name
 * where it has none, and asks where the agent took so long that it must have asked.
 */
bool kt_vault_agent_enrol(const struct kt_vault *vault, const char *key,
                          struct kt_vault_slot *slot, struct kt_secret *material,
                          struct kt_error *error);

/*
 * Replaces material by the agent's signature. What stands in the way is KT_ERROR_LOCKED; a person's
 * no is KT_ERROR_DISMISSED.
 */
bool kt_vault_agent_fetch(const struct kt_vault *vault, const struct kt_vault_slot *slot,
                          int patience, struct kt_secret *material, struct kt_error *error);

/* Replaces text by the fingerprint of the slot's key. */
bool kt_vault_agent_describe(const struct kt_vault_slot *slot, char **text,
                             struct kt_error *error);
