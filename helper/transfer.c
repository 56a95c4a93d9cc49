/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/rand.h>

#include "helper/transfer.h"
#include "keyring/cleanup.h"
#include "keyring/translate.h"
#include "keyring/wiping.h"

bool kt_transfer_prepare(struct kt_error *error)
{
	/* OpenSSL's generator is set up when it is first asked, a fifth of a request's work. */
	return (curl_global_init_mem(CURL_GLOBAL_DEFAULT, kt_wiping_malloc, kt_wiping_free,
	                             kt_wiping_realloc, kt_wiping_strdup,
	                             kt_wiping_calloc) == CURLE_OK &&
	        RAND_status() == 1) ||
	       kt_fail(error, KT_ERROR_INTERNAL, "libcurl cannot be set up");
}

static bool set_number(CURL *handle, CURLoption option, long value)
{
	return curl_easy_setopt(handle, option, value) == CURLE_OK;
}

static bool set_pointer(CURL *handle, CURLoption option, const void *value)
{
	return curl_easy_setopt(handle, option, value) == CURLE_OK;
}

bool kt_transfer_set_rules(void *handle)
{
	static const struct {
		CURLoption option;
		long value;
	} rules[] = {
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
		{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_NOSIGNAL, 1 },
		/* A name server that hangs must not delay the end of this process. */
		{ CURLOPT_QUICK_EXIT, 1 },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!set_number(handle, rules[i].option, rules[i].value))
			return false;
	return set_pointer(handle, CURLOPT_PROTOCOLS_STR, "https,http") &&
	       set_pointer(handle, CURLOPT_USERAGENT, "keyturn/" PACKAGE_VERSION);
}

/* The directory has certificates under the names that OpenSSL looks for: 8 digits and ".0". */
const char *kt_transfer_hashed_directory(void)
{
	static const char path[] = "/etc/ssl/certs";
	KT_CLEANUP(kt_directory_close) DIR *directory = opendir(path);
	bool found = false;

	while (directory && !found) {
		const struct dirent *entry = readdir(directory);

		if (!entry)
			break;
		found = strlen(entry->d_name) == 10 && strcmp(entry->d_name + 8, ".0") == 0 &&
		        strspn(entry->d_name, "0123456789abcdef") == 8;
	}
	return found ? path : NULL;
}

/*
 * An authority given at login is trusted alone. Else the system's: from the hashed directory,
 * of which one file is read, rather than the bundle, which costs 33 ms to parse.
 */
bool kt_transfer_set_trust(void *handle, const struct kt_secret *authority)
{
	const char *directory = authority ? NULL : kt_transfer_hashed_directory();
	struct curl_blob blob;

	if (authority) {
		blob.data = (void *)kt_secret_reveal(authority);
		blob.len = kt_secret_length(authority);
		blob.flags = CURL_BLOB_COPY;
		return set_pointer(handle, CURLOPT_CAPATH, NULL) &&
		       set_pointer(handle, CURLOPT_CAINFO, NULL) &&
		       curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
	}
	return !directory || (set_pointer(handle, CURLOPT_CAPATH, directory) &&
	                      set_pointer(handle, CURLOPT_CAINFO, NULL));
}

/*
 * OpenSSL's numbers (X509_V_ERR_...), as CURLINFO_SSL_VERIFYRESULT gives them; 0 and 1 stand
 * there when the chain is good and libcurl's own check of the name failed.
 */
static const char *certificate_reason(CURL *handle)
{
	long verdict = 0;

	curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case 0:
	case 1:
	case 62:
	case 64:
		return KT_TEXT("the server's certificate is for another host");
	case 9:
		return KT_TEXT("the server's certificate is not valid yet: check this machine's clock");
	case 10:
		return KT_TEXT("the server's certificate has expired: check this machine's clock");
	case 2:
	case 18:
	case 19:
	case 20:
	case 21:
		return KT_TEXT("the server's certificate is from an authority that is not trusted here");
	default:
		return KT_TEXT("the server's certificate was refused");
	}
}

static struct kt_diagnosis diagnose_connection(CURL *handle, bool is_sent)
{
	long proxy_status = 0;

	curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (is_sent)
		return (struct kt_diagnosis){ "connect",
		                     KT_TEXT("the connection broke before a whole answer") };
	if (proxy_status >= 300)
		return (struct kt_diagnosis){ "connect", KT_TEXT("the proxy refused to connect") };
	return (struct kt_diagnosis){ "connect", KT_TEXT("the server cannot be reached") };
}

static struct kt_diagnosis diagnose_timeout(CURL *handle, bool is_sent)
{
	curl_off_t lookup = 0;

	curl_easy_getinfo(handle, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
	if (is_sent)
		return (struct kt_diagnosis){ "timeout", KT_TEXT("the server did not answer in time") };
	if (lookup == 0)
		return (struct kt_diagnosis){ "dns",
		                     KT_TEXT("the server's name was not resolved in time") };
	return (struct kt_diagnosis){ "timeout", KT_TEXT("the server could not be reached in time") };
}

struct kt_diagnosis kt_transfer_diagnose(void *handle, int code, bool is_sent)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return (struct kt_diagnosis){ "dns", KT_TEXT("the server's name cannot be resolved") };
	case CURLE_OPERATION_TIMEDOUT:
		return diagnose_timeout(handle, is_sent);
	case CURLE_PEER_FAILED_VERIFICATION:
		return (struct kt_diagnosis){ "certificate", certificate_reason(handle) };
	case CURLE_SSL_CACERT_BADFILE:
		return (struct kt_diagnosis){ "certificate",
			                   KT_TEXT("the certificates to trust cannot be read") };
	case CURLE_SSL_CONNECT_ERROR:
		return (struct kt_diagnosis){ "tls", KT_TEXT("no TLS connection could be made") };
	case CURLE_PARTIAL_FILE:
	case CURLE_WRITE_ERROR:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
		return (struct kt_diagnosis){ "body", KT_TEXT("the server's answer is broken") };
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return diagnose_connection(handle, is_sent);
	case CURLE_ABORTED_BY_CALLBACK:
		return (struct kt_diagnosis){ "other", KT_TEXT("the request was called off") };
	default:
		return (struct kt_diagnosis){ "other", KT_TEXT("the request failed") };
	}
}
