/* SPDX-License-Identifier: MIT */

/* Against the Coze server of tests/servers, as tests/bridges.sh starts it. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import keyturnDefault, { keyturn, KeyturnError } from '../index.mjs';

import {
	ACCOUNT,
	API,
	CALLERS,
	chat,
	connect,
	inTime,
	me,
	refused,
	revoke,
	starts,
	upload,
	websocket,
	young,
} from './coze_server.mjs';

const { BRIDGE_ACCOUNTS, BRIDGE_FIXED, BRIDGE_LIFE } = process.env;

test('CommonJS and ES modules have the same', () => {
	const common = createRequire(import.meta.url)('../index.cjs');

	assert.equal(common.keyturn, keyturn);
	assert.equal(keyturnDefault, keyturn);
});

/*
 * What the SDK cannot repeat (an upload, a websocket) is made anew, once, as its program would,
 * where the token ended on a slow way. How often: 0 or 1.
 */
async function once(token, coze, make) {
	const old = await token();

	try {
		await inTime(make(coze));
		return 0;
	} catch (error) {
		if (make !== upload && make !== websocket) throw error;
		await token.reject(old);
		await inTime(make(coze));
		return 1;
	}
}

/* So many callers for each token, which do one thing after the other until that time. */
async function call(tokens, calls, end, pause) {
	let done = 0;
	let anew = 0;

	await Promise.all(
		tokens.map(async (token) => {
			const coze = await connect(token);

			await Promise.all(
				Array.from({ length: CALLERS }, async (_, number) => {
					for (let i = number; Date.now() < end; i++) {
						anew += await once(token, coze, calls[i % calls.length]);
						done++;
						await sleep(pause);
					}
				})
			);
		})
	);
	console.log(`${done} calls, ${anew} made anew`);
	return done;
}

test('three lives of a token of each kind, with many callers', async () => {
	const accounts = BRIDGE_ACCOUNTS.split(' ');
	const before = accounts.map(starts);
	const end = Date.now() + 3 * BRIDGE_LIFE * 1000;
	await call(
		accounts.map((account) => keyturn(account)),
		[me, chat, upload, websocket],
		end,
		1000
	);
	const asked = accounts.map((account, i) => starts(account) - before[i]);

	console.log(`starts of keyturn for these calls: ${asked}`);
	/*
	 * A token is left a tenth of its life before its end, and may have been in its last fifth,
	 * with its renewal under way: the first, and two for each life at the most.
	 */
	assert.ok(
		asked.every((count) => count >= 3 && count <= 7),
		`${asked}`
	);
});

test('what is not renewed', async () => {
	for (const account of BRIDGE_FIXED.split(' ')) {
		const coze = await connect(keyturn(account));

		for (const one of [me, chat, upload, websocket]) await inTime(one(coze));
	}
});

test('a token that is revoked in the middle', async () => {
	const token = await young(keyturn(ACCOUNT));
	const before = starts(ACCOUNT);
	let revoked = null;

	setTimeout(async () => {
		revoked = await token();
		await revoke(revoked);
	}, 2000);
	assert.ok((await call([token], [me, chat], Date.now() + 4000, 100)) > CALLERS);
	assert.ok(refused(revoked) > 0 && refused(revoked) <= CALLERS, `${refused(revoked)} refused`);
	assert.ok(starts(ACCOUNT) - before <= 3);
});

test('what cannot be repeated has another token the next time', async () => {
	const token = await young(keyturn(ACCOUNT));
	const coze = await connect(token);

	await revoke(await token());
	await assert.rejects(upload(coze), (error) => error.status === 401);
	await inTime(upload(coze));

	const old = await token();
	await revoke(old);
	await assert.rejects(inTime(websocket(coze)));
	await token.reject(old);
	await inTime(websocket(coze));
	assert.equal(refused(old), 1);
});

test('a revoked token is replaced within the call', async () => {
	const token = await young(keyturn(ACCOUNT));
	const coze = await connect(token);

	await coze.users.me();
	await revoke(await token());
	await Promise.all(Array.from({ length: CALLERS }, () => me(coze)));
});

test('fetch replaces it too', async () => {
	const token = await young(keyturn(ACCOUNT));

	await revoke(await token());
	const answer = await token.fetch(`${API}/v1/users/me`);
	assert.equal((await answer.json()).data.user_name, 'tester');
});

test('a failure carries the cause and the remedy', async () => {
	await assert.rejects(keyturn('nobody')(), (error) => {
		assert.ok(error instanceof KeyturnError);
		assert.equal(error.code, 'not_found');
		assert.equal(error.exitStatus, 1);
		assert.match(error.message, /nobody/);
		return error.remedy !== '';
	});
	await assert.rejects(keyturn('x', { program: '/nonexistent' })(), /cannot be run/);
});
