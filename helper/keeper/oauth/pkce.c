/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <openssl/evp.h>

#include "helper/keeper/oauth/pkce.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

bool kt_pkce_challenge(const struct kt_secret *verifier, char **challenge,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (EVP_Digest(kt_secret_reveal(verifier), kt_secret_length(verifier), digest, &length,
	               EVP_sha256(), NULL) != 1)
		return kt_fail_memory(error);
	return kt_text_append_base64url(&text, digest, length, error) &&
	       kt_text_set(challenge, kt_secret_reveal(&text), error);
}
