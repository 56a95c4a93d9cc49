/* SPDX-License-Identifier: MIT */

/*
 * Runs the npm package oidc-provider, an authorization server that nobody here wrote: node
 * oidc_server.mjs --dir DIR [--host localhost|127.0.0.1] [--access-life SECONDS] [--registers]
 * [--client-key FILE]
 *
 * Over TLS on a loopback port of the kernel's choice; DIR/server.json says where once it is ready,
 * DIR/requests.jsonl has a line per request, SIGTERM ends it. KEYTURN_NODE_MODULES names the
 * folder of the package, else it is the one beside this file.
 *
 * Control: GET /control; POST /control { access_life, consent: 'allow' | 'ask' | 'deny', rfc8414
 * }; POST /control/mint { client_id, scope }; POST /control/approve { user_code, decision }; POST
 * /control/revoke { grant }.
 */

import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import './older_node.mjs';
import { makeServerCertificate } from './certificates.mjs';
import { ACCOUNT, oidcConfiguration } from './oidc_settings.mjs';
import { addTokenExchange } from './oidc_token_exchange.mjs';
import {
	announce,
	ControlError,
	endOnTerm,
	listen,
	parseOptions,
	readBody,
	startControl,
} from './peer.mjs';

const MODULES =
	process.env.KEYTURN_NODE_MODULES ?? fileURLToPath(new URL('node_modules', import.meta.url));
const METADATA = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
const DEFAULT_SCOPE = 'openid offline_access';

/* By its path, as the folder of packages need not be above this file. */
async function loadProvider() {
	const { default: Provider } = await import(
		pathToFileURL(path.join(MODULES, 'oidc-provider/lib/index.js')).href
	);

	return Provider;
}

function newCounts() {
	return {
		token_requests: 0,
		by_grant: {},
		by_path: {},
		refresh_tokens_spent: 0,
		revoked_grants: [],
		errors: {},
	};
}

/* Counts and logs what the provider answered. */
function watch(provider, counts, logFile) {
	const log = fs.openSync(logFile, 'a', 0o600);

	provider.use(async (ctx, next) => {
		await next();
		const grant = ctx.oidc?.params?.grant_type;

		counts.by_path[ctx.path] = (counts.by_path[ctx.path] ?? 0) + 1;
		if (ctx.path === '/token') {
			counts.token_requests++;
			counts.by_grant[grant] = (counts.by_grant[grant] ?? 0) + 1;
		}
		if (ctx.body?.error)
			counts.errors[ctx.body.error] = (counts.errors[ctx.body.error] ?? 0) + 1;
		fs.writeSync(
			log,
			`${JSON.stringify({
				time: Date.now() / 1000,
				method: ctx.method,
				path: ctx.path,
				status: ctx.status,
				grant_type: grant,
				client_id: ctx.oidc?.client?.clientId,
				error: ctx.body?.error,
				error_detail: ctx.body?.error_description,
			})}\n`
		);
	});
	provider.on('refresh_token.consumed', () => {
		counts.refresh_tokens_spent++;
	});
	provider.on('grant.revoked', (ctx, grant) => {
		counts.revoked_grants.push(grant);
	});
}

async function decideInteraction(provider, request, response, decision) {
	const result =
		decision === 'deny'
			? { error: 'access_denied', error_description: 'the user refused' }
			: { login: { accountId: ACCOUNT }, consent: {} };

	await provider.interactionFinished(request, response, result, {
		mergeWithLastSubmission: false,
	});
}

/* The login page: a form with #allow and #deny, or decided at once. */
async function serveInteraction(provider, switches, request, response) {
	const fields = new URLSearchParams(
		request.method === 'POST' ? (await readBody(request, 4096))?.toString() : ''
	);
	const decision = request.method === 'POST' ? fields.get('decision') : switches.consent;

	if (decision !== 'ask') return decideInteraction(provider, request, response, decision);
	response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
	response.end(
		'<!doctype html><html lang="en"><meta charset="utf-8"><title>Login</title><form method="post">' +
			'<button id="allow" name="decision" value="allow">Allow</button>' +
			'<button id="deny" name="decision" value="deny">Deny</button></form></html>'
	);
}

