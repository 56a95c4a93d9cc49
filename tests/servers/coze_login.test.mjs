/* SPDX-License-Identifier: MIT */

/* Each way to log in at our Coze server, strict to docs/coze.md: codes, device codes, JWTs. */

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';

import {
	API,
	authorize,
	command,
	CONTROL,
	control,
	DEVICE,
	DEVICE_GRANT,
	JWT_GRANT,
	PKCE,
	post,
	get,
	REDIRECT,
	refresh,
	reset,
	SECRET,
	SERVICE,
	state,
	TOKEN,
	WEB,
	WWW,
	assertRefused,
} from './test_peer.mjs';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const WORKSPACE = '7300000000000000001';

beforeEach(reset);

describe('authorization codes', () => {
	const challenge = createHash('sha256').update(VERIFIER).digest('base64url');
	const exchange = (client, code, extra, bearer) =>
		post(
			TOKEN,
			{
				grant_type: 'authorization_code',
				...client,
				code,
				redirect_uri: REDIRECT,
				...extra,
			},
			bearer
		);
	const url = (client, extra = {}, workspace = '') =>
		`${WWW}/api/permission/oauth2/${workspace}authorize?` +
		new URLSearchParams({
			response_type: 'code',
			...client,
			redirect_uri: REDIRECT,
			state: 'state',
			...extra,
		});
	const login = async (...words) => (await authorize(url(...words))).get('code');

	beforeEach(() => control({ auto_approve: 'allow' }));

	test('a code works once, and a second time costs the login', async () => {
		const code = await login(WEB);
		const first = await exchange(WEB, code, {}, SECRET);

		assert.equal(first.status, 200);
		assertRefused(await exchange(WEB, code, {}, SECRET), 400, 'invalid_grant');
		assertRefused(
			await refresh(WEB, first.body.refresh_token, SECRET),
			400,
			'invalid_grant'
		);
	});

	test('S256, plain, and no method at all, which means plain', async () => {
		const s256 = await login(PKCE, {
			code_challenge: challenge,
			code_challenge_method: 'S256',
		});
		const plain = await login(PKCE, {
			code_challenge: VERIFIER,
			code_challenge_method: 'plain',
		});
		const none = await login(PKCE, { code_challenge: VERIFIER });

		for (const code of [s256, plain, none])
			assert.equal(
				(await exchange(PKCE, code, { code_verifier: VERIFIER })).status,
				200
			);
	});

	test('a wrong verifier, a missing one, another redirect or app get nothing', async () => {
		const code = () =>
			login(PKCE, { code_challenge: challenge, code_challenge_method: 'S256' });

		assertRefused(
			await exchange(PKCE, await code(), {
				code_verifier: randomBytes(32).toString('hex'),
			}),
			400,
			'invalid_request'
		);
		assertRefused(await exchange(PKCE, await code(), {}), 400, 'invalid_request');
		assertRefused(
			await exchange(PKCE, await code(), {
				code_verifier: VERIFIER,
				redirect_uri: `${REDIRECT}/`,
			}),
			400,
			'invalid_request'
		);
		assertRefused(
			await exchange(WEB, await code(), { code_verifier: VERIFIER }, SECRET),
			400,
			'invalid_grant'
		);
		assertRefused(
			await exchange(DEVICE, await code(), { code_verifier: VERIFIER }),
			400,
			'access_deny'
		);
	});

	test('a code that is too old gets nothing', async () => {
		await control({ code_life: 0 });
		assertRefused(
			await exchange(WEB, await login(WEB), {}, SECRET),
			400,
			'invalid_grant'
		);
	});

	test('authorize refuses bad requests on a page, not at the callback', async () => {
		const bad = [
			[WEB, { redirect_uri: 'http://127.0.0.1:9090/callback' }],
			[WEB, { response_type: 'token' }],
			[WEB, { scope: 'all' }],
			[{ client_id: 'nobody' }],
			[DEVICE],
			[PKCE],
			[PKCE, { code_challenge: 'short', code_challenge_method: 'S256' }],
			[PKCE, { code_challenge: challenge, code_challenge_method: 'S512' }],
			[WEB, {}, 'workspace_id/1/'],
		];

		for (const request of bad)
			assert.equal(
				(await fetch(url(...request), { redirect: 'manual' })).status,
				400,
				JSON.stringify(request)
			);
		assert.equal(
			(await fetch(`${url(WEB)}&state=again`, { redirect: 'manual' })).status,
			400
		);
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
		const pressed = await fetch(`${WWW}/oauth/consent`, {
			method: 'POST',
			redirect: 'manual',
			body: new URLSearchParams({ authorize_key: key, decision: 'allow' }),
		});

		assert.match(
			pressed.headers.get('location'),
			/^http:\/\/127\.0\.0\.1:8080\/callback\?code=code_[^&]+&state=state$/
		);
	});

	test("control decides in a person's place", async () => {
		await control({ auto_approve: 'ask' });
		await fetch(url(WEB, { state: 'by control' }));
		const { location } = await command(CONTROL, '/control/consent', {
			state: 'by control',
		});

		assert.equal(
			(
				await exchange(
					WEB,
					new URL(location).searchParams.get('code'),
					{},
					SECRET
				)
			).status,
			200
		);
	});
});

