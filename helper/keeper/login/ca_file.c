/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "helper/keeper/login/ca_file.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/file.h"
#include "keyring/secret.h"
#include "keyring/text.h"

/* It travels in every errand, beside the rest of the message. */
#define FILE_MAXIMUM ((size_t)128 * 1024)

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static bool advise_file(struct kt_error *error)
{
	return kt_advise(error, "give a file with certificates in PEM form");
}

/* Copies certificates from in to out; false at one that is damaged. */
static bool copy(BIO *in, BIO *out, int *count)
{
	for (*count = 0;; ++*count) {
		X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
		bool done;

		if (!certificate)
			return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		done = PEM_write_bio_X509(out, certificate) == 1;
		X509_free(certificate);
		if (!done)
			return false;
	}
}

bool kt_ca_file_read(char **pem, const char *path, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret content = { 0 };
	KT_CLEANUP(free_bio) BIO *in = NULL;
	KT_CLEANUP(free_bio) BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long length;
	int count;
	bool found;

	if (!kt_file_read_given(path, FILE_MAXIMUM, &content, &found, error))
		return false;
	if (!found)
		return kt_fail(error, KT_ERROR_USAGE, "the file of --ca-file does not exist: %.*s",
		               kt_characters_fit(path, 200), path) ||
		       advise_file(error);
	in = BIO_new_mem_buf(kt_secret_reveal(&content), (int)kt_secret_length(&content));
	if (!in || !out)
		return kt_fail_memory(error);
	if (!copy(in, out, &count) || count == 0) {
		ERR_clear_error();
		if (count == 0)
			kt_fail(error, KT_ERROR_USAGE, "the file of --ca-file has no certificate");
		else
			kt_fail(error, KT_ERROR_USAGE,
			        "the file of --ca-file has a damaged certificate");
		return advise_file(error);
	}
	ERR_clear_error();
	length = BIO_get_mem_data(out, &bytes);
	return kt_text_set_bytes(pem, bytes, (size_t)length, error);
}
