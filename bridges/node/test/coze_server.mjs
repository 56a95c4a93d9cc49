/* SPDX-License-Identifier: MIT */

/* What the tests do with @coze/api at the Coze server of tests/servers, and what they ask of it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = createRequire(path.join(process.env.KEYTURN_NODE_MODULES, 'x.js'));
const { CozeAPI } = modules('@coze/api');
const axios = modules('axios');
const FILE = fileURLToPath(import.meta.url);
const PATIENCE = 30000;

export const ACCOUNT = process.env.BRIDGE_ACCOUNT;
export const API = process.env.BRIDGE_API;
export const CALLERS = 16;

function lines(file) {
	return fs.readFileSync(file, 'utf8').split('\n');
}

/* How often keyturn was started for a token of the account. */
export function starts(account) {
	return lines(process.env.BRIDGE_STARTS).filter((line) => line.startsWith(`token ${account} `))
		.length;
}

/* How often the server refused the token. */
export function refused(token) {
	return lines(process.env.BRIDGE_LOG).filter(
		(line) => line.includes(`"value":"${token}"`) && line.includes('"status":401')
	).length;
}

export async function revoke(token) {
	const answer = await fetch(`${process.env.BRIDGE_CONTROL}/control`, {
		method: 'POST',
		body: JSON.stringify({ revoke_access: token }),
	});

	assert.equal(answer.status, 200, await answer.text());
}

/* A token function whose token has its whole life before it: none but the server ends it. */
export async function young(token) {
	await token.reject(await token());
	await token();
	return token;
}

export async function connect(token) {
	return new CozeAPI({
		token,
		baseURL: await token.service(),
		baseWsURL: await token.websockets(),
		axiosInstance: token.retry(axios.create()),
	});
}

export async function me(coze) {
	assert.equal((await coze.users.me()).user_name, 'tester');
}

export async function chat(coze) {
	let said = '';

	for await (const { event, data } of coze.chat.stream({
		bot_id: '7',
		user_id: 'me',
		additional_messages: [{ role: 'user', content: 'hello', content_type: 'text' }],
	}))
		if (event === 'conversation.message.delta') said += data.content;
	assert.equal(said, 'hello');
}

export async function upload(coze) {
	const { bytes } = await coze.files.upload({ file: fs.createReadStream(FILE) });

	assert.equal(bytes, fs.statSync(FILE).size);
}

export async function websocket(coze) {
	const socket = await coze.websockets.chat.create(
		{ bot_id: '7' },
		{ maxRetries: 0, connectionTimeout: PATIENCE }
	);

	try {
		await new Promise((resolve, reject) => {
			socket.onerror = reject;
			socket.onopen = () =>
				socket.send({
					id: '1',
					event_type: 'conversation.message.create',
					data: { role: 'user', content_type: 'text', content: 'hello' },
				});
			socket.onmessage = ({ event_type: type }) => {
				if (type === 'conversation.chat.completed') resolve();
			};
		});
	} finally {
		socket.close();
	}
}

/* A call that does not end is a failure like another. */
export async function inTime(promise) {
	let timer;

	try {
		return await Promise.race([
			promise,
			new Promise((_, reject) => {
				timer = setTimeout(() => reject(new Error('it does not end')), PATIENCE);
			}),
		]);
	} finally {
		clearTimeout(timer);
	}
}
