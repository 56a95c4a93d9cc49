/* SPDX-License-Identifier: MIT */

/* Our Coze server refuses what the contract does not allow, and its switches do what they say. */

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import https from 'node:https';
import { beforeEach, describe, test } from 'node:test';

import { API, authorize, command, CONTROL, control, DEVICE, DEVICE_GRANT, JWT_GRANT, me, mint, PKCE, post, get, readLog,
	REDIRECT, refresh, reset, SECRET, SERVICE, state, TOKEN, WEB, WWW } from './test_peer.mjs';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const WORKSPACE = '7300000000000000001';

beforeEach(reset);

function assertRefused(answer, status, name) {
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.body.error_code, name);
	assert.equal(answer.body.error, name);
}

describe('refresh', () => {
	test('a second use of a refresh token revokes the family', async () => {
		const minted = await mint(PKCE);
		const first = await refresh(PKCE, minted.refresh_token);

		assertRefused(await refresh(PKCE, minted.refresh_token), 400, 'invalid_grant');
		assertRefused(await refresh(PKCE, first.body.refresh_token), 400, 'invalid_grant');
		assert.equal((await me(first.body.access_token)).body.code, 4100);
		const seen = await state();

		assert.equal(seen.presented_spent, 1);
		assert.equal(seen.families[minted.family].revoked, true);
		assert.equal(seen.refresh_tokens[minted.refresh_token].presentations, 2);
		assert.deepEqual([seen.counts.refreshes_granted, seen.counts.refreshes_refused], [1, 2]);
	});

	test('of two at once, one is granted', async () => {
		const minted = await mint(PKCE);
		const answers = await Promise.all([1, 2].map(() => refresh(PKCE, minted.refresh_token)));

		assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 400]);
	});

	test('within the grace the same pair is answered again', async () => {
		await control({ grace: 60 });
		const minted = await mint(PKCE);
		const [first, second] = [await refresh(PKCE, minted.refresh_token), await refresh(PKCE, minted.refresh_token)];

		assert.deepEqual(second.body, first.body);
		assert.equal((await refresh(PKCE, first.body.refresh_token)).status, 200);
	});

	test('or a new pair, which alone is current', async () => {
		await control({ grace: 60, grace_answer: 'new' });
		const minted = await mint(PKCE);
		const [first, second] = [await refresh(PKCE, minted.refresh_token), await refresh(PKCE, minted.refresh_token)];

		assert.notEqual(second.body.refresh_token, first.body.refresh_token);
		assert.equal((await refresh(PKCE, second.body.refresh_token)).status, 200);
		assertRefused(await refresh(PKCE, first.body.refresh_token), 400, 'invalid_grant');
	});

	test('a server that does not rotate answers the token it was given', async () => {
		await control({ rotation: 'never' });
		const minted = await mint(PKCE);

		for (let round = 0; round < 3; round++)
			assert.equal((await refresh(PKCE, minted.refresh_token)).body.refresh_token, minted.refresh_token);
	});

	for (const [form, value] of [['absent', undefined], ['null', null], ['empty', '']]) {
		test(`an answer with the refresh token ${form} leaves it alive`, async () => {
			const minted = await mint(PKCE);

			await control({ refresh_token: form });
			assert.equal((await refresh(PKCE, minted.refresh_token)).body.refresh_token, value);
			assert.equal((await refresh(PKCE, minted.refresh_token)).status, 200);
		});
	}

	test('an app cannot use the token of another', async () => {
		const minted = await mint(PKCE);

		assertRefused(await refresh(DEVICE, minted.refresh_token), 400, 'invalid_grant');
		assert.equal((await refresh(PKCE, minted.refresh_token)).status, 200);
	});

	test('the access token of before dies only if so switched', async () => {
		const minted = await mint(PKCE);
		const next = await refresh(PKCE, minted.refresh_token);

		assert.equal((await me(minted.access_token)).status, 200);
		await control({ old_access_survives: false });
		await refresh(PKCE, next.body.refresh_token);
		assert.equal((await me(next.body.access_token)).status, 401);
	});
});

