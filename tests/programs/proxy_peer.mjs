/* SPDX-License-Identifier: MIT */

/*
 * An agent as people write it with Coze's SDK, which nobody here wrote: node proxy_peer.mjs SECONDS.
 * For so long it asks who it is, has a chat streamed, uploads a file and talks over one websocket,
 * which begins anew every second; then it tells how often each went well and what it holds.
 */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MODULES = process.env.KEYTURN_NODE_MODULES;
const { CozeAPI } = createRequire(import.meta.url)(path.join(MODULES, '@coze/api'));

/* No such text is written in this file: a token of the test's server, as it would lie in memory. */
const TOKEN = new RegExp(`${['cz', 'u_'].join('')}[A-Za-z0-9_-]{16,}`);

const client = new CozeAPI({
	token: process.env.COZE_API_TOKEN,
	baseURL: process.env.COZE_API_BASE,
	baseWsURL: process.env.COZE_BASE_WS_URL,
});
const done = { me: 0, chat: 0, upload: 0, websocket: 0, failed: [] };

/* True if a token lies anywhere in this process. */
function findToken() {
	const maps = fs.readFileSync('/proc/self/maps', 'latin1');
	const memory = fs.openSync('/proc/self/mem', 'r');
	const chunk = Buffer.alloc(1 << 20);
	let found = false;

	if (TOKEN.test(fs.readFileSync('/proc/self/environ', 'latin1'))) return true;
	for (const [, from, to] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
		const end = parseInt(to, 16);

		for (let place = parseInt(from, 16); place < end; place += chunk.length - 64) {
			try {
				const length = fs.readSync(
					memory,
					chunk,
					0,
					Math.min(chunk.length, end - place),
					place
				);

				found ||= TOKEN.test(chunk.latin1Slice(0, length));
			} catch {
				break;
			}
		}
	}
	fs.closeSync(memory);
	return found;
}

async function attempt(name, call) {
	try {
		await call();
		done[name]++;
	} catch (error) {
		done.failed.push(`${name}: ${error.message}`);
	}
}

async function chat() {
	let text = '';

	for await (const part of client.chat.stream({
		bot_id: '1',
		user_id: '1',
		additional_messages: [{ role: 'user', content: 'hello', content_type: 'text' }],
	}))
		if (part.event === 'conversation.message.delta') text += part.data.content;
	if (text !== 'hello') throw new Error(`the stream was ${text}`);
}

async function upload() {
	const file = fs.createReadStream(process.execPath, { start: 0, end: 39999 });
	const answer = await client.files.upload({ file });

	if (answer.bytes !== 40000) throw new Error(`${answer.bytes} bytes came`);
}

function talk() {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error('no answer')), 10000);

		client.websockets.chat.create({ bot_id: '1' }, { maxRetries: 0 }).then((websocket) => {
			websocket.onopen = () => websocket.send({ event_type: 'chat.update', id: '1' });
			websocket.onerror = (error) => reject(new Error(JSON.stringify(error.data)));
			websocket.onmessage = (event) => {
				clearTimeout(timer);
				websocket.close();
				if (event.event_type === 'chat.created') resolve();
				else reject(new Error(JSON.stringify(event)));
			};
		}, reject);
	});
}

const end = Date.now() + Number(process.argv[2]) * 1000;

do {
	await attempt('me', () => client.users.me());
	await attempt('chat', chat);
	await attempt('upload', upload);
	await attempt('websocket', talk);
	await sleep(150);
} while (Date.now() < end);
console.log(JSON.stringify({ ...done, holds_token: findToken() }));
process.exit(0);
