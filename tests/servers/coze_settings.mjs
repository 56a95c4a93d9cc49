/* SPDX-License-Identifier: MIT */

/*
 * How the Coze server behaves: the switches that control may set, with their defaults, and the
 * apps it knows. Defaults are strict; where docs/coze.md leaves an answer open, there is a switch.
 */

import { createPublicKey } from 'node:crypto';

import { ControlError } from './peer.mjs';

const DEFAULTS = {
	token_life: 900, // seconds, of access tokens
	refresh_life: 2592000, // seconds
	code_life: 300, // seconds, of authorization codes
	grace: 0, // seconds in which a spent refresh token is answered again
	grace_answer: 'same', // then: the same pair, or a new one
	reuse: 'revoke_family', // a spent refresh token after the grace: or only 'refuse' it
	rotation: 'always', // or 'never', 'sometimes' (every second time)
	refresh_token: 'present', // in a refresh answer: 'absent', 'null', 'empty' do not rotate
	expires_in: 'absolute', // see EXPIRES_IN_FORMS, or { raw: "JSON text" }
	old_access_survives: true, // the access token of before a refresh
	clock_skew: 0, // seconds this server's clock is ahead
	clock_stands: 0, // seconds since the epoch at which this server's clock stands; 0: it goes
	jwt_tolerance: 60, // seconds that iat may be ahead, or exp behind
	error_name: 'both', // which member names an error: 'error', 'error_code', 'both'
	error_text: 'both', // 'error_message', 'error_description', 'both'
	pending_status: 400, // HTTP status of a device poll that has to wait
	dead_status: 400, // HTTP status and name of the error for a dead code or refresh token
	dead_error: 'invalid_grant',
	envelope_status: 'matching', // of /v1 errors: 401 and 403, or always 200
	me: 'present', // /v1/users/me: or 'absent', as on servers without it; 'studio', as Coze Studio
	auto_approve: 'ask', // consent: 'ask' shows a page, 'allow', 'deny'
	device_life: 300, // seconds
	device_interval: 5, // seconds; 0 leaves the field out
	device_script: [], // answers of the next polls of a new code: see DEVICE_STEPS
	device_number: false, // user_code as a JSON number
	enforce_interval: true, // slow_down for a poll that comes too early
	delay_ms: 0, // before each answer, after its effect
	hold: false, // answers wait, after their effect, until it is false
	www_on_api: true, // the authorize page is served at api_base too
	log_streams: true, // a line for each request of coze_streams.mjs
	any_loopback_port: false, // RFC 8252, 7.3; not documented for Coze
};

const CHOICES = {
	grace_answer: ['same', 'new'],
	reuse: ['revoke_family', 'refuse'],
	rotation: ['always', 'never', 'sometimes'],
	refresh_token: ['present', 'absent', 'null', 'empty'],
	error_name: ['error', 'error_code', 'both'],
	error_text: ['error_message', 'error_description', 'both'],
	envelope_status: ['matching', 'ok'],
	me: ['present', 'absent', 'studio'],
	auto_approve: ['ask', 'allow', 'deny'],
};

const DEVICE_STEPS = ['pending', 'slow_down', 'approve', 'deny', 'expire'];
const EXPIRES_IN_FORMS = [
	'absolute',
	'relative',
	'milliseconds',
	'absolute_string',
	'relative_string',
	'absent',
];

function checkSpecial(name, value) {
	if (name === 'device_script')
		return Array.isArray(value) && value.every((step) => DEVICE_STEPS.includes(step));
	if (name === 'expires_in')
		return EXPIRES_IN_FORMS.includes(value) || typeof value?.raw === 'string';
	return (
		typeof value === typeof DEFAULTS[name] &&
		(typeof value !== 'number' || Number.isFinite(value))
	);
}

/*
 * Copies the given switches over settings; throws ControlError at the first unknown name or value,
 * changing nothing.
 */
export function applySettings(settings, changes) {
	for (const [name, value] of Object.entries(changes)) {
		if (!Object.hasOwn(DEFAULTS, name))
			throw new ControlError(`no such setting: ${name}`);
		if (CHOICES[name] ? !CHOICES[name].includes(value) : !checkSpecial(name, value))
			throw new ControlError(`bad value for ${name}`);
	}
	Object.assign(settings, changes);
}

export function defaultSettings() {
	return structuredClone(DEFAULTS);
}

const WORKSPACES = ['7300000000000000001'];
const REDIRECT_URIS = [
	'http://127.0.0.1:8080/callback',
	'http://localhost:8080/callback',
	'https://app.example/callback',
];

/* The built-in apps, one of each sort, by client id. */
export function defaultClients() {
	return new Map(
		[
			{
				id: 'web-client.app.coze',
				type: 'web',
				secrets: ['web-secret-1', 'web-secret-2'],
				redirect_uris: REDIRECT_URIS,
				workspaces: WORKSPACES,
			},
			{
				id: 'pkce-client.app.coze',
				type: 'pkce',
				redirect_uris: REDIRECT_URIS,
				workspaces: WORKSPACES,
			},
			{ id: 'device-client.app.coze', type: 'device', workspaces: WORKSPACES },
			{
				id: '310000000002',
				type: 'jwt',
				keys: {},
				accounts: ['7400000000000000001'],
				enterprises: ['volcano_210000001'],
			},
		].map((client) => [client.id, structuredClone(client)])
	);
}

const MEMBERS = {
	web: ['secrets', 'redirect_uris', 'workspaces'],
	pkce: ['redirect_uris', 'workspaces'],
	device: ['workspaces'],
	jwt: ['accounts', 'enterprises'],
};

/*
 * Adds an app, or replaces members of the one of that id; { id, type, active, user, ... }, the
 * others lists of strings. user is whose its tokens are.
 */
export function putClient(clients, changes) {
	const client = clients.get(changes.id) ?? { id: changes.id, type: changes.type };

	if (
		typeof changes.id !== 'string' ||
		!MEMBERS[client.type] ||
		(changes.type && changes.type !== client.type)
	)
		throw new ControlError(
			'a client needs an id and a type of web, pkce, device or jwt'
		);
	for (const [name, value] of Object.entries(changes)) {
		const isList =
			Array.isArray(value) && value.every((entry) => typeof entry === 'string');

		if (
			name === 'active' || name === 'user'
				? typeof value !== { active: 'boolean', user: 'string' }[name]
				: !['id', 'type'].includes(name) &&
					!(MEMBERS[client.type].includes(name) && isList)
		)
			throw new ControlError(`bad member of a client: ${name}`);
	}
	if (changes.redirect_uris?.length > 3)
		throw new ControlError('an app has at most 3 redirect URIs');
	for (const name of MEMBERS[client.type]) client[name] ??= [];
	if (client.type === 'jwt') client.keys ??= {};
	clients.set(client.id, Object.assign(client, changes));
}

function isRsaKey(pem) {
	try {
		return createPublicKey(pem).asymmetricKeyType === 'rsa';
	} catch {
		return false;
	}
}

/* Registers a public key in PEM form under the fingerprint that JWTs will name. */
export function putKey(clients, { kid, public_key: pem, client_id: id = '310000000002' }) {
	const client = clients.get(id);

	if (client?.type !== 'jwt' || typeof kid !== 'string' || typeof pem !== 'string')
		throw new ControlError('a key needs kid and public_key, and a client of type jwt');
	if (!isRsaKey(pem)) throw new ControlError('public_key is no RSA key in PEM form');
	client.keys[kid] = pem;
}
