/* SPDX-License-Identifier: MIT */

/*
 * An authorization server with habits, and the resource behind it: what documented services do
 * where RFC 6749 leaves it open. http on the loopback, where tokens may travel so.
 *
 *   node oauth_server.mjs --dir DIR
 *
 * POST /control sets habits ({ like: "github", life: 20 }), GET /control tells what was seen, POST
 * /control/mint makes a grant without a login, POST /control/revoke ends every one.
 */

import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

import { ControlError, announce, endOnTerm, listen, parseOptions, readBody, startControl } from './peer.mjs';
import { PROVIDERS, SECRET } from './providers.mjs';

const DEFAULTS = {
	life: 900, // seconds that an access token lives
	expires_in: null, // JSON text of the member; null: the life
	refresh: 'rotates', // 'stays'; 'first': sent at a client's first login alone, or where consent
	// was asked for; 'none'
	old_token: 'lives', // at a refresh; or 'dies'
	reuse: 'refuse', // of a spent refresh token; 'revoke' ends the grant, 'repeat' gives the same
	// answer, 'again' another
	form: 'asked', // JSON where Accept asks for it; 'json', 'always' a form, 'text' JSON called text
	token_type: 'Bearer',
	scope: null, // granted; null: not said
	subject: 'tester', // sub of an id_token; '' none is given
	userinfo: 'present', // or 'absent' in the metadata; 'openid': OpenID's alone has it
	offline: '', // NAME=VALUE that has to be in the authorization request for a refresh token
	scope_at_refresh: false, // wanted there
	client_auth: '', // the only way that is taken: 'post' or 'basic', with the secret
	body: 'form', // of a request; or 'json'
	members: {}, // of an answer, beside the others
	nested: '', // the member that has a login's tokens; an answer says ok: true or false then
	error_status: 400,
	dead_error: 'invalid_grant',
	dead_text: 'the refresh token is not valid', // sent as Latin-1
	lose: 0, // so many refreshes take effect, and their answer is lost
	fail: 0, // so many are not understood: 502
	delay_ms: 0, // before each answer of the token endpoint
};

const options = parseOptions({ dir: true });
const habits = { ...DEFAULTS };
const grants = new Map();
const refreshTokens = new Map();
const accessTokens = new Map();
const codes = new Map();
const consented = new Set();
const seen = { refresh: 0, second: 0, empty: 0, userinfo: 0, revoked: 0, authorization: [] };
let issuer;

const now = () => Date.now() / 1000;
const random = (prefix) => prefix + randomBytes(24).toString('base64url');

function issueAccess(grant) {
	const token = random('at_');

	if (habits.old_token === 'dies') accessTokens.delete(grant.access);
	grant.access = token;
	accessTokens.set(token, { grant, ends: now() + habits.life });
	return token;
}

function issueRefresh(grant) {
	const token = random('rt_');

	refreshTokens.set(token, { grant });
	return token;
}

function revoke(grant, itsTokensLive = false) {
	grant.revoked = true;
	seen.revoked++;
	if (itsTokensLive) return;
	for (const [token, entry] of accessTokens) if (entry.grant === grant) accessTokens.delete(token);
}

function idToken(grant) {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

	return `${part({ alg: 'none' })}.${part({ iss: issuer, sub: grant.subject })}.c2ln`;
}

/* The members of a token answer, in JSON text each. */
function tokenAnswer(grant, refresh) {
	return {
		access_token: JSON.stringify(issueAccess(grant)),
		token_type: JSON.stringify(habits.token_type),
		...(habits.expires_in === 'absent'
			? {}
			: { expires_in: habits.expires_in ?? String(habits.life) }),
		...(refresh ? { refresh_token: JSON.stringify(refresh) } : {}),
		...(habits.scope === null ? {} : { scope: JSON.stringify(habits.scope) }),
		...(grant.subject ? { id_token: JSON.stringify(idToken(grant)) } : {}),
		...Object.fromEntries(
			Object.entries(habits.members).map(([name, value]) => [name, JSON.stringify(value)])
		),
	};
}

function oauthError(name, text) {
	return {
		status: habits.error_status,
		members: { error: JSON.stringify(name), error_description: JSON.stringify(text) },
	};
}