describe('bodies and secrets', () => {
	const send = (headers, body) => fetch(API + TOKEN, { method: 'POST', headers, body });

	test('a form body is refused and spends nothing', async () => {
		const minted = await mint(PKCE);
		const fields = { grant_type: 'refresh_token', ...PKCE, refresh_token: minted.refresh_token };
		const answer = await send({}, new URLSearchParams(fields));

		assert.equal(answer.status, 400);
		assert.equal((await answer.json()).error, 'invalid_request');
		assert.equal((await refresh(PKCE, minted.refresh_token)).status, 200);
	});

	test('what is no JSON object is refused', async () => {
		for (const body of ['', '[]', '"text"', '{', 'null', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])])
			assert.equal((await send({ 'Content-Type': 'application/json' }, body)).status, 400);
	});

	test('a secret in the body is refused', async () => {
		const minted = await mint(WEB);

		for (const name of ['client_secret', 'assertion', 'private_key'])
			assertRefused(await refresh({ ...WEB, [name]: SECRET }, minted.refresh_token, SECRET), 400, 'invalid_request');
	});

	test('a web app needs its secret as Bearer, and any of its secrets will do', async () => {
		const minted = await mint(WEB);
		const basic = Buffer.from(`${WEB.client_id}:${SECRET}`).toString('base64');
		const withBasic = await send({ 'Content-Type': 'application/json', Authorization: `Basic ${basic}` },
			JSON.stringify({ grant_type: 'refresh_token', ...WEB, refresh_token: minted.refresh_token }));

		assert.equal(withBasic.status, 401);
		for (const secret of [undefined, '', 'wrong'])
			assertRefused(await refresh(WEB, minted.refresh_token, secret), 401, 'invalid_client');
		assert.equal((await refresh(WEB, minted.refresh_token, 'web-secret-2')).status, 200);
	});

	test('a public app must not send one, and may send an empty Bearer', async () => {
		const minted = await mint(PKCE);

		assertRefused(await refresh(PKCE, minted.refresh_token, SECRET), 401, 'invalid_client');
		assert.equal((await refresh(PKCE, minted.refresh_token, '')).status, 200);
	});

	test('a request for another host is refused', async () => {
		const status = await new Promise((resolve, reject) => {
			https.get(`${API}/v1/users/me`, { servername: 'localhost', headers: { Host: 'api.coze.com' } }, (answer) => {
				answer.resume();
				resolve(answer.statusCode);
			}).on('error', reject);
		});

		assert.equal(status, 421);
		assert.equal(readLog()[0].host, 'api.coze.com');
	});

	test('unknown apps, grants, methods and paths are refused', async () => {
		const token = (await mint(PKCE)).refresh_token;

		assertRefused(await refresh({ client_id: 'nobody' }, token), 401, 'invalid_client');
		assertRefused(await post(TOKEN, { grant_type: 'password', ...PKCE }), 400, 'unsupported_grant_type');
		assertRefused(await post(TOKEN, PKCE), 400, 'invalid_request');
		assert.equal((await fetch(API + TOKEN)).status, 405);
		assert.equal((await post('/token', {})).body.code, 4200);
		assert.equal((await fetch(WWW + TOKEN, { method: 'POST' })).status, 404);
		assert.equal((await post(`/api/permission/oauth2/account/1/token`, { grant_type: 'refresh_token', ...PKCE })).status, 400);
	});

	test('an app that its owner switched off says so, and its tokens rest', async () => {
		const minted = await mint(PKCE);

		await control({ clients: { id: PKCE.client_id, active: false } });
		assertRefused(await refresh(PKCE, minted.refresh_token), 400, 'access_deny');
		assert.equal((await me(minted.access_token)).body.code, 4100);
		await control({ clients: { id: PKCE.client_id, active: true } });
		assert.equal((await me(minted.access_token)).body.code, 0);
		assert.equal((await refresh(PKCE, minted.refresh_token)).status, 200);
	});
});

