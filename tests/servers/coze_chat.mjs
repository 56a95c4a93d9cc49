/* SPDX-License-Identifier: MIT */

/*
 * What the SDKs do with a token besides asking whose it is: a streamed chat, the upload of a file,
 * and the chat over a websocket. docs/coze.md, section 14, has their forms. The bot says back what
 * it was told.
 */

import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkToken } from './coze_api.mjs';
import { envelope, eventStream } from './coze_answer.mjs';

const MODULES =
	process.env.KEYTURN_NODE_MODULES ?? fileURLToPath(new URL('node_modules', import.meta.url));
const SPEECH = Buffer.alloc(480).toString('base64'); // 10 ms of silence, 24,000 Hz, 16 bits

let chats = 0;

function newChat(server, bot, conversation) {
	chats++;
	return {
		id: `${7400000000000000000n + BigInt(chats)}`,
		conversation_id: conversation ?? `${7410000000000000000n + BigInt(chats)}`,
		bot_id: bot,
		created_at: server.grants.clock(),
	};
}

function chatState(chat, status) {
	return {
		...chat,
		status,
		last_error: { code: 0, msg: '' },
		...(status === 'completed' && {
			completed_at: chat.created_at,
			usage: { token_count: 12, output_count: 8, input_count: 4 },
		}),
	};
}

function message(chat, content, type = 'answer', contentType = 'text') {
	return {
		id: `${BigInt(chat.id) + 1000000n}`,
		conversation_id: chat.conversation_id,
		bot_id: chat.bot_id,
		chat_id: chat.id,
		role: 'assistant',
		type,
		content,
		content_type: contentType,
	};
}

/* The events of an answer of two parts, in the order of the documentation: [name, data]. */
function events(chat, said) {
	const half = Math.ceil(said.length / 2);

	return [
		['conversation.chat.created', chatState(chat, 'created')],
		['conversation.chat.in_progress', chatState(chat, 'in_progress')],
		['conversation.message.delta', message(chat, said.slice(0, half))],
		['conversation.message.delta', message(chat, said.slice(half))],
		['conversation.message.completed', message(chat, said)],
		['conversation.chat.completed', chatState(chat, 'completed')],
	];
}

function readChat(body) {
	try {
		const fields = JSON.parse(body.toString());
		const said = fields.additional_messages?.at(-1)?.content ?? '';

		return fields.bot_id && fields.user_id && fields.stream === true && typeof said === 'string'
			? { ...fields, said }
			: null;
	} catch {
		return null;
	}
}

export function answerChat(server, request, url, body) {
	const { refusal } = checkToken(server, request, 'chat');
	const fields = refusal ? null : readChat(body);

	if (refusal) return refusal;
	if (!fields) return envelope(server.settings, 400, 4000, 'bad parameter');
	const chat = newChat(server, fields.bot_id, url.searchParams.get('conversation_id'));

	return eventStream([...events(chat, fields.said), ['done', '[DONE]']]);
}

/* The form of a request, as a value; null where it is none. */
export async function readForm(request, body) {
	try {
		const headers = { 'Content-Type': request.headers['content-type'] };

		return await new Response(body, { headers }).formData();
	} catch {
		return null;
	}
}

export function answerUpload(server, request, url, body, id, form) {
	const { refusal } = checkToken(server, request, 'uploadFile');
	const file = refusal ? null : form?.get('file');

	if (refusal) return refusal;
	if (typeof file?.name !== 'string')
		return envelope(server.settings, 400, 4000, 'bad parameter');
	return envelope(server.settings, 200, 0, '', {
		id: `${7420000000000000000n + BigInt(++chats)}`,
		bytes: file.size,
		file_name: file.name,
		created_at: server.grants.clock(),
	});
}

function sendEvent(socket, type, data) {
	socket.send(
		JSON.stringify({
			id: `event-${++chats}`,
			event_type: type,
			data,
			detail: { logid: 'test-logid' },
		})
	);
}

/* What the server says to an event of the client; null: it knows no such event. */
function reply(server, bot, { event_type: type, data }) {
	const chat = newChat(server, bot);

	switch (type) {
		case 'chat.update':
			return [['chat.updated', data]];
		case 'conversation.message.create':
			return events(chat, data?.content ?? '');
		case 'input_text.generate_audio':
			return [
				['conversation.audio.delta', message(chat, SPEECH, 'answer', 'audio')],
				['conversation.audio.completed', message(chat, '', 'answer', 'audio')],
			];
		default:
			return null;
	}
}

function converse(server, bot, socket) {
	sendEvent(socket, 'chat.created', {});
	socket.on('message', (bytes) => {
		let replies = null;

		try {
			replies = reply(server, bot, JSON.parse(bytes.toString()));
		} catch {
			/* told below */
		}
		for (const [type, data] of replies ?? [['error', { code: 4000, msg: 'bad parameter' }]])
			sendEvent(socket, type, data);
	});
	socket.on('error', () => {});
}

/* The answer that refuses a websocket; null: it may be opened. */
export function refuseWebsocket(server, request, url) {
	const { refusal } = checkToken(server, request, 'chat');

	if (refusal) return refusal;
	return url.searchParams.get('bot_id')
		? null
		: envelope(server.settings, 400, 4000, 'bad parameter');
}

/* Opens the websocket of a chat. The package is loaded for the first one. */
export function openWebsocket(server, request, url, socket, head) {
	server.websockets ??= new (createRequire(path.join(MODULES, 'x.js'))('ws').WebSocketServer)({
		noServer: true,
		maxPayload: 1 << 20,
	});
	server.websockets.handleUpgrade(request, socket, head, (opened) =>
		converse(server, url.searchParams.get('bot_id'), opened)
	);
}