function openGrant(client, { isOffline = true, isAsked = false } = {}) {
	const grant = { client, subject: habits.subject };
	const isFirst = isAsked || !consented.has(client);

	consented.add(client);
	if (!isOffline || habits.refresh === 'none' || (habits.refresh === 'first' && !isFirst))
		return { grant, refresh: null };
	return { grant, refresh: issueRefresh(grant) };
}

const challengeOf = (verifier) => createHash('sha256').update(verifier).digest('base64url');

function grantCode(fields) {
	const entry = codes.get(fields.code);

	codes.delete(fields.code);
	if (!entry || entry.redirect_uri !== fields.redirect_uri || entry.client !== fields.client_id)
		return oauthError('invalid_grant', 'no such code');
	if (entry.challenge && entry.challenge !== challengeOf(fields.code_verifier ?? ''))
		return oauthError('invalid_grant', 'the verifier is not that of the challenge');
	const { grant, refresh } = openGrant(entry.client, entry);

	return { status: 200, members: tokenAnswer(grant, refresh), isLogin: true };
}

function grantRefresh(fields) {
	const entry = refreshTokens.get(fields.refresh_token);

	seen.refresh++;
	if (!fields.refresh_token) seen.empty++;
	if (habits.fail > 0) {
		habits.fail--;
		return { status: 502, page: '<html>bad gateway</html>' };
	}
	if (entry?.presented) seen.second++;
	if (entry && habits.refresh !== 'stays' && habits.refresh !== 'first') {
		if (entry.presented && habits.reuse === 'revoke') revoke(entry.grant);
		if (entry.presented && habits.reuse === 'repeat' && !entry.grant.revoked) {
			return { status: 200, members: entry.answer };
		}
	}
	if (habits.scope_at_refresh && !fields.scope)
		return oauthError('invalid_request', 'a scope is wanted');
	if (!entry || entry.grant.revoked || (entry.presented && !entry.stays && habits.reuse !== 'again'))
		return oauthError(habits.dead_error, habits.dead_text);
	entry.presented = true;
	entry.stays = habits.refresh === 'stays' || habits.refresh === 'first';
	entry.answer = tokenAnswer(entry.grant, entry.stays ? null : issueRefresh(entry.grant));
	if (habits.lose > 0) {
		habits.lose--;
		return null;
	}
	return { status: 200, members: entry.answer };
}

const objectText = (members) =>
	`{${Object.entries(members).map(([name, value]) => `"${name}":${value}`).join(',')}}`;

/* Slack says ok, and has a person's tokens one level deeper, but not those of a renewal. */
function nest(members, isLogin) {
	if (!habits.nested) return members;
	if (members.error || !isLogin) return { ok: String(!members.error), ...members };
	return { ok: 'true', app_id: '"A1"', [habits.nested]: objectText({ id: '"U1"', ...members }) };
}

/* The fields of a request; null where it is not as this service takes them. */
function readFields(request, body) {
	const isJson = request.headers['content-type']?.startsWith('application/json');

	if (isJson !== (habits.body === 'json')) return null;
	return isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}

/* How the client proved itself: basic, post, none, or wrong. */
function authenticate(request, fields) {
	const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? '')?.[1];
	const [id, secret] = basic
		? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
		: [fields.client_id, fields.client_secret];
	const way = basic ? 'basic' : secret ? 'post' : 'none';

	fields.client_id ??= id;
	seen.authorization.push(way);
	return !habits.client_auth || (way === habits.client_auth && secret === SECRET);
}

/* GitHub answers with a form unless JSON is asked for; some call their JSON text. */
function serialize({ members, isLogin }, accept) {
	const wantsJson = habits.form !== 'always' && (habits.form !== 'asked' || /json/.test(accept ?? ''));
	const text = objectText(nest(members, isLogin));

	if (wantsJson)
		return [habits.form === 'text' ? 'text/plain' : 'application/json', Buffer.from(text, 'latin1')];
	const pairs = Object.entries(members).map(([name, value]) => [name, String(JSON.parse(value))]);

	return ['application/x-www-form-urlencoded', Buffer.from(new URLSearchParams(pairs).toString())];
}