describe('authorization codes', () => {
	const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
	const exchange = (client, code, extra, bearer) => post(TOKEN,
		{ grant_type: 'authorization_code', ...client, code, redirect_uri: REDIRECT, ...extra }, bearer);
	const url = (client, extra = {}, workspace = '') => `${WWW}/api/permission/oauth2/${workspace}authorize?` +
		new URLSearchParams({ response_type: 'code', ...client, redirect_uri: REDIRECT, state: 'state', ...extra });
	const login = async (...words) => (await authorize(url(...words))).get('code');

	beforeEach(() => control({ auto_approve: 'allow' }));

	test('a code works once, and a second time costs the login', async () => {
		const code = await login(WEB);
		const first = await exchange(WEB, code, {}, SECRET);

		assert.equal(first.status, 200);
		assertRefused(await exchange(WEB, code, {}, SECRET), 400, 'invalid_grant');
		assertRefused(await refresh(WEB, first.body.refresh_token, SECRET), 400, 'invalid_grant');
	});

	test('S256, plain, and no method at all, which means plain', async () => {
		const s256 = await login(PKCE, { code_challenge: challenge, code_challenge_method: 'S256' });
		const plain = await login(PKCE, { code_challenge: VERIFIER, code_challenge_method: 'plain' });
		const none = await login(PKCE, { code_challenge: VERIFIER });

		for (const code of [s256, plain, none])
			assert.equal((await exchange(PKCE, code, { code_verifier: VERIFIER })).status, 200);
	});

	test('a wrong verifier, a missing one, another redirect or app get nothing', async () => {
		const code = () => login(PKCE, { code_challenge: challenge, code_challenge_method: 'S256' });

		assertRefused(await exchange(PKCE, await code(), { code_verifier: randomBytes(32).toString('hex') }), 400, 'invalid_request');
		assertRefused(await exchange(PKCE, await code(), {}), 400, 'invalid_request');
		assertRefused(await exchange(PKCE, await code(), { code_verifier: VERIFIER, redirect_uri: `${REDIRECT}/` }), 400,
			'invalid_request');
		assertRefused(await exchange(WEB, await code(), { code_verifier: VERIFIER }, SECRET), 400, 'invalid_grant');
		assertRefused(await exchange(DEVICE, await code(), { code_verifier: VERIFIER }), 400, 'access_deny');
	});

	test('a code that is too old gets nothing', async () => {
		await control({ code_life: 0 });
		assertRefused(await exchange(WEB, await login(WEB), {}, SECRET), 400, 'invalid_grant');
	});

	test('authorize refuses bad requests on a page, not at the callback', async () => {
		const bad = [
			[WEB, { redirect_uri: 'http://127.0.0.1:9090/callback' }], [WEB, { response_type: 'token' }], [WEB, { scope: 'all' }],
			[{ client_id: 'nobody' }], [DEVICE], [PKCE], [PKCE, { code_challenge: 'short', code_challenge_method: 'S256' }],
			[PKCE, { code_challenge: challenge, code_challenge_method: 'S512' }], [WEB, {}, 'workspace_id/1/'],
		];

		for (const request of bad)
			assert.equal((await fetch(url(...request), { redirect: 'manual' })).status, 400, JSON.stringify(request));
		assert.equal((await fetch(`${url(WEB)}&state=again`, { redirect: 'manual' })).status, 400);
	});

	test('a workspace is kept with the login', async () => {
		const code = await login(WEB, {}, `workspace_id/${WORKSPACE}/`);

		await exchange(WEB, code, {}, SECRET);
		assert.equal((await state()).families['family-1'].workspace_id, WORKSPACE);
	});

	test('a person can refuse, and the page waits where nobody decides for it', async () => {
		await control({ auto_approve: 'deny' });
		assert.equal((await authorize(url(WEB))).get('error'), 'access_denied');
		await control({ auto_approve: 'ask' });
		const page = await fetch(url(WEB));
		const key = new URL(page.url).searchParams.get('authorize_key');

		assert.match(await page.text(), /id="allow"/);
		const pressed = await fetch(`${WWW}/oauth/consent`, { method: 'POST', redirect: 'manual',
			body: new URLSearchParams({ authorize_key: key, decision: 'allow' }) });

		assert.match(pressed.headers.get('location'), /^http:\/\/127\.0\.0\.1:8080\/callback\?code=code_[^&]+&state=state$/);
	});

	test('control decides in a person\'s place', async () => {
		await control({ auto_approve: 'ask' });
		await fetch(url(WEB, { state: 'by control' }));
		const { location } = await command(CONTROL, '/control/consent', { state: 'by control' });

		assert.equal((await exchange(WEB, new URL(location).searchParams.get('code'), {}, SECRET)).status, 200);
	});
});

