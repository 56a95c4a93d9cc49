/* SPDX-License-Identifier: MIT */

/*
 * The official SDK, which nobody here wrote, completes its functions against our Coze server, in
 * both error shapes on which the SDKs disagree.
 */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeEach, describe, test } from 'node:test';

import {
	API,
	authorize,
	command,
	CONTROL,
	control,
	DEVICE,
	mint,
	MODULES,
	PKCE,
	readLog,
	REDIRECT,
	reset,
	SECRET,
	SERVICE,
	state,
	WEB,
} from './test_peer.mjs';

const sdk = createRequire(import.meta.url)(path.join(MODULES, '@coze/api'));
const KEYS = generateKeyPairSync('rsa', {
	modulusLength: 2048,
	publicKeyEncoding: { type: 'spki', format: 'pem' },
	privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const SHAPES = [
	{ error_name: 'error_code', error_text: 'error_message' },
	{ error_name: 'error', error_text: 'error_description' },
];

async function assertWorks(token) {
	const client = new sdk.CozeAPI({ token, baseURL: API });

	assert.equal((await client.users.me()).user_name, 'tester');
}

function assertLifetime(tokens, seconds) {
	const left = tokens.expires_in - Date.now() / 1000;

	assert.ok(left > seconds - 5 && left <= seconds + 1, `${left} s left`);
}

function nameOf(error) {
	return error.rawError.error_code ?? error.rawError.error;
}

for (const shape of SHAPES) {
	describe(`with errors in ${shape.error_name}`, () => {
		beforeEach(async () => {
			await reset();
			await control({ ...shape, auto_approve: 'allow' });
		});

		test('web login and refresh', async () => {
			const config = {
				baseURL: API,
				clientId: WEB.client_id,
				redirectUrl: REDIRECT,
				clientSecret: SECRET,
			};
			const callback = await authorize(
				sdk.getWebAuthenticationUrl({ ...config, state: 'some state' })
			);
			const first = await sdk.getWebOAuthToken({
				...config,
				code: callback.get('code'),
			});
			const second = await sdk.refreshOAuthToken({
				...config,
				refreshToken: first.refresh_token,
			});

			assert.equal(callback.get('state'), 'some state');
			assert.notEqual(second.refresh_token, first.refresh_token);
			assertLifetime(first, 900);
			assertLifetime(second, 900);
			await assertWorks(first.access_token);
			await assertWorks(second.access_token);
		});

		test('PKCE login and refresh, in a workspace', async () => {
			const config = {
				baseURL: API,
				clientId: PKCE.client_id,
				redirectUrl: REDIRECT,
			};
			const { url, codeVerifier } = await sdk.getPKCEAuthenticationUrl({
				...config,
				workspaceId: '7300000000000000001',
			});
			const callback = await authorize(url);
			const first = await sdk.getPKCEOAuthToken({
				...config,
				code: callback.get('code'),
				codeVerifier,
			});
			const second = await sdk.refreshOAuthToken({
				...config,
				refreshToken: first.refresh_token,
			});

			await assertWorks(second.access_token);
			assert.equal(
				(await state()).families['family-1'].workspace_id,
				'7300000000000000001'
			);
		});

		test('device login and refresh', async () => {
			const config = { baseURL: API, clientId: DEVICE.client_id };
			const device = await sdk.getDeviceCode(config);

			await assert.rejects(
				sdk.getDeviceToken({ ...config, deviceCode: device.device_code }),
				(error) => nameOf(error) === 'authorization_pending'
			);
			await command(CONTROL, '/control/approve', { user_code: device.user_code });
			await control({ enforce_interval: false });
			const first = await sdk.getDeviceToken({
				...config,
				deviceCode: device.device_code,
			});
			const second = await sdk.refreshOAuthToken({
				...config,
				refreshToken: first.refresh_token,
			});

			assert.equal(device.expires_in, 300);
			assert.equal(device.interval, 5);
			assertLifetime(first, 900);
			await assertWorks(second.access_token);
		});

		test('JWT', async () => {
			const config = {
				baseURL: API,
				appId: SERVICE,
				aud: new URL(API).host,
				keyid: 'sdk-kid',
				privateKey: KEYS.privateKey,
			};

			await control({ jwt_key: { kid: 'sdk-kid', public_key: KEYS.publicKey } });
			const own = await sdk.getJWTToken({
				...config,
				durationSeconds: 86399,
				sessionName: 'someone',
			});
			const other = await sdk.getJWTToken({
				...config,
				accountId: '7400000000000000001',
			});

			assertLifetime(own, 86399);
			assertLifetime(other, 900);
			assert.equal(own.refresh_token, undefined);
			assert.equal(
				(await state()).access_tokens[own.access_token].session_name,
				'someone'
			);
			await assertWorks(own.access_token);
			await assertWorks(other.access_token);
			await assert.rejects(
				sdk.getJWTToken({ ...config, keyid: 'unknown-kid' }),
				(error) =>
					error.status === 401 && nameOf(error) === 'invalid_client'
			);
		});

		test('a dead refresh token is an error of the SDK', async () => {
			const tokens = await mint(PKCE);
			const config = {
				baseURL: API,
				clientId: PKCE.client_id,
				refreshToken: tokens.refresh_token,
			};

			await sdk.refreshOAuthToken(config);
			await assert.rejects(
				sdk.refreshOAuthToken(config),
				(error) => error.status === 400 && nameOf(error) === 'invalid_grant'
			);
			await assert.rejects(
				assertWorks(tokens.access_token),
				(error) => error.code === 4100
			);
		});
	});
}

test('the SDK polls a device login to its end', async () => {
	await reset();
	await control({ device_script: ['pending', 'approve'] });
	const config = { baseURL: API, clientId: DEVICE.client_id };
	const device = await sdk.getDeviceCode({ ...config, workspaceId: '7300000000000000001' });
	const tokens = await sdk.getDeviceToken({
		...config,
		deviceCode: device.device_code,
		poll: true,
	});

	await assertWorks(tokens.access_token);
	assert.equal((await state()).device_codes[0].polls, 2);
});

test('the empty Bearer that the SDK sends for public apps is what the log shows', async () => {
	await reset();
	const tokens = await mint(PKCE);

	await sdk.refreshOAuthToken({
		baseURL: API,
		clientId: PKCE.client_id,
		refreshToken: tokens.refresh_token,
	});
	assert.deepEqual(readLog()[0].auth, { scheme: 'Bearer', value: '' });
	assert.equal(readLog()[0].status, 200);
});

/* A client with a token that works, and the address of its websockets. */
async function connect(permissions) {
	const { access_token: token } = await mint({ ...PKCE, permissions });

	return new sdk.CozeAPI({ token, baseURL: API, baseWsURL: API.replace('http', 'ws') });
}

function chat(client) {
	return client.chat.stream({
		bot_id: '7',
		user_id: 'me',
		additional_messages: [{ role: 'user', content: 'hello', content_type: 'text' }],
	});
}

/* The SDK takes a stream. */
function thisFile() {
	return fs.createReadStream(new URL(import.meta.url));
}

async function readChat(client) {
	const seen = [];

	for await (const { event, data } of chat(client)) {
		if (event === 'conversation.message.delta') seen.push(data.content);
		if (event === 'conversation.chat.completed') seen.push(data.usage.token_count);
		if (event === 'done') seen.push(data);
	}
	return seen;
}

/* What the server says to the events, up to the one that is waited for. */
function converse(client, sent, last) {
	return new Promise((resolve, reject) => {
		const seen = [];

		client.websockets.chat.create({ bot_id: '7' }, { maxRetries: 0 }).then((socket) => {
			socket.onopen = () => sent.forEach((event) => socket.send(event));
			socket.onerror = (error) => reject(error);
			socket.onmessage = (event) => {
				seen.push(event.event_type);
				if (event.event_type !== last) return;
				socket.close();
				resolve(seen);
			};
		}, reject);
	});
}

test('a streamed chat, an upload and a chat over a websocket', async () => {
	await reset();
	const client = await connect();

	assert.deepEqual(await readChat(client), ['hel', 'lo', 12, '[DONE]']);
	const { id, bytes, file_name: name } = await client.files.upload({ file: thisFile() });
	assert.match(id, /^\d+$/);
	assert.deepEqual({ bytes, name }, {
		bytes: fs.statSync(new URL(import.meta.url)).size,
		name: 'coze_sdk.test.mjs',
	});
	assert.deepEqual(
		await converse(
			client,
			[
				{ id: '1', event_type: 'chat.update', data: { chat_config: {} } },
				{
					id: '2',
					event_type: 'conversation.message.create',
					data: { role: 'user', content_type: 'text', content: 'hello' },
				},
			],
			'conversation.chat.completed'
		),
		[
			'chat.created',
			'chat.updated',
			'conversation.chat.created',
			'conversation.chat.in_progress',
			'conversation.message.delta',
			'conversation.message.delta',
			'conversation.message.completed',
			'conversation.chat.completed',
		]
	);
	assert.deepEqual(
		readLog().map(({ operation, status }) => [operation, status]),
		[
			['chat', 200],
			['upload', 200],
			['websocket', 101],
		]
	);
});

test('none of them without a token that works, or without its permission', async () => {
	await reset();
	for (const [token, status] of [
		['pat_none', 401],
		[(await mint({ ...PKCE, permissions: ['me'] })).access_token, 403],
	]) {
		const client = new sdk.CozeAPI({
			token,
			baseURL: API,
			baseWsURL: API.replace('http', 'ws'),
		});

		await assert.rejects(readChat(client), (error) => error.status === status);
		await assert.rejects(
			client.files.upload({ file: thisFile() }),
			(error) => error.status === status
		);
		await assert.rejects(converse(client, [], 'chat.created'));
		assert.equal(readLog().at(-1).status, status);
	}
});