function newHandler(provider, switches) {
	const answer = provider.callback();

	return (request, response) => {
		if (request.url.startsWith('/interaction/')) {
			serveInteraction(provider, switches, request, response).catch((error) => {
				response.writeHead(400, { 'Content-Type': 'text/plain' });
				response.end(`${error.message}\n`);
			});
			return;
		}
		/*
		 * The package serves one of the two well-known paths; RFC 8414 asks for the other.
		 */
		if (request.url === METADATA[0] && switches.rfc8414) request.url = METADATA[1];
		answer(request, response);
	};
}

async function newGrant(provider, clientId, scope, resource) {
	const grant = new provider.Grant({ accountId: ACCOUNT, clientId });

	grant.addOIDCScope(scope);
	for (const one of [resource ?? []].flat()) grant.addResourceScope(one, scope);
	return grant.save();
}

/* Tokens without a login, as after an authorization code. */
async function mint(provider, { client_id: id, scope = DEFAULT_SCOPE }) {
	const client = await provider.Client.find(id);

	if (!client) throw new ControlError('no such client');
	const grantId = await newGrant(provider, id, scope);
	const common = { accountId: ACCOUNT, client, grantId, scope, gty: 'authorization_code' };
	const refresh = new provider.RefreshToken({
		...common,
		authTime: Math.floor(Date.now() / 1000),
		rotations: 0,
	});
	const access = new provider.AccessToken(common);

	return {
		refresh_token: await refresh.save(),
		access_token: await access.save(),
		expires_in: access.expiration,
		grant: grantId,
		client_id: id,
		client_secret: client.clientSecret,
	};
}

/* In a person's place. */
async function approve(provider, { user_code: typed, decision = 'allow' }) {
	const code = await provider.DeviceCode.findByUserCode(
		String(typed).toUpperCase().replace(/\W/g, '')
	);

	if (!code) throw new ControlError('no such user code');
	const scope = code.params.scope ?? DEFAULT_SCOPE;

	Object.assign(
		code,
		decision === 'allow'
			? {
					accountId: ACCOUNT,
					grantId: await newGrant(
						provider,
						code.clientId,
						scope,
						code.params.resource
					),
					resource: code.params.resource,
					scope,
					authTime: Math.floor(Date.now() / 1000),
				}
			: { error: 'access_denied', errorDescription: 'the user refused' }
	);
	await code.save();
}

function changeSwitches(switches, fields) {
	const {
		access_life: life = switches.access_life,
		consent = switches.consent,
		rfc8414 = switches.rfc8414,
	} = fields;

	if (
		!Number.isSafeInteger(life) ||
		life < 1 ||
		!['allow', 'ask', 'deny'].includes(consent) ||
		typeof rfc8414 !== 'boolean' ||
		Object.keys(fields).some((name) => !Object.hasOwn(switches, name))
	)
		throw new ControlError('bad switch');
	return Object.assign(switches, { access_life: life, consent, rfc8414 });
}

async function revoke(provider, { grant: id }) {
	const grant = await provider.Grant.find(id);

	if (!grant) throw new ControlError('no such grant');
	await Promise.all([grant.destroy(), provider.RefreshToken.revokeByGrantId(id)]);
}

async function main() {
	const options = parseOptions({
		dir: true,
		host: true,
		'access-life': true,
		'posts-only': false,
		registers: false,
		'client-key': true,
	});
	const switches = changeSwitches(
		{ access_life: 900, consent: 'allow', rfc8414: true },
		options['access-life'] ? { access_life: Number(options['access-life']) } : {}
	);
	const { caFile, server: certificate } = makeServerCertificate(
		path.join(options.dir, 'tls')
	);
	const Provider = await loadProvider();
	const server = https.createServer(certificate);
	const issuer = `https://${options.host ?? 'localhost'}:${await listen(server)}`;
	const provider = new Provider(issuer, oidcConfiguration(switches, options));
	const counts = newCounts();

	addTokenExchange(provider);
	watch(provider, counts, path.join(options.dir, 'requests.jsonl'));
	server.on('request', newHandler(provider, switches));
	endOnTerm(options.dir);
	announce(options.dir, {
		issuer,
		ca_file: caFile,
		pid: process.pid,
		control: await startControl({
			'GET /control': () => ({ counts, switches }),
			'POST /control': (fields) => changeSwitches(switches, fields),
			'POST /control/mint': (fields) => mint(provider, fields),
			'POST /control/approve': (fields) => approve(provider, fields),
			'POST /control/revoke': (fields) => revoke(provider, fields),
			'POST /control/reset': () => Object.assign(counts, newCounts()),
		}),
	});
}

await main();
