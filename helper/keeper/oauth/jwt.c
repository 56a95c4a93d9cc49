/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/oauth/jwt.h"
#include "helper/keeper/oauth/private_key.h"
#include "keyring/cleanup.h"
#include "keyring/json.h"
#include "keyring/text.h"

#define LIFETIME 3600

static bool append_part(const struct kt_json *json, struct kt_secret *text,
                        struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret part = { 0 };

	return kt_json_print(json, &part, error) &&
	       kt_text_append_base64url(text, kt_secret_reveal(&part), kt_secret_length(&part),
	                                error);
}

static bool append_header(const struct kt_jwt *jwt, struct kt_secret *text,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *header = NULL;

	return kt_json_create(&header, error) &&
	       kt_json_add_text(header, "alg", "RS256", error) &&
	       kt_json_add_text(header, "typ", "JWT", error) &&
	       kt_json_add_text(header, "kid", jwt->key_id, error) &&
	       append_part(header, text, error);
}

static bool add_optional(struct kt_json *json, const char *name, const char *value,
                         struct kt_error *error)
{
	return !value || kt_json_add_text(json, name, value, error);
}

static bool add_session_context(const struct kt_jwt *jwt, struct kt_json *claims,
                                struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *context = NULL;
	KT_CLEANUP(kt_json_free) struct kt_json *device = NULL;

	if (!jwt->device_id && !jwt->custom_consumer)
		return true;
	return kt_json_create(&context, error) && kt_json_create(&device, error) &&
	       add_optional(device, "device_id", jwt->device_id, error) &&
	       add_optional(device, "custom_consumer", jwt->custom_consumer, error) &&
	       kt_json_add_object(context, "device_info", &device, error) &&
	       kt_json_add_object(claims, "session_context", &context, error);
}

static bool append_claims(const struct kt_jwt *jwt, struct kt_secret *text,
                          struct kt_error *error)
{
	KT_CLEANUP(kt_json_free) struct kt_json *claims = NULL;

	return kt_json_create(&claims, error) &&
	       kt_json_add_text(claims, "iss", jwt->issuer, error) &&
	       add_optional(claims, "sub", jwt->subject, error) &&
	       kt_json_add_text(claims, "aud", jwt->audience, error) &&
	       kt_json_add_number(claims, "iat", jwt->issued, error) &&
	       kt_json_add_number(claims, "exp", jwt->issued + LIFETIME, error) &&
	       kt_json_add_text(claims, "jti", jwt->id, error) &&
	       add_optional(claims, "session_name", jwt->session_name, error) &&
	       add_session_context(jwt, claims, error) && append_part(claims, text, error);
}

bool kt_jwt_write(const struct kt_jwt *jwt, struct kt_secret *text, struct kt_error *error)
{
	return append_header(jwt, text, error) && kt_secret_append(text, ".", 1, error) &&
	       append_claims(jwt, text, error);
}

bool kt_jwt_sign(const struct kt_jwt *jwt, const struct kt_secret *private_key,
                 struct kt_secret *assertion, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret text = { 0 };
	KT_CLEANUP(kt_secret_clear) struct kt_secret signature = { 0 };

	return kt_jwt_write(jwt, &text, error) &&
	       kt_private_key_sign(private_key, &text, &signature, error) &&
	       kt_secret_append(assertion, kt_secret_reveal(&text), kt_secret_length(&text),
	                        error) &&
	       kt_secret_append(assertion, ".", 1, error) &&
	       kt_text_append_base64url(assertion, kt_secret_reveal(&signature),
	                                kt_secret_length(&signature), error);
}