describe('device codes', () => {
	const start = (path = 'device/code') => post(`/api/permission/oauth2/${path}`, DEVICE);
	const poll = (code, client = DEVICE) => post(TOKEN, { grant_type: DEVICE_GRANT, ...client, device_code: code });

	test('polling before the interval is over is told to slow down', async () => {
		const { body } = await start();

		assertRefused(await poll(body.device_code), 400, 'authorization_pending');
		assertRefused(await poll(body.device_code), 400, 'slow_down');
		assert.equal((await state()).device_codes[0].interval, 10);
	});

	test('each step of a script comes in its turn, and an approved code once', async () => {
		await control({ enforce_interval: false, pending_status: 200, device_script: ['pending', 'slow_down', 'pending', 'approve'] });
		const { body } = await start();
		const answers = [];

		for (let round = 0; round < 5; round++)
			answers.push(await poll(body.device_code));
		assert.deepEqual(answers.map((answer) => answer.body.error ?? 'token'),
			['authorization_pending', 'slow_down', 'authorization_pending', 'token', 'expired_token']);
		assert.equal(answers[0].status, 200);
	});

	test('refused, expired, of another app, unknown', async () => {
		await control({ enforce_interval: false });
		const [one, two] = [(await start()).body, (await start()).body];

		await command(CONTROL, '/control/approve', { user_code: one.user_code, decision: 'deny' });
		await command(CONTROL, '/control/approve', { user_code: two.user_code, decision: 'expire' });
		assertRefused(await poll(one.device_code), 400, 'access_denied');
		assertRefused(await poll(two.device_code), 400, 'expired_token');
		assertRefused(await poll(one.device_code, PKCE), 400, 'access_deny');
		assertRefused(await poll('device_none'), 400, 'invalid_request');
		assertRefused(await post('/api/permission/oauth2/device/code', PKCE), 400, 'access_deny');
	});

	test('a form pressed in a browser approves', async () => {
		const { body } = await start(`workspace_id/${WORKSPACE}/device/code`);
		const page = await fetch(`${body.verification_uri}?user_code=${body.user_code}`);

		assert.match(await page.text(), new RegExp(body.user_code));
		await fetch(body.verification_uri, { method: 'POST',
			body: new URLSearchParams({ user_code: body.user_code, decision: 'allow' }) });
		assert.equal((await poll(body.device_code)).status, 200);
		assert.equal((await state()).families['family-1'].workspace_id, WORKSPACE);
	});

	test('interval left out and the code as a number', async () => {
		await control({ device_interval: 0, device_number: true });
		const { body } = await start();

		assert.equal(body.interval, undefined);
		assert.equal(typeof body.user_code, 'number');
	});
});

describe('JWT', () => {
	const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const now = () => Math.floor(Date.now() / 1000);
	const make = (claims = {}, header = {}) => {
		const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: 'kid', ...header })}.` +
			encode({ iss: SERVICE, aud: new URL(API).host, iat: now(), exp: now() + 600, jti: randomBytes(16).toString('hex'), ...claims });

		return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
	};
	const exchange = (jwt, fields = {}, path = TOKEN) => post(path, { grant_type: JWT_GRANT, ...fields }, jwt);

	beforeEach(() => control({ jwt_key: { kid: 'kid', public_key: publicKey.export({ type: 'spki', format: 'pem' }) } }));

	test('a JWT works once, and so does a jti', async () => {
		const jwt = make({ jti: 'the same' });

		assert.match((await exchange(jwt)).body.access_token, /^czs_/);
		assertRefused(await exchange(jwt), 401, 'invalid_client');
		assertRefused(await exchange(make({ jti: 'the same' })), 401, 'invalid_client');
	});

	test('claims and headers that break a rule', async () => {
		const bad = [
			make({ aud: `https://${new URL(API).host}` }), make({ aud: [new URL(API).host] }), make({ aud: 'api.coze.com' }),
			make({ iss: Number(SERVICE) }), make({ iss: 'nobody' }), make({ exp: now() - 100, iat: now() - 700 }),
			make({ exp: now(), iat: now() }), make({ iat: now() + 3600, exp: now() + 7200 }), make({ exp: `${now() + 600}` }),
			make({ jti: '' }), make({ jti: undefined }), make({ session_name: 7 }),
			make({ session_context: { device_info: { device_id: 7 } } }), make({}, { kid: 'other' }), make({}, { kid: undefined }),
			make({}, { typ: undefined }), make({}, { alg: 'none' }), `${make().slice(0, -8)}AAAAAAAA`, `${make()}=`, 'no.jwt', '',
		];

		for (const [index, jwt] of bad.entries())
			assertRefused(await exchange(jwt), 401, 'invalid_client', String(index));
	});

	test('the public key is no HMAC key', async () => {
		const text = make({}, { alg: 'HS256' }).split('.').slice(0, 2).join('.');
		const mac = createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' })).update(text).digest('base64url');

		assertRefused(await exchange(`${text}.${mac}`), 401, 'invalid_client');
	});

	test('durations from 1 to 86399', async () => {
		for (const duration of [0, -1, 86400, 1.5, '900'])
			assertRefused(await exchange(make(), { duration_seconds: duration }), 400, 'invalid_request');
		assert.equal((await exchange(make(), { duration_seconds: 86399 })).status, 200);
	});

	test('accounts and enterprises by path', async () => {
		const account = (id) => exchange(make(), {}, `/api/permission/oauth2/account/${id}/token`);
		const enterprise = (id) => exchange(make(), {}, `/api/permission/oauth2/enterprise_id/${id}/token`);

		assert.equal((await account('7400000000000000001')).status, 200);
		assert.equal((await enterprise('volcano_210000001')).status, 200);
		assertRefused(await account('1'), 400, 'access_deny');
		assertRefused(await enterprise('volcano_1'), 400, 'access_deny');
		assert.equal((await exchange(make(), {}, `/api/permission/oauth2/workspace_id/${WORKSPACE}/token`)).status, 404);
	});
});

