/* SPDX-License-Identifier: MIT */

/*
 * The POST endpoints of Coze's OAuth: token in all its grants, and device code. JSON in, JSON out;
 * a client secret or a signed assertion is taken from the Authorization header only.
 */

import { createHash } from 'node:crypto';

import { flat, invalidRequest, oauthError, tokenAnswer } from './coze_answer.mjs';
import { checkAssertion } from './coze_jwt.mjs';

const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SECRET_MEMBERS = ['client_secret', 'private_key', 'assertion', 'client_assertion'];
const JSON_TYPE = /^application\/json(?:;\s*charset=utf-8)?$/i;
const LONGEST_DURATION = 86399;

/* The fields of a body, or null unless it is one JSON object in UTF-8. */
function parseBody(body) {
	try {
		const fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));

		return fields !== null && typeof fields === 'object' && !Array.isArray(fields)
			? fields
			: null;
	} catch {
		return null;
	}
}

/*
 * The words after "Bearer"; '' for none and for the empty one the SDKs send; null for another
 * scheme.
 */
function bearerOf(request) {
	const value = request.headers.authorization ?? '';
	const match = /^Bearer(?: +([^ ]*) *)?$/.exec(value);

	return value === '' ? '' : match ? (match[1] ?? '') : null;
}

function findMissing(fields, names) {
	return names.find((name) => typeof fields[name] !== 'string' || fields[name] === '');
}

/*
 * { client } if fields name an app of one of the types and the request proves it is that app, else
 * { refusal }.
 */
function authenticate(server, request, fields, types) {
	const { settings, clients } = server;
	const client = clients.get(fields.client_id);
	const bearer = bearerOf(request);

	if (typeof fields.client_id !== 'string' || fields.client_id === '')
		return { refusal: invalidRequest(settings, 'client_id') };
	if (!client)
		return {
			refusal: oauthError(
				settings,
				401,
				'invalid_client',
				'invalid client: unknown client_id'
			),
		};
	if (client.type === 'web' ? !client.secrets.includes(bearer) : bearer !== '')
		return {
			refusal: oauthError(
				settings,
				401,
				'invalid_client',
				'invalid client: authorization'
			),
		};
	if (!types.includes(client.type))
		return { refusal: oauthError(settings, 400, 'access_deny', 'invalid app type') };
	if (client.active === false)
		return {
			refusal: oauthError(
				settings,
				400,
				'access_deny',
				`app: ${client.id} is currently deactivated by the owner`
			),
		};
	return { client };
}

function dead(settings, text) {
	return oauthError(settings, settings.dead_status, settings.dead_error, text);
}

/* RFC 7636, 4.6; the real server takes verifiers as short as 16 characters. */
function isVerified(entry, verifier) {
	if (!entry.challenge) return verifier === undefined;
	if (typeof verifier !== 'string' || !/^[A-Za-z0-9._~-]{16,128}$/.test(verifier))
		return false;
	const expected =
		entry.method === 'S256'
			? createHash('sha256').update(verifier).digest('base64url')
			: verifier;

	return expected === entry.challenge;
}

function grantCode(server, request, fields) {
	const { client, refusal } = authenticate(server, request, fields, ['web', 'pkce']);
	const missing = findMissing(fields, [
		'code',
		'redirect_uri',
		...(client?.type === 'pkce' ? ['code_verifier'] : []),
	]);

	if (refusal ?? missing) return refusal ?? invalidRequest(server.settings, missing);
	const entry = server.grants.takeCode(fields.code);

	if (entry?.client_id !== client.id) return dead(server.settings, 'invalid code');
	if (entry.redirect_uri !== fields.redirect_uri)
		return invalidRequest(server.settings, 'redirect_uri');
	if (!isVerified(entry, fields.code_verifier))
		return invalidRequest(server.settings, 'code_verifier');
	const tokens = server.grants.openFamily(client, { workspace_id: entry.workspace_id });

	entry.family = tokens.family;
	return tokenAnswer(server.grants, tokens, 'present');
}

function grantRefresh(server, request, fields) {
	const { client, refusal } = authenticate(server, request, fields, [
		'web',
		'pkce',
		'device',
	]);
	const missing = findMissing(fields, ['refresh_token']);

	if (refusal ?? missing) return refusal ?? invalidRequest(server.settings, missing);
	const tokens = server.grants.refresh(fields.refresh_token, client);

	if (!tokens) {
		server.counts.refreshes_refused++;
		return dead(server.settings, 'invalid refresh token');
	}
	server.counts.refreshes_granted++;
	return tokenAnswer(server.grants, tokens, server.settings.refresh_token);
}

const POLL_ANSWERS = {
	pending: ['authorization_pending', 'the user has not decided yet'],
	slow_down: ['slow_down', 'polled too often'],
	deny: ['access_denied', 'the user refused'],
	expire: ['expired_token', 'the device code has expired'],
};

