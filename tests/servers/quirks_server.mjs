/* SPDX-License-Identifier: MIT */

/*
 * Authorization servers with the habits of known services, as their documentation tells them:
 * node quirks_server.mjs --dir DIR
 *
 * One on each path below: /github (status 200 for errors, no metadata, no PKCE needed), /slack
 * (ok:false, tokens in authed_user, an unknown error until told), /entra (wants a scope at each
 * refresh), /google (a refresh token only if access_type=offline was asked), /bitbucket (Basic
 * alone, no metadata), /linear (ten years), /mailchimp (expires_in 0), /echo (its error repeats
 * the refresh token), /device (slow_down with an interval, 503 with Retry-After), /moved (its
 * metadata names /real), /twice (a foreign RFC 8414 document beside a right OpenID one), /secret
 * and /closed (the first registers clients and gives them a secret, the other refuses to). Each name
 * in `resources` is a resource with metadata of its own; /challenged says in its 401 where they are.
 *
 * On a loopback port of the kernel's choice, without TLS; DIR/server.json says where,
 * DIR/requests.jsonl has each request. POST /control { NAME: VALUE } sets what a next answer does.
 */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const dir = process.argv[process.argv.indexOf('--dir') + 1];
const log = fs.openSync(path.join(dir, 'requests.jsonl'), 'a', 0o600);
const state = { decision: 'pending', polls: 0, serial: 0, error: null, denial: null, broken: '', offline: false };

function tokens(extra = {}) {
	state.serial++;
	return {
		access_token: `access-${state.serial}`,
		refresh_token: `refresh-${state.serial}`,
		token_type: 'bearer',
		expires_in: 600,
		...extra,
	};
}

function failure(error, extra = {}) {
	return { error, error_description: `the server says ${error}`, ...extra };
}

/* Each returns [status, body, headers]. */
const token = {
	github(fields) {
		if (state.error) return [200, failure(state.error)];
		if (fields.client_secret !== 'client-secret-of-tests') return [200, failure('incorrect_client_credentials')];
		return [200, tokens({ refresh_token_expires_in: 15811200, scope: '' })];
	},
	slack() {
		if (state.error) return [200, { ok: false, error: state.error }];
		const { token_type, ...user } = tokens();
		return [200, { ok: true, app_id: 'A1', authed_user: { id: 'U1', token_type: 'user', ...user } }];
	},
	entra(fields) {
		if (!fields.scope) return [400, failure('invalid_request')];
		if (state.error) return [400, failure(state.error, { suberror: 'basic_action' })];
		return [200, tokens({ scope: fields.scope })];
	},
	google(fields) {
		const { refresh_token, ...answer } = tokens();
		if (fields.grant_type === 'authorization_code' && state.offline)
			answer.refresh_token = refresh_token;
		return [200, answer];
	},
	bitbucket(fields, headers) {
		if (headers.authorization !== `Basic ${Buffer.from('app:client-secret-of-tests').toString('base64')}`)
			return [401, failure('unauthorized_client')];
		return [200, tokens({ scopes: 'account' })];
	},
	linear() {
		if (state.error) return [400, failure(state.error)];
		return [200, tokens({ expires_in: 315705599 })];
	},
	mailchimp() {
		const { refresh_token, ...answer } = tokens({ expires_in: 0 });
		return [200, answer];
	},
	endless() {
		const { expires_in, ...answer } = tokens();
		return [200, answer];
	},
	echo(fields, headers) {
		if (fields.grant_type !== 'refresh_token') return [200, tokens()];
		return [400, { error: 'invalid_request',
			error_description: `no ${fields.refresh_token} of client-secret-of-tests, ${headers.authorization}` }];
	},
	device(fields) {
		state.polls++;
		if (fields.client_id !== 'app') return [401, failure('invalid_client')];
		if (state.decision === 'slow') {
			state.decision = 'pending';
			return [400, failure('slow_down', { interval: state.interval })];
		}
		if (state.decision === 'busy') {
			state.decision = 'pending';
			return [503, {}, { 'retry-after': String(state.interval) }];
		}
		if (state.decision === 'pending') return [400, failure('authorization_pending')];
		if (state.decision === 'declined') return [400, failure('authorization_declined')];
		return [200, tokens()];
	},
	secret(fields) {
		if (fields.client_id !== 'registered' || fields.client_secret !== 'secret-of-the-registered')
			return [401, failure('invalid_client')];
		return [200, tokens({ scope: fields.scope })];
	},
	real: () => [200, tokens()],
	twice: () => [200, tokens()],
};

function metadata(base, name, issuer = `${base}/${name}`) {
	return {
		issuer,
		authorization_endpoint: `${base}/${name}/authorize`,
		token_endpoint: `${base}/${name}/token`,
		code_challenge_methods_supported: ['S256'],
	};
}