describe('device codes', () => {
	const start = (path = 'device/code') => post(`/api/permission/oauth2/${path}`, DEVICE);
	const poll = (code, client = DEVICE) =>
		post(TOKEN, { grant_type: DEVICE_GRANT, ...client, device_code: code });

	test('polling before the interval is over is told to slow down', async () => {
		const { body } = await start();

		assertRefused(await poll(body.device_code), 400, 'authorization_pending');
		assertRefused(await poll(body.device_code), 400, 'slow_down');
		assert.equal((await state()).device_codes[0].interval, 10);
	});

	test('each step of a script comes in its turn, and an approved code once', async () => {
		await control({
			enforce_interval: false,
			pending_status: 200,
			device_script: ['pending', 'slow_down', 'pending', 'approve'],
		});
		const { body } = await start();
		const answers = [];

		for (let round = 0; round < 5; round++) answers.push(await poll(body.device_code));
		assert.deepEqual(
			answers.map((answer) => answer.body.error ?? 'token'),
			[
				'authorization_pending',
				'slow_down',
				'authorization_pending',
				'token',
				'expired_token',
			]
		);
		assert.equal(answers[0].status, 200);
	});

	test('refused, expired, of another app, unknown', async () => {
		await control({ enforce_interval: false });
		const [one, two] = [(await start()).body, (await start()).body];

		await command(CONTROL, '/control/approve', {
			user_code: one.user_code,
			decision: 'deny',
		});
		await command(CONTROL, '/control/approve', {
			user_code: two.user_code,
			decision: 'expire',
		});
		assertRefused(await poll(one.device_code), 400, 'access_denied');
		assertRefused(await poll(two.device_code), 400, 'expired_token');
		assertRefused(await poll(one.device_code, PKCE), 400, 'access_deny');
		assertRefused(await poll('device_none'), 400, 'invalid_request');
		assertRefused(
			await post('/api/permission/oauth2/device/code', PKCE),
			400,
			'access_deny'
		);
	});

	test('a form pressed in a browser approves', async () => {
		const { body } = await start(`workspace_id/${WORKSPACE}/device/code`);
		const page = await fetch(`${body.verification_uri}?user_code=${body.user_code}`);

		assert.match(await page.text(), new RegExp(body.user_code));
		await fetch(body.verification_uri, {
			method: 'POST',
			body: new URLSearchParams({ user_code: body.user_code, decision: 'allow' }),
		});
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
		const text =
			`${encode({ alg: 'RS256', typ: 'JWT', kid: 'kid', ...header })}.` +
			encode({
				iss: SERVICE,
				aud: new URL(API).host,
				iat: now(),
				exp: now() + 600,
				jti: randomBytes(16).toString('hex'),
				...claims,
			});

		return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
	};
	const exchange = (jwt, fields = {}, path = TOKEN) =>
		post(path, { grant_type: JWT_GRANT, ...fields }, jwt);

	beforeEach(() =>
		control({
			jwt_key: {
				kid: 'kid',
				public_key: publicKey.export({ type: 'spki', format: 'pem' }),
			},
		})
	);

	test('a JWT works once, and so does a jti', async () => {
		const jwt = make({ jti: 'the same' });

		assert.match((await exchange(jwt)).body.access_token, /^czs_/);
		assertRefused(await exchange(jwt), 401, 'invalid_client');
		assertRefused(await exchange(make({ jti: 'the same' })), 401, 'invalid_client');
	});

	test('claims and headers that break a rule', async () => {
		const bad = [
			make({ aud: `https://${new URL(API).host}` }),
			make({ aud: [new URL(API).host] }),
			make({ aud: 'api.coze.com' }),
			make({ iss: Number(SERVICE) }),
			make({ iss: 'nobody' }),
			make({ exp: now() - 100, iat: now() - 700 }),
			make({ exp: now(), iat: now() }),
			make({ iat: now() + 3600, exp: now() + 7200 }),
			make({ exp: `${now() + 600}` }),
			make({ jti: '' }),
			make({ jti: undefined }),
			make({ session_name: 7 }),
			make({ session_context: { device_info: { device_id: 7 } } }),
			make({}, { kid: 'other' }),
			make({}, { kid: undefined }),
			make({}, { typ: undefined }),
			make({}, { alg: 'none' }),
			`${make().slice(0, -8)}AAAAAAAA`,
			`${make()}=`,
			'no.jwt',
			'',
		];

		for (const [index, jwt] of bad.entries())
			assertRefused(await exchange(jwt), 401, 'invalid_client', String(index));
	});

	test('the public key is no HMAC key', async () => {
		const text = make({}, { alg: 'HS256' }).split('.').slice(0, 2).join('.');
		const mac = createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' }))
			.update(text)
			.digest('base64url');

		assertRefused(await exchange(`${text}.${mac}`), 401, 'invalid_client');
	});

	test('durations from 1 to 86399', async () => {
		for (const duration of [0, -1, 86400, 1.5, '900'])
			assertRefused(
				await exchange(make(), { duration_seconds: duration }),
				400,
				'invalid_request'
			);
		assert.equal((await exchange(make(), { duration_seconds: 86399 })).status, 200);
	});

	test('accounts and enterprises by path', async () => {
		const account = (id) =>
			exchange(make(), {}, `/api/permission/oauth2/account/${id}/token`);
		const enterprise = (id) =>
			exchange(make(), {}, `/api/permission/oauth2/enterprise_id/${id}/token`);

		assert.equal((await account('7400000000000000001')).status, 200);
		assert.equal((await enterprise('volcano_210000001')).status, 200);
		assertRefused(await account('1'), 400, 'access_deny');
		assertRefused(await enterprise('volcano_1'), 400, 'access_deny');
		assert.equal(
			(
				await exchange(
					make(),
					{},
					`/api/permission/oauth2/workspace_id/${WORKSPACE}/token`
				)
			).status,
			404
		);
	});
});