describe('tokens at the API', () => {
	test('unknown tokens are 4100, those without permission 4101, with status 200 if so switched', async () => {
		const weak = await mint({ kind: 'pat', permissions: ['listWorkspace'] });
		const listing = '/v1/workspaces?page_num=1&page_size=20';

		assert.deepEqual([(await me('czu_of_the_other_site')).status, (await me('czu_of_the_other_site')).body.code], [401, 4100]);
		assert.deepEqual([(await me(weak.access_token)).status, (await me(weak.access_token)).body.code], [403, 4101]);
		assert.equal((await get(listing, weak.access_token)).body.code, 0);
		await control({ envelope_status: 'ok' });
		assert.deepEqual([(await me('czu_x')).status, (await me('czu_x')).body.code], [200, 4100]);
		await control({ me: 'absent' });
		assert.equal((await me(weak.access_token)).body.code, 4200);
	});

	test('tokens end with their life, by the server\'s clock', async () => {
		const dead = await mint({ kind: 'sat', life: -1 });
		const alive = await mint({ kind: 'sat', life: 1000 });

		assert.equal((await me(dead.access_token)).body.code, 4100);
		assert.equal((await me(alive.access_token)).body.code, 0);
		await control({ clock_skew: 7200 });
		const answer = await me(alive.access_token);

		assert.equal(answer.body.code, 4100);
		assert.ok(Math.abs(Date.parse(answer.headers.get('date')) / 1000 - Date.now() / 1000 - 7200) < 5);
	});

	test('a revoked login is refused everywhere', async () => {
		const minted = await mint(PKCE);

		await control({ revoke: minted.access_token });
		assert.equal((await me(minted.access_token)).body.code, 4100);
		assertRefused(await refresh(PKCE, minted.refresh_token), 400, 'invalid_grant');
	});
});

describe('switches', () => {
	test('expires_in in each form', async () => {
		const soon = Date.now() / 1000;
		const forms = {
			absolute: (value) => value > soon + 890, absolute_string: (value) => Number(value) > soon + 890,
			milliseconds: (value) => value > 1000 * (soon + 890), relative: (value) => value === 900 || value === 899,
			relative_string: (value) => value === '900' || value === '899', absent: (value) => value === undefined,
		};

		for (const [form, isRight] of Object.entries(forms)) {
			await control({ expires_in: form });
			const { body } = await refresh(PKCE, (await mint(PKCE)).refresh_token);

			assert.ok(isRight(body.expires_in), form);
		}
		await control({ expires_in: { raw: '1e400' } });
		assert.match((await refresh(PKCE, (await mint(PKCE)).refresh_token)).text, /"expires_in":1e400,/);
	});

	test('each error shape has its members alone', async () => {
		await control({ error_name: 'error', error_text: 'error_message' });
		assert.deepEqual(Object.keys((await post(TOKEN, {})).body), ['error', 'error_message']);
		await control({ error_name: 'error_code', error_text: 'error_description' });
		assert.deepEqual(Object.keys((await post(TOKEN, {})).body), ['error_code', 'error_description']);
	});

	test('a mistake of a test is refused and changes nothing', async () => {
		for (const fields of [{ nonsense: 1 }, { grace: 'long' }, { rotation: 'maybe' }, { token_life: 5, grace: null },
			{ fault: { kind: 'nonsense' } }, { fault: { kind: 'status' } }, { fault: { kind: 'hang', on: 'nonsense' } },
			{ clients: { id: 'x' } }, { jwt_key: { kid: 'kid', public_key: 'no key' } }, { revoke: 'nobody' }])
			await assert.rejects(control(fields), JSON.stringify(fields));
		assert.equal((await state()).settings.token_life, 900);
	});

	test('the log has what a request held', async () => {
		await refresh(PKCE, 'refresh_none', '');
		const [line] = readLog();

		assert.deepEqual(line.body, { grant_type: 'refresh_token', ...PKCE, refresh_token: 'refresh_none' });
		assert.equal(line.host, new URL(API).host);
		assert.equal(line.operation, 'refresh');
		assert.equal(line.status, 400);
		assert.equal(line.port, 'api');
	});
});
