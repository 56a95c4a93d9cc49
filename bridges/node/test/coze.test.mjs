/* SPDX-License-Identifier: MIT */

/* Against the Coze server of tests/servers, as tests/bridges.sh starts it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import keyturnDefault, { keyturn, KeyturnError } from '../index.mjs';

const modules = createRequire(path.join(process.env.KEYTURN_NODE_MODULES, 'x.js'));
const { CozeAPI } = modules('@coze/api');
const axios = modules('axios');
const { BRIDGE_ACCOUNT, BRIDGE_API, BRIDGE_CONTROL, BRIDGE_LIFE, BRIDGE_STARTS } = process.env;
const CALLERS = 16;

const starts = () => fs.readFileSync(BRIDGE_STARTS, 'utf8').split('\n').length;

async function revoke(token) {
	const answer = await fetch(`${BRIDGE_CONTROL}/control`, {
		method: 'POST',
		body: JSON.stringify({ revoke: token }),
	});

	assert.equal(answer.status, 200, await answer.text());
}

function connect(token) {
	return new CozeAPI({ token, baseURL: BRIDGE_API, axiosInstance: token.retry(axios.create()) });
}

test('CommonJS and ES modules have the same', () => {
	const common = createRequire(import.meta.url)('../index.cjs');

	assert.equal(common.keyturn, keyturn);
	assert.equal(keyturnDefault, keyturn);
});

test('three lives of a token, with many callers', async () => {
	const token = keyturn(BRIDGE_ACCOUNT);
	const coze = connect(token);
	const end = Date.now() + 3 * BRIDGE_LIFE * 1000;
	const before = starts();

	assert.equal(await token.service(), BRIDGE_API);
	await Promise.all(
		Array.from({ length: CALLERS }, async () => {
			while (Date.now() < end) {
				assert.equal((await coze.users.me()).user_name, 'tester');
				await sleep(50);
			}
		})
	);
	assert.ok(starts() - before <= 8, `${starts() - before} starts of keyturn`);
});

test('a revoked token is replaced within the call', async () => {
	const token = keyturn(BRIDGE_ACCOUNT);
	const coze = connect(token);

	await coze.users.me();
	await revoke(await token());
	const users = await Promise.all(Array.from({ length: CALLERS }, () => coze.users.me()));
	assert.ok(users.every((user) => user.user_name === 'tester'));
});

test('fetch replaces it too', async () => {
	const token = keyturn(BRIDGE_ACCOUNT);

	await revoke(await token());
	const answer = await token.fetch(`${BRIDGE_API}/v1/users/me`);
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
