/* SPDX-License-Identifier: MIT */

/* Our Coze server refuses requests that docs/coze.md does not allow, and its switches work. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { beforeEach, describe, test } from 'node:test';

import {
	API,
	control,
	DEVICE,
	me,
	mint,
	PKCE,
	post,
	get,
	readLog,
	refresh,
	reset,
	SECRET,
	state,
	TOKEN,
	WEB,
	WWW,
	assertRefused,
} from './test_peer.mjs';

beforeEach(reset);

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
		assert.deepEqual(
			[seen.counts.refreshes_granted, seen.counts.refreshes_refused],
			[1, 2]
		);
	});

	test('of two at once, one is granted', async () => {
		const minted = await mint(PKCE);
		const answers = await Promise.all(
			[1, 2].map(() => refresh(PKCE, minted.refresh_token))
		);

		assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 400]);
	});

	test('within the grace the same pair is answered again', async () => {
		await control({ grace: 60 });
		const minted = await mint(PKCE);
		const [first, second] = [
			await refresh(PKCE, minted.refresh_token),
			await refresh(PKCE, minted.refresh_token),
		];

		assert.deepEqual(second.body, first.body);
		assert.equal((await refresh(PKCE, first.body.refresh_token)).status, 200);
	});

	test('or a new pair, which alone is current', async () => {
		await control({ grace: 60, grace_answer: 'new' });
		const minted = await mint(PKCE);
		const [first, second] = [
			await refresh(PKCE, minted.refresh_token),
			await refresh(PKCE, minted.refresh_token),
		];

		assert.notEqual(second.body.refresh_token, first.body.refresh_token);
		assert.equal((await refresh(PKCE, second.body.refresh_token)).status, 200);
		assertRefused(await refresh(PKCE, first.body.refresh_token), 400, 'invalid_grant');
	});

	test('a server that does not rotate answers the token it was given', async () => {
		await control({ rotation: 'never' });
		const minted = await mint(PKCE);

		for (let round = 0; round < 3; round++)
			assert.equal(
				(await refresh(PKCE, minted.refresh_token)).body.refresh_token,
				minted.refresh_token
			);
	});

	for (const [form, value] of [
		['absent', undefined],
		['null', null],
		['empty', ''],
	]) {
		test(`an answer with the refresh token ${form} leaves it alive`, async () => {
			const minted = await mint(PKCE);

			await control({ refresh_token: form });
			assert.equal(
				(await refresh(PKCE, minted.refresh_token)).body.refresh_token,
				value
			);
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
		const fields = {
			grant_type: 'refresh_token',
			...PKCE,
			refresh_token: minted.refresh_token,
		};
		const answer = await send({}, new URLSearchParams(fields));

		assert.equal(answer.status, 400);
		assert.equal((await answer.json()).error, 'invalid_request');
		assert.equal((await refresh(PKCE, minted.refresh_token)).status, 200);
	});

	test('what is no JSON object is refused', async () => {
		for (const body of [
			'',
			'[]',
			'"text"',
			'{',
			'null',
			Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
		])
			assert.equal(
				(await send({ 'Content-Type': 'application/json' }, body)).status,
				400
			);
	});

	test('a secret in the body is refused', async () => {
		const minted = await mint(WEB);

		for (const name of ['client_secret', 'assertion', 'private_key'])
			assertRefused(
				await refresh(
					{ ...WEB, [name]: SECRET },
					minted.refresh_token,
					SECRET
				),
				400,
				'invalid_request'
			);
	});

	test('a web app needs its secret as Bearer, and any of its secrets will do', async () => {
		const minted = await mint(WEB);
		const basic = Buffer.from(`${WEB.client_id}:${SECRET}`).toString('base64');
		const withBasic = await send(
			{ 'Content-Type': 'application/json', Authorization: `Basic ${basic}` },
			JSON.stringify({
				grant_type: 'refresh_token',
				...WEB,
				refresh_token: minted.refresh_token,
			})
		);

		assert.equal(withBasic.status, 401);
		for (const secret of [undefined, '', 'wrong'])
			assertRefused(
				await refresh(WEB, minted.refresh_token, secret),
				401,
				'invalid_client'
			);
		assert.equal(
			(await refresh(WEB, minted.refresh_token, 'web-secret-2')).status,
			200
		);
	});

	test('a public app must not send one, and may send an empty Bearer', async () => {
		const minted = await mint(PKCE);

		assertRefused(
			await refresh(PKCE, minted.refresh_token, SECRET),
			401,
			'invalid_client'
		);
		assert.equal((await refresh(PKCE, minted.refresh_token, '')).status, 200);
	});

	test('a request for another host is refused', async () => {
		const status = await new Promise((resolve, reject) => {
			https.get(
				`${API}/v1/users/me`,
				{ servername: 'localhost', headers: { Host: 'api.coze.com' } },
				(answer) => {
					answer.resume();
					resolve(answer.statusCode);
				}
			).on('error', reject);
		});

		assert.equal(status, 421);
		assert.equal(readLog()[0].host, 'api.coze.com');
	});

	test('unknown apps, grants, methods and paths are refused', async () => {
		const token = (await mint(PKCE)).refresh_token;

		assertRefused(await refresh({ client_id: 'nobody' }, token), 401, 'invalid_client');
		assertRefused(
			await post(TOKEN, { grant_type: 'password', ...PKCE }),
			400,
			'unsupported_grant_type'
		);
		assertRefused(await post(TOKEN, PKCE), 400, 'invalid_request');
		assert.equal((await fetch(API + TOKEN)).status, 405);
		assert.equal((await post('/token', {})).body.code, 4200);
		assert.equal((await fetch(WWW + TOKEN, { method: 'POST' })).status, 404);
		assert.equal(
			(
				await post(`/api/permission/oauth2/account/1/token`, {
					grant_type: 'refresh_token',
					...PKCE,
				})
			).status,
			400
		);
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

describe('tokens at the API', () => {
	test('unknown tokens are 4100, those without permission 4101, with status 200 if so switched', async () => {
		const weak = await mint({ kind: 'pat', permissions: ['listWorkspace'] });
		const listing = '/v1/workspaces?page_num=1&page_size=20';

		assert.deepEqual(
			[
				(await me('czu_of_the_other_site')).status,
				(await me('czu_of_the_other_site')).body.code,
			],
			[401, 4100]
		);
		assert.deepEqual(
			[
				(await me(weak.access_token)).status,
				(await me(weak.access_token)).body.code,
			],
			[403, 4101]
		);
		assert.equal((await get(listing, weak.access_token)).body.code, 0);
		await control({ envelope_status: 'ok' });
		assert.deepEqual(
			[(await me('czu_x')).status, (await me('czu_x')).body.code],
			[200, 4100]
		);
		await control({ me: 'absent' });
		assert.equal((await me(weak.access_token)).body.code, 4200);
	});

	test("tokens end with their life, by the server's clock", async () => {
		const dead = await mint({ kind: 'sat', life: -1 });
		const alive = await mint({ kind: 'sat', life: 1000 });

		assert.equal((await me(dead.access_token)).body.code, 4100);
		assert.equal((await me(alive.access_token)).body.code, 0);
		await control({ clock_skew: 7200 });
		const answer = await me(alive.access_token);

		assert.equal(answer.body.code, 4100);
		assert.ok(
			Math.abs(
				Date.parse(answer.headers.get('date')) / 1000 -
					Date.now() / 1000 -
					7200
			) < 5
		);
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
			absolute: (value) => value > soon + 890,
			absolute_string: (value) => Number(value) > soon + 890,
			milliseconds: (value) => value > 1000 * (soon + 890),
			relative: (value) => value === 900 || value === 899,
			relative_string: (value) => value === '900' || value === '899',
			absent: (value) => value === undefined,
		};

		for (const [form, isRight] of Object.entries(forms)) {
			await control({ expires_in: form });
			const { body } = await refresh(PKCE, (await mint(PKCE)).refresh_token);

			assert.ok(isRight(body.expires_in), form);
		}
		await control({ expires_in: { raw: '1e400' } });
		assert.match(
			(await refresh(PKCE, (await mint(PKCE)).refresh_token)).text,
			/"expires_in":1e400,/
		);
	});

	test('each error shape has its members alone', async () => {
		await control({ error_name: 'error', error_text: 'error_message' });
		assert.deepEqual(Object.keys((await post(TOKEN, {})).body), [
			'error',
			'error_message',
		]);
		await control({ error_name: 'error_code', error_text: 'error_description' });
		assert.deepEqual(Object.keys((await post(TOKEN, {})).body), [
			'error_code',
			'error_description',
		]);
	});

	test('a mistake of a test is refused and changes nothing', async () => {
		for (const fields of [
			{ nonsense: 1 },
			{ grace: 'long' },
			{ rotation: 'maybe' },
			{ token_life: 5, grace: null },
			{ fault: { kind: 'nonsense' } },
			{ fault: { kind: 'status' } },
			{ fault: { kind: 'hang', on: 'nonsense' } },
			{ clients: { id: 'x' } },
			{ jwt_key: { kid: 'kid', public_key: 'no key' } },
			{ revoke: 'nobody' },
		])
			await assert.rejects(control(fields), JSON.stringify(fields));
		assert.equal((await state()).settings.token_life, 900);
	});

	test('the log has what a request held', async () => {
		await refresh(PKCE, 'refresh_none', '');
		const [line] = readLog();

		assert.deepEqual(line.body, {
			grant_type: 'refresh_token',
			...PKCE,
			refresh_token: 'refresh_none',
		});
		assert.equal(line.host, new URL(API).host);
		assert.equal(line.operation, 'refresh');
		assert.equal(line.status, 400);
		assert.equal(line.port, 'api');
	});
});
