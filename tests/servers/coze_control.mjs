/* SPDX-License-Identifier: MIT */

/*
 * The test's side of the Coze server: switches, faults, tokens without a login, decisions in a
 * person's place, and what the server saw.
 */

import { clearCanaries } from './canary.mjs';
import {
	applySettings,
	defaultClients,
	defaultSettings,
	putClient,
	putKey,
} from './coze_settings.mjs';
import { decideConsent } from './coze_pages.mjs';
import { ControlError } from './peer.mjs';

const OTHERS = [
	'fault',
	'clients',
	'jwt_key',
	'listening',
	'revoke',
	'revoke_access',
	'forget',
];
const STATIC_KINDS = { pat: 'pat_', sat: 'sat_' };
const DECISIONS = { allow: 'approve', deny: 'deny', expire: 'expire' };

export function emptyCounts() {
	return {
		requests: 0,
		token_requests: 0,
		by_operation: {},
		by_grant: {},
		refreshes_granted: 0,
		refreshes_refused: 0,
	};
}

/*
 * Everything as at the start, registered apps and keys included; connections that hang are cut.
 */
function reset(server) {
	Object.assign(server.settings, defaultSettings());
	server.clients.clear();
	for (const [id, client] of defaultClients()) server.clients.set(id, client);
	server.grants.clear();
	server.consents.clear();
	server.faults.clear();
	server.connections.clear();
	clearCanaries(server.canaries);
	server.counts = emptyCounts();
	server.log.clear();
}

/*
 * { any setting, fault, clients, jwt_key, listening, revoke, revoke_access, forget }: settings are
 * checked first, so that a refused request changes none. forget: 'access_tokens', of whomever, or
 * 'faults', those that nobody met.
 */
async function change(server, fields) {
	const settings = Object.fromEntries(
		Object.entries(fields).filter(([name]) => !OTHERS.includes(name))
	);

	applySettings(server.settings, settings);
	for (const client of [fields.clients ?? []].flat()) putClient(server.clients, client);
	if (fields.jwt_key) putKey(server.clients, fields.jwt_key);
	if (fields.fault) server.faults.add(fields.fault);
	if (fields.revoke) revoke(server, fields.revoke);
	if (fields.revoke_access && !server.grants.accessTokens.delete(fields.revoke_access))
		throw new ControlError('no such access token');
	if (fields.forget === 'access_tokens') server.grants.accessTokens.clear();
	if (fields.forget === 'faults') server.faults.clear();
	if (fields.listening !== undefined)
		await Promise.all(
			server.ports.map((port) =>
				fields.listening ? port.reopen() : port.close()
			)
		);
	return { settings: server.settings };
}

/* Kills a login by its name or by any of its tokens, or a PAT, SAT or JWT's token. */
function revoke(server, name) {
	const { families, refreshTokens, accessTokens } = server.grants;
	const family = families.has(name)
		? name
		: (refreshTokens.get(name) ?? accessTokens.get(name))?.family;

	if (family) server.grants.revokeFamily(family, 'by order of the test');
	else if (!accessTokens.delete(name))
		throw new ControlError('nothing of that name to revoke');
}

/*
 * Tokens without a login: { client_id, kind, life, permissions, user } to { access_token, expires_in,
 * refresh_token, family }, expires_in in epoch seconds. kind is 'pat' or 'sat', or that of the
 * app; permissions, if given, of 'me', 'listWorkspace', 'chat' and 'uploadFile'; user, if given,
 * whose they are; life in seconds, negative for a token
 * that has expired.
 */
function mint(server, { client_id: id, kind, life, permissions, user }) {
	const client = server.clients.get(id);
	const { grants, settings } = server;

	if (!STATIC_KINDS[kind] && (!client || (kind && kind !== client.type)))
		throw new ControlError('no such client, or not of that kind');
	const tokens =
		STATIC_KINDS[kind] || client.type === 'jwt'
			? {
					access_token: grants.issueAccess(
						STATIC_KINDS[kind] ?? 'czs_',
						{ client_id: id, kind: kind ?? 'jwt' },
						life
					),
				}
			: grants.openFamily(client, {}, life);

	if (user) grants.accessTokens.get(tokens.access_token).user = user;
	if (permissions) grants.accessTokens.get(tokens.access_token).permissions = permissions;
	return {
		access_token: tokens.access_token,
		expires_in: grants.clock() + (life ?? settings.token_life),
		refresh_token: tokens.refresh_token,
		family: tokens.family,
	};
}

/* { user_code, decision }: allow, deny or expire; allow if not said. */
function approve(server, { user_code: code, decision = 'allow' }) {
	const entry = server.grants.findUserCode(code);

	if (!entry || !Object.hasOwn(DECISIONS, decision))
		throw new ControlError('no such user code or decision');
	entry.decision = DECISIONS[decision];
}

/* { authorize_key or state, decision } to { location }, where the browser would be sent. */
function consent(server, { authorize_key: wanted, state, decision = 'allow' }) {
	const found = [...server.consents].find(
		([key, entry]) => key === wanted || entry.state === state
	);

	if (!found) throw new ControlError('no such consent');
	return { location: decideConsent(server, found[0], decision) };
}

function describeDeviceCode(entry) {
	return {
		...entry,
		polls: entry.polls.length,
		gaps: entry.polls
			.slice(1)
			.map((time, index) => Number((time - entry.polls[index]).toFixed(3))),
	};
}

/*
 * The server's view. With ?brief=1 without the tokens, for runs with many thousands of them.
 * presented_spent is how often a refresh token came that had been spent before.
 */
function describe(server, query) {
	const { grants } = server;
	const families = [...grants.families.values()];
	const brief = {
		now: grants.clock(),
		counts: server.counts,
		connections: server.connections.counts,
		open_connections: server.connections.open.size,
		presented_spent: grants.presentedSpent,
		revoked_families: families.filter((family) => family.revoked).length,
		faults_waiting: server.faults.queue,
		faults_done: server.faults.done,
		streams_closed: server.streamsClosed ?? 0,
		canaries: server.canaries,
	};

	if (query.get('brief') === '1') return brief;
	return {
		...brief,
		settings: server.settings,
		clients: Object.fromEntries(server.clients),
		families: Object.fromEntries(grants.families),
		refresh_tokens: Object.fromEntries(
			[...grants.refreshTokens].map(([token, entry]) => [
				token,
				{
					family: entry.family,
					presentations: entry.presentations,
					spent: entry.spent !== undefined,
				},
			])
		),
		access_tokens: Object.fromEntries(grants.accessTokens),
		device_codes: [...grants.deviceCodes.values()].map(describeDeviceCode),
		consents: Object.fromEntries(server.consents),
	};
}

/* The table for startControl. */
export function controlCommands(server) {
	return {
		'GET /control': (fields, query) => describe(server, query),
		'POST /control': (fields) => change(server, fields),
		'POST /control/mint': (fields) => mint(server, fields),
		'POST /control/approve': (fields) => approve(server, fields),
		'POST /control/consent': (fields) => consent(server, fields),
		'POST /control/reset': () => reset(server),
	};
}