function grantDevice(server, request, fields) {
	const { client, refusal } = authenticate(server, request, fields, ['device']);
	const missing = findMissing(fields, ['device_code']);

	if (refusal ?? missing) return refusal ?? invalidRequest(server.settings, missing);
	const entry = server.grants.deviceCodes.get(fields.device_code);

	if (entry?.client_id !== client.id) return invalidRequest(server.settings, 'device_code');
	const step = server.grants.poll(entry);

	if (step !== 'approve') {
		const isWait = step === 'pending' || step === 'slow_down';

		return oauthError(
			server.settings,
			isWait ? server.settings.pending_status : 400,
			...POLL_ANSWERS[step]
		);
	}
	entry.used = true;
	return tokenAnswer(
		server.grants,
		server.grants.openFamily(client, { workspace_id: entry.workspace_id }),
		'present'
	);
}

/* Coze's Python SDK sends null where it has none. */
function isScope(scope) {
	return (
		scope === undefined ||
		scope === null ||
		(typeof scope === 'object' &&
			!Array.isArray(scope) &&
			Array.isArray(scope.account_permission?.permission_list))
	);
}

function grantAssertion(server, request, fields, owner) {
	const { settings } = server;
	const { client, claims, mistake } = checkAssertion(
		bearerOf(request) ?? '',
		request.headers.host,
		server.clients,
		server.grants
	);
	const duration = fields.duration_seconds ?? 900;

	if (mistake) return oauthError(settings, 401, 'invalid_client', mistake);
	if (fields.client_id !== undefined && fields.client_id !== client.id)
		return invalidRequest(settings, 'client_id');
	if (!Number.isInteger(duration) || duration < 1 || duration > LONGEST_DURATION)
		return invalidRequest(settings, 'duration_seconds');
	if (!isScope(fields.scope)) return invalidRequest(settings, 'scope');
	if (client.active === false)
		return oauthError(
			settings,
			400,
			'access_deny',
			`app: ${client.id} is currently deactivated by the owner`
		);
	if (
		!(owner.account
			? client.accounts.includes(owner.account)
			: owner.enterprise
				? client.enterprises.includes(owner.enterprise)
				: true)
	)
		return oauthError(settings, 400, 'access_deny', 'the app is not installed there');
	const details = {
		client_id: client.id,
		kind: 'jwt',
		account_id: owner.account,
		enterprise_id: owner.enterprise,
		scope: fields.scope ?? undefined,
		session_name: claims.session_name,
		session_context: claims.session_context,
	};

	const token = server.grants.issueAccess('czs_', details, duration);

	return tokenAnswer(
		server.grants,
		{ access_token: token, expires: server.grants.accessTokens.get(token).expires },
		'absent'
	);
}

const GRANTS = {
	authorization_code: grantCode,
	refresh_token: grantRefresh,
	[DEVICE_GRANT]: grantDevice,
	[JWT_GRANT]: grantAssertion,
};

/* The rules that hold for every body: { fields } or { refusal }. */
function readFields(server, request, body) {
	const fields = parseBody(body);
	const secret = fields && SECRET_MEMBERS.find((name) => name in fields);

	if (request.method !== 'POST')
		return {
			refusal: oauthError(
				server.settings,
				405,
				'invalid_request',
				'invalid request: method'
			),
		};
	if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
		return { refusal: invalidRequest(server.settings, 'Content-Type') };
	if (!fields) return { refusal: invalidRequest(server.settings, 'body') };
	return secret ? { refusal: invalidRequest(server.settings, secret) } : { fields };
}

/*
 * The token endpoint. owner: { account } or { enterprise } where the path names one, which is for
 * JWTs alone.
 */
export function answerToken(server, request, body, owner = {}) {
	const { fields, refusal } = readFields(server, request, body);

	if (refusal) return refusal;
	if (typeof fields.grant_type !== 'string')
		return invalidRequest(server.settings, 'grant_type');
	server.counts.by_grant[fields.grant_type] =
		(server.counts.by_grant[fields.grant_type] ?? 0) + 1;
	if (
		!Object.hasOwn(GRANTS, fields.grant_type) ||
		(Object.keys(owner).length > 0 && fields.grant_type !== JWT_GRANT)
	)
		return oauthError(
			server.settings,
			400,
			'unsupported_grant_type',
			`not supported grant type: ${fields.grant_type}`
		);
	return GRANTS[fields.grant_type](server, request, fields, owner);
}

/* The device code endpoint, for a workspace where the path names one. */
export function answerDeviceCode(server, request, body, workspace = undefined) {
	const { fields, refusal } = readFields(server, request, body);
	const { client, refusal: unknown } = fields
		? authenticate(server, request, fields, ['device'])
		: {};

	if (refusal ?? unknown) return refusal ?? unknown;
	if (workspace && !client.workspaces.includes(workspace))
		return oauthError(
			server.settings,
			400,
			'access_deny',
			'the app is not installed in this workspace'
		);
	const entry = server.grants.issueDeviceCode(client, workspace);

	return flat({
		device_code: entry.deviceCode,
		user_code: server.settings.device_number ? Number(entry.userCode) : entry.userCode,
		verification_uri: `${server.wwwBase}/oauth/device-activation`,
		expires_in: server.settings.device_life,
		interval: server.settings.device_interval || undefined,
	});
}
