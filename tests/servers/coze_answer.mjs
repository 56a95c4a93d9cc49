/* SPDX-License-Identifier: MIT */

/*
 * Answers of the Coze server as values: { status, headers, body }, body being text. Only the
 * listener writes them to a socket, so that a fault can bend one first.
 */

function jsonAnswer(status, body) {
	return {
		status,
		headers: {
			'Content-Type': 'application/json; charset=utf-8',
			'Cache-Control': 'no-store',
		},
		body,
	};
}

/*
 * An error of the OAuth endpoints in the shape that is set; the SDKs disagree which members carry
 * it.
 */
export function oauthError(settings, status, name, text) {
	const body = {};

	if (settings.error_name !== 'error_code') body.error = name;
	if (settings.error_name !== 'error') body.error_code = name;
	if (settings.error_text !== 'error_description') body.error_message = text;
	if (settings.error_text !== 'error_message') body.error_description = text;
	return jsonAnswer(status, JSON.stringify(body));
}

export function invalidRequest(settings, parameter) {
	return oauthError(settings, 400, 'invalid_request', `invalid request: ${parameter}`);
}

/* A flat object, as the OAuth endpoints answer. */
export function flat(value) {
	return jsonAnswer(200, JSON.stringify(value));
}

/* The envelope of /v1; status counts for errors and unless errors are set to come with 200. */
export function envelope(settings, status, code, message, data = undefined) {
	const httpStatus = settings.envelope_status === 'ok' ? 200 : status;

	return jsonAnswer(
		httpStatus,
		JSON.stringify({ code, msg: message, data, detail: { logid: 'test-logid' } })
	);
}

/* Server-sent events: each is [name, data], and is written by itself. */
export function eventStream(events) {
	const parts = events.map(
		([name, data]) => `event:${name}\ndata:${JSON.stringify(data)}\n\n`
	);

	return {
		status: 200,
		headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' },
		body: parts.join(''),
		parts,
	};
}

export function page(status, html) {
	return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: html };
}

export function redirect(location) {
	return { status: 302, headers: { Location: location }, body: '' };
}

function expiresInText(form, now, expires) {
	if (typeof form === 'object') return form.raw;
	return {
		absolute: `${expires}`,
		absolute_string: `"${expires}"`,
		milliseconds: `${expires * 1000}`,
		relative: `${expires - now}`,
		relative_string: `"${expires - now}"`,
	}[form];
}

/*
 * A token answer. tokens: { access_token, expires, refresh_token }, the last absent for a JWT;
 * form: how the refresh token is sent ('present', 'absent', 'null', 'empty').
 */
export function tokenAnswer(grants, tokens, form) {
	const members = [`"access_token":${JSON.stringify(tokens.access_token)}`];
	const expiresIn = expiresInText(grants.settings.expires_in, grants.clock(), tokens.expires);

	if (expiresIn !== undefined) members.push(`"expires_in":${expiresIn}`);
	if (tokens.refresh_token && form !== 'absent')
		members.push(
			`"refresh_token":${{ null: 'null', empty: '""' }[form] ?? JSON.stringify(tokens.refresh_token)}`
		);
	return jsonAnswer(200, `{${members.join(',')}}`);
}
