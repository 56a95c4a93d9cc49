/* SPDX-License-Identifier: MIT */

/*
 * Requests and answers of any size and speed, which are not read whole before they are answered: a
 * chat with ?events, an upload that is no form, a download. They are logged as the others are, when
 * the request's head has come.
 */

import { createHash } from 'node:crypto';

import { checkToken } from './coze_api.mjs';
import { envelope } from './coze_answer.mjs';

const CHAT = { id: 'chat', conversation_id: '1', bot_id: '1' };
const FILLING = Buffer.alloc(65536, 'keyturn ');

function send(response, answer) {
	response.writeHead(answer.status, {
		...answer.headers,
		'Content-Length': Buffer.byteLength(answer.body),
	});
	response.end(answer.body);
}

/* ?events=N&pause=MILLISECONDS: so many deltas, each with the time at which it was sent. */
async function answerChat(server, request, response, url) {
	const events = Number(url.searchParams.get('events') ?? 3);
	const pause = Number(url.searchParams.get('pause') ?? 0);
	const tell = (event, data) =>
		response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

	for await (const chunk of request) server.streamed += chunk.length;
	response.writeHead(200, { 'Content-Type': 'text/event-stream' });
	response.flushHeaders();
	response.on('close', () => (server.streamsClosed = (server.streamsClosed ?? 0) + 1));
	tell('conversation.chat.created', { ...CHAT, status: 'created' });
	for (let number = 0; number < events && !response.destroyed; number++) {
		if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
		tell('conversation.message.delta', {
			...CHAT,
			role: 'assistant',
			content_type: 'text',
			type: 'answer',
			content: `delta ${number}`,
			sent: Number(process.hrtime.bigint() / 1000n),
		});
	}
	tell('conversation.chat.completed', { ...CHAT, status: 'completed' });
	response.end('event: done\ndata: "[DONE]"\n\n');
}

/* ?pause=MILLISECONDS: the body is not looked at before that. */
async function answerUpload(server, request, response, url) {
	const hash = createHash('sha256');
	const pause = Number(url.searchParams.get('pause') ?? 0);
	let bytes = 0;

	if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
	for await (const chunk of request) {
		hash.update(chunk);
		bytes += chunk.length;
	}
	send(
		response,
		envelope(server.settings, 200, 0, '', {
			id: '7300000000000000009',
			bytes,
			sha256: hash.digest('hex'),
			trailers: request.rawTrailers,
		})
	);
}

/* ?bytes=N[&chunked=1]: that many, in a length or in chunks with a trailer. */
async function answerDownload(server, request, response, url) {
	let left = Number(url.searchParams.get('bytes') ?? 0);
	const isChunked = url.searchParams.has('chunked');

	response.writeHead(200, {
		'Content-Type': 'application/octet-stream',
		...(isChunked ? { Trailer: 'X-End' } : { 'Content-Length': left }),
	});
	while (left > 0 && !response.destroyed) {
		const piece = FILLING.subarray(0, Math.min(left, FILLING.length));

		left -= piece.length;
		if (!response.write(piece))
			await new Promise((resolve) => {
				response.once('drain', resolve);
				response.once('close', resolve);
			});
	}
	if (isChunked) response.addTrailers({ 'X-End': 'reached' });
	response.end();
}

const ROUTES = {
	'/v3/chat': answerChat,
	'/v1/files/upload': answerUpload,
	'/v1/files/download': answerDownload,
};

function note(server, request, url, operation, status) {
	const [scheme, ...rest] = (request.headers.authorization ?? '').split(' ');

	server.counts.requests++;
	server.counts.by_operation[operation] = (server.counts.by_operation[operation] ?? 0) + 1;
	if (server.settings.log_streams)
		server.log.write({
			operation,
			method: request.method,
			path: url.pathname,
			query: Object.fromEntries(url.searchParams),
			host: request.headers.host ?? null,
			headers: request.rawHeaders.filter((text, index) => index % 2 === 0),
			auth: rest.length ? { scheme, value: rest.join(' ') } : null,
			status,
		});
}

/* True if the request is one of these; it is answered then. */
export function answerStream(server, port, request, response) {
	const url = new URL(request.url, 'http://host.invalid');
	const route = port.role === 'api' ? ROUTES[url.pathname] : undefined;
	const isForm = (request.headers['content-type'] ?? '').startsWith('multipart/');

	if (!route || isForm || (route === answerChat && !url.searchParams.has('events')))
		return false;
	const { refusal } = checkToken(server, request, 'me');

	note(server, request, url, url.pathname.split('/').pop(), refusal?.status ?? 200);
	if (refusal) send(response, refusal);
	else
		route(server, request, response, url).catch(() => {
			response.destroy();
		});
	return true;
}