/* RFC 9728: what each resource says of itself, below the well-known address or at its own. */
const resources = {
	'': (base) => ({ resource: `${base}/`, authorization_servers: [`${base}/twice`] }),
	plain: (base) => ({ resource: `${base}/plain`, authorization_servers: [`${base}/twice`] }),
	challenged: (base) => ({ resource: `${base}/challenged`, authorization_servers: [`${base}/secret`],
		scopes_supported: ['other'] }),
	other: (base) => ({ resource: `${base}/another`, authorization_servers: [`${base}/twice`] }),
	foreign: (base) => ({ resource: 'https://elsewhere.example/', authorization_servers: [`${base}/twice`] }),
	many: (base) => ({ resource: `${base}/many`, authorization_servers: [`${base}/secret`, `${base}/twice`],
		scopes_supported: ['read', 'write'] }),
	closed: (base) => ({ resource: `${base}/closed`, authorization_servers: [`${base}/closed`] }),
	none: (base) => ({ resource: `${base}/none` }),
	slash: (base) => ({ resource: `${base}/slash`, authorization_servers: [`${base}/`] }),
	renamed: (base) => ({ resource: `${base}/renamed`, authorization_servers: [`${base}/moved`] }),
	remote: (base) => ({ resource: `${base}/remote`, authorization_servers: ['http://elsewhere.example'] }),
};

function resourceMetadata(base, url) {
	const name = url.match(/^\/\.well-known\/oauth-protected-resource(?:\/([a-z]+))?$/);

	if (url === '/metadata-of-the-challenged') return resources.challenged(base);
	return name && name[1] !== 'challenged' ? resources[name[1] ?? '']?.(base) : null;
}

/* RFC 7591. */
function register(name, body) {
	const { token_endpoint_auth_method: way } = JSON.parse(body);

	if (name === 'closed')
		return [400, failure('invalid_redirect_uri')];
	return [201, { client_id: 'registered', client_secret: 'secret-of-the-registered',
		client_secret_expires_at: 0, token_endpoint_auth_method: way }];
}

function wellKnown(base, url) {
	if (url === '/.well-known/oauth-authorization-server/moved') return metadata(base, 'real', `${base}/real/`);
	if (url === '/.well-known/oauth-authorization-server/real/') return metadata(base, 'real', `${base}/real/`);
	if (url === '/.well-known/oauth-authorization-server/twice') return metadata(base, 'real');
	if (url === '/.well-known/oauth-authorization-server') return metadata(base, 'twice', base);
	if (url === '/twice/.well-known/openid-configuration') return metadata(base, 'twice');
	for (const name of ['secret', 'closed'])
		if (url === `/.well-known/oauth-authorization-server/${name}`)
			return { ...metadata(base, name), registration_endpoint: `${base}/${name}/register`,
				token_endpoint_auth_methods_supported: ['client_secret_post'],
				scopes_supported: ['one', 'two', 'read', 'write', 'offline_access'] };
	return null;
}

function answer(response, status, body, headers = {}) {
	response.writeHead(status, { 'content-type': 'application/json', date: new Date().toUTCString(), ...headers });
	response.end(JSON.stringify(body));
}

function authorize(response, url) {
	const asked = url.searchParams;
	const target = new URL(asked.get('redirect_uri'));

	state.offline = asked.get('access_type') === 'offline';
	if (state.denial) {
		target.searchParams.set('error', state.denial);
		target.searchParams.set('error_description', `not for ${asked.get('state')} today${state.broken}`);
	} else {
		target.searchParams.set('code', `code-${++state.serial}`);
	}
	target.searchParams.set('state', asked.get('state'));
	response.writeHead(302, { location: target.href });
	response.end();
}

function route(request, response, body, base) {
	const url = new URL(request.url, base);
	const [, name, action] = url.pathname.split('/');
	/* As servers do that have no name of their own. */
	const called = /^localhost:/.test(request.headers.host) ? base.replace('127.0.0.1', 'localhost') : base;
	const document = wellKnown(called, url.pathname) ?? resourceMetadata(base, url.pathname);

	fs.writeSync(log, `${JSON.stringify({ time: Date.now(), path: url.pathname, query: url.search, body, headers: request.headers })}\n`);
	if (document) return answer(response, 200, document);
	if (name === 'control') return answer(response, 200, Object.assign(state, JSON.parse(body)));
	if (url.pathname === '/challenged')
		return answer(response, 401, {}, { 'www-authenticate': ['Basic realm="a, b"',
			`Bearer scope="one two", resource_metadata="${base}/metadata-of-the-challenged"`] });
	if (action === 'register') return answer(response, ...register(name, body));
	if (action === 'authorize') return authorize(response, url);
	if (action === 'device')
		return answer(response, 200, { device_code: 'device-code-of-tests', user_code: 'WDJB-MJHT',
			verification_uri: `${base}/device/page`, expires_in: '120', interval: '1' });
	if (action !== 'token' || !token[name]) return answer(response, 404, {});
	return answer(response, ...token[name](Object.fromEntries(new URLSearchParams(body)), request.headers));
}

const server = http.createServer((request, response) => {
	let body = '';

	request.on('data', (bytes) => (body += bytes));
	request.on('end', () => route(request, response, body, `http://127.0.0.1:${server.address().port}`));
});

server.listen(0, '127.0.0.1', () => {
	const file = path.join(dir, 'server.json');

	fs.writeFileSync(`${file}.new`, JSON.stringify({ base: `http://127.0.0.1:${server.address().port}` }));
	fs.renameSync(`${file}.new`, file);
});
process.on('SIGTERM', () => process.exit(0));