function answerGrant(request, body) {
	const fields = readFields(request, body);

	if (!fields) return oauthError('invalid_request', `the body has to be ${habits.body}`);
	if (!authenticate(request, fields)) return oauthError('invalid_client', 'who is that?');
	return fields.grant_type === 'refresh_token' ? grantRefresh(fields) : grantCode(fields);
}

async function answerToken(request, response) {
	const answer = answerGrant(request, (await readBody(request, 65536)).toString());

	if (habits.delay_ms > 0) await new Promise((done) => setTimeout(done, habits.delay_ms));
	if (!answer) return request.socket.resetAndDestroy();
	const [type, body] = answer.page
		? ['text/html', Buffer.from(answer.page)]
		: serialize(answer, request.headers.accept);

	response.writeHead(answer.status, { 'Content-Type': type }).end(body);
}

function has(parameters, pair) {
	const [name, ...value] = pair.split('=');

	return parameters.get(name) === value.join('=');
}

function answerAuthorize(url, response) {
	const code = random('code_');
	const back = new URL(url.searchParams.get('redirect_uri'));

	codes.set(code, {
		client: url.searchParams.get('client_id'),
		redirect_uri: url.searchParams.get('redirect_uri'),
		challenge: url.searchParams.get('code_challenge'),
		isAsked: url.searchParams.get('prompt') === 'consent',
		isOffline: !habits.offline || has(url.searchParams, habits.offline),
	});
	back.searchParams.set('code', code);
	back.searchParams.set('state', url.searchParams.get('state'));
	response.writeHead(302, { Location: back.href }).end();
}

function answerJson(response, status, value) {
	response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function answerUserinfo(request, response) {
	const entry = accessTokens.get(/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1]);

	seen.userinfo++;
	if (!entry || entry.ends <= now()) return answerJson(response, 401, { error: 'invalid_token' });
	return answerJson(response, 200, { sub: entry.grant.subject || 'somebody', exp: entry.ends });
}

function metadata(path) {
	const hasUserinfo =
		habits.userinfo === 'present' ||
		(habits.userinfo === 'openid' && path.includes('openid-configuration'));

	return {
		issuer,
		authorization_endpoint: `${issuer}/authorize`,
		token_endpoint: `${issuer}/token`,
		...(hasUserinfo ? { userinfo_endpoint: `${issuer}/userinfo` } : {}),
		code_challenge_methods_supported: ['S256'],
		token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
	};
}

const server = http.createServer((request, response) => {
	const url = new URL(request.url, issuer);

	response.sendDate = true;
	if (url.pathname === '/token') return answerToken(request, response);
	if (url.pathname === '/authorize') return answerAuthorize(url, response);
	if (url.pathname === '/userinfo') return answerUserinfo(request, response);
	if (url.pathname.startsWith('/.well-known/')) return answerJson(response, 200, metadata(url.pathname));
	return answerJson(response, 404, {});
});

function setHabits({ like, ...changes }) {
	const row = PROVIDERS[like]?.habits;
	const wanted = { ...(like ? { ...DEFAULTS, ...row } : {}), ...changes };

	for (const name of Object.keys(wanted))
		if (!(name in DEFAULTS)) throw new ControlError(`no such habit: ${name}`);
	if (like && !row) throw new ControlError(`nobody is like ${like}`);
	Object.assign(habits, wanted);
}

issuer = `http://127.0.0.1:${await listen(server)}`;
const control = await startControl({
	'POST /control': setHabits,
	'GET /control': () => ({ ...seen, authorization: seen.authorization.at(-1) ?? '' }),
	'POST /control/mint': ({ client_id: client = 'client' }) => {
		const { grant, refresh } = openGrant(client);

		return { refresh_token: refresh ?? issueRefresh(grant), access_token: issueAccess(grant) };
	},
	'POST /control/revoke': ({ tokens = 'die' }) => {
		for (const entry of [...refreshTokens.values(), ...accessTokens.values()])
			if (!entry.grant.revoked) revoke(entry.grant, tokens === 'live');
	},
});

endOnTerm(options.dir);
announce(options.dir, { issuer, control });
