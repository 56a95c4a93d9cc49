/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A credential of one account at one service, and its stored form, one versioned JSON object.
 * The identity stands in that object too: an item of a keyring is the right one because its
 * JSON says so, not because its attributes do.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keyring/error.h"
#include "keyring/identity.h"
#include "keyring/secret.h"

/*
 * One field a row in credential.c's table, which parses, writes, copies and wipes it. A text
 * that is absent is NULL, a number that is absent 0. Times are seconds since the epoch unless
 * said otherwise.
 */
struct kt_credential {
	/* The item's place, in the backend's own words, set by a search; no part of the form. */
	char *place;
	struct kt_identity identity;
	enum kt_kind kind;

	struct kt_secret token; /* PAT, SAT, password, or a grant's access token (may be empty) */
	int64_t created;        /* when this credential was first stored */
	int64_t expires;        /* PAT, SAT, password: when it ends; 0 unknown */
	bool never_expires;     /* the user said --expires never */
	int64_t refused;        /* PAT, SAT: when a service refused it; 0 never */
	char *authtype;         /* "bearer" when --authtype bearer was given */
	char *git_username;     /* told to git instead of the account's name */
	char *tool;             /* password: the tool that stored it; NULL: git */
	char *api_base;         /* "https://api.coze.cn" */
	char *www_base;
	char *ca;               /* PEM certificates of --ca-file */

	/* A grant: the members with which an access token is got. */
	char *grant;                            /* random, new at each login or hand-over */
	int64_t generation;                     /* one more at each rotation */
	struct kt_secret refresh_token;         /* a password's is git's oauth_refresh_token */
	struct kt_secret previous_refresh_token; /* until refresh_token has worked once */
	char *state;                            /* NULL ok, "suspect", "dead" */
	int64_t state_since;
	int64_t refreshed;                      /* when refresh_token was got */
	char *dialect;                          /* "coze" or "standard" */
	char *issuer;
	bool needs_issuer;                      /* it announces iss in its redirects (RFC 9207) */
	char *token_endpoint;
	char *authorization_endpoint;
	char *device_authorization_endpoint;
	char *revocation_endpoint;
	char *userinfo_endpoint;                /* who-am-I of an OpenID issuer */
	char *client_id;
	bool client_registered;                 /* by the login itself (RFC 7591) */
	struct kt_secret client_secret;
	char *client_authentication;            /* none, bearer, basic, post, private-key-jwt */
	char *redirect_uri;
	char *scope;                            /* text, or Coze's JSON object */
	char *resource;                         /* RFC 8707 */
	char *provider;                         /* the file that the settings came from */
	char *parameters;                       /* K=V lines, added where a person is asked */
	char *token_parameters;                 /* K=V lines, added to each token request */
	char *answer_member;                    /* the object in a token answer that has the tokens */
	char *body_format;                      /* of token requests: "json"; NULL the dialect's */
	char *errors;                           /* NAME MEANING lines: words of refusal */
	char *usual_lifetime;                   /* seconds or "never", where the server says none */
	bool no_pkce;                           /* the server knows no PKCE (RFC 7636) */
	char *workspace_id;
	char *account_id;
	char *enterprise_id;
	char *session_name;
	char *device_id;
	char *custom_consumer;
	int64_t duration;                       /* seconds; 0 the server's default */
	struct kt_secret private_key;           /* PEM, PKCS#8 */
	char *public_key_id;
	struct kt_secret subject_token;         /* RFC 8693: one of these three is exchanged */
	char *subject_token_file;               /* read at each renewal */
	char *subject_account;                  /* of keyturn's own */
	char *subject_token_type;               /* a URI */
	struct kt_secret journal_key;           /* the key of the journal's hashes */

	/* Facts of a grant (docs/safety.md, 2.5): what its service was seen to do. */
	char *old_token; /* at a renewal: "lives", "dies", "untold"; NULL not asked */
	char *rotation;  /* of the refresh token: "rotates", "stays"; NULL unknown */
	bool reuse_revokes;                     /* a refresh token that came twice ended the grant */
	char *granted_scope;                    /* as the service said it; NULL: it did not */
	char *subject;                          /* the person, by the issuer's own name (sub) */

	/* The access token's life (docs/safety.md, 2.4). */
	int64_t issued;                         /* wall clock when it was got */
	int64_t issued_boot_milliseconds;       /* CLOCK_BOOTTIME then */
	int64_t lifetime;                       /* seconds from then on */
	bool end_unknown;                       /* lifetime is assumed: the service told none */
	char *boot_id;                          /* the boot of that CLOCK_BOOTTIME */
};

bool kt_credential_copy(struct kt_credential *credential, const struct kt_credential *source,
                        struct kt_error *error);
void kt_credential_clear(struct kt_credential *credential);

/* Equal in kind and in every field of the form. */
bool kt_credential_is_equal(const struct kt_credential *credential,
                            const struct kt_credential *other);

/*
 * Appends the stored form, the version-1 JSON object, to form. It is read again and compared. A
 * field that does not come back as it is (bytes that are not UTF-8, numbers beyond 2^53) is
 * KT_ERROR_USAGE, and the sentence names it.
 */
bool kt_credential_write(const struct kt_credential *credential, struct kt_secret *form,
                         struct kt_error *error);

/* Reads a stored form; anything else, a newer version too, is KT_ERROR_CORRUPT. */
bool kt_credential_read(struct kt_credential *credential, const char *form, size_t length,
                        struct kt_error *error);

/* An item of ours that cannot be read. */
struct kt_damaged {
	char *place;
	bool is_newer; /* a newer keyturn's, and sound as far as can be seen */
};

/* Whether a lock keeps items from view. */
enum kt_hidden {
	KT_HIDDEN_NOTHING, /* an item that was not found is not there */
	KT_HIDDEN_PERHAPS, /* a locked part of the keyring may hold more */
	KT_HIDDEN_MATCHES, /* a locked part holds a match */
};

/* The result of a search: credentials, damaged items, and whether a lock hides more. */
struct kt_credentials {
	struct kt_credential *items;
	size_t count;
	struct kt_damaged *damaged;
	size_t corrupt; /* how many damaged there are */
	enum kt_hidden hidden;
};

/* Takes the content of credential over (it is empty afterwards). */
bool kt_credentials_add(struct kt_credentials *credentials, struct kt_credential *credential,
                        struct kt_error *error);

/* Adds a damaged item; form: its content, NULL where not even that could be had. */
bool kt_credentials_add_damaged(struct kt_credentials *credentials, const char *place,
                                const struct kt_secret *form, struct kt_error *error);
void kt_credentials_clear(struct kt_credentials *credentials);
