/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "helper/proxy/tls.h"
#include "helper/transfer.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"

/* A certificate that the system trusts no more is not trusted for longer than this. */
#define STORE_TIME ((int64_t)60 * 60 * 1000)

/* Four whole records of TLS at once. */
#define READ_AHEAD ((size_t)4 * (16384 + 256))

/*
 * A proxy behind TLS has certificates of its own to be verified by, and libcurl asks alike for
 * both: there it does everything by itself.
 */
static bool is_proxy_behind_tls(void)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy",
		                             "HTTP_PROXY", "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < KT_COUNT(names); i++) {
		const char *proxy = kt_environment_get(names[i]);

		if (proxy && strncasecmp(proxy, "https:", strlen("https:")) == 0)
			return true;
	}
	return false;
}

static bool is_usable(void)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return library && strncmp(library, "OpenSSL/3", strlen("OpenSSL/3")) == 0 &&
	       !is_proxy_behind_tls();
}

static bool add_authority(X509_STORE *store, const struct kt_secret *authority)
{
	BIO *bytes = BIO_new_mem_buf(kt_secret_reveal(authority), (int)kt_secret_length(authority));
	STACK_OF(X509_INFO) *found = bytes ? PEM_X509_INFO_read_bio(bytes, NULL, NULL, NULL) : NULL;
	int count = 0;

	for (int i = 0; i < sk_X509_INFO_num(found); i++) {
		X509 *certificate = sk_X509_INFO_value(found, i)->x509;

		count += certificate && X509_STORE_add_cert(store, certificate) == 1;
	}
	sk_X509_INFO_pop_free(found, X509_INFO_free);
	BIO_free(bytes);
	return count > 0;
}

static bool add_system(X509_STORE *store, CURL *handle)
{
	const char *directory = kt_transfer_hashed_directory();
	char *file = NULL;
	char *place = NULL;

	if (directory)
		return X509_STORE_load_path(store, directory) == 1;
	curl_easy_getinfo(handle, CURLINFO_CAINFO, &file);
	curl_easy_getinfo(handle, CURLINFO_CAPATH, &place);
	return (file && X509_STORE_load_file(store, file) == 1) |
	       (place && X509_STORE_load_path(store, place) == 1);
}

/* The rules by which libcurl verifies. */
static X509_STORE *make_store(CURL *handle, const struct kt_secret *authority)
{
	X509_STORE *store = X509_STORE_new();

	if (store &&
	    (authority ? add_authority(store, authority) : add_system(store, handle)) &&
	    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return store;
	X509_STORE_free(store);
	return NULL;
}

static bool refresh_store(struct kt_tls *tls, CURL *handle, const struct kt_secret *authority)
{
	int64_t now = kt_clock_monotonic();
	X509_STORE *store;

	if (tls->store && now < tls->made + STORE_TIME)
		return true;
	store = is_usable() ? make_store(handle, authority) : NULL;
	if (!store)
		return tls->store != NULL;
	kt_tls_clear(tls);
	*tls = (struct kt_tls){ .store = store, .made = now };
	return true;
}

static int session_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static void note_session(const SSL *ssl, int where, int result)
{
	SSL_CTX *context = SSL_get_SSL_CTX(ssl);
	struct kt_tls_session *session = SSL_CTX_get_ex_data(context, session_index());

	(void)result;
	if (session && session->context == context && (where & SSL_CB_HANDSHAKE_START))
		session->session = (SSL *)ssl;
}

static CURLcode prepare(CURL *handle, void *context, void *owner)
{
	struct kt_tls_session *session = owner;

	(void)handle;
	session->context = context;
	session->session = NULL;
	if (SSL_CTX_set1_verify_cert_store(context, session->tls->store) != 1 ||
	    SSL_CTX_set_ex_data(context, session_index(), session) != 1)
		return CURLE_OUT_OF_MEMORY;
	SSL_CTX_set_info_callback(context, note_session);
	/* Else each record takes two calls, one for its five first bytes. */
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
	return CURLE_OK;
}

bool kt_tls_share(struct kt_tls *tls, void *handle, const struct kt_secret *authority,
                  struct kt_tls_session *session)
{
	if (!refresh_store(tls, handle, authority) || session_index() < 0 ||
	    curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, prepare) != CURLE_OK)
		return false;
	*session = (struct kt_tls_session){ .tls = tls };
	return curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, session) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(handle, CURLOPT_CAPATH, NULL) == CURLE_OK;
}

void kt_tls_release(const struct kt_tls_session *session)
{
	SSL *ssl = session->session;

	/* A ticket that comes behind the handshake has one made for an answer that never goes. */
	if (ssl && !SSL_has_pending(ssl) && strcmp(SSL_rstate_string(ssl), "RH") == 0)
		SSL_free_buffers(ssl);
}

void kt_tls_clear(struct kt_tls *tls)
{
	X509_STORE_free(tls->store);
	*tls = (struct kt_tls){ 0 };
}
