/* SPDX-License-Identifier: MIT */

/*
 * Requests as a hostile client might write them, made from a grammar and a seed: what the room of a
 * proxy passes on has to be read by a parser that nobody here wrote (Node's, llhttp) as the same
 * requests, with the same ends. Refusing more than the room does is no difference.
 *
 *   node request_read_alike.mjs PROXY_READS [COUNT [SEED [FILE]]]
 *
 * Prints a line for each difference, then the counts. FILE gets what was passed on, a JSON object a
 * line, for other parsers.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';

const [, , program, count = '3000', seed = '1', file] = process.argv;

/* mulberry32 */
let state = Number(seed) >>> 0;
function random(limit) {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = Math.imul(state ^ (state >>> 15), state | 1);
	t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % limit;
}
const pick = (list) => list[random(list.length)];

const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'get'];
const TARGETS = [
	'/', '/v1/users/me', '/v3/chat?a=b&c=%2F..%2f', '//x', '/a;b=c', '/a?b?c', '/%00', '/.', '/*',
	'http://127.0.0.1:4000/x', 'http://127.0.0.1:4000', 'http://127.0.0.1:4000?x=1',
	'HTTP://127.0.0.1:4000//x', '/x HTTP/1.1', '*', '/\\x', "/'\"<>{}|^`",
];
const FIELDS = [
	'Content-Length: 5', 'Content-Length: 05', 'content-length:5', 'Content-Length: 5 ',
	'Content-Length: 0', 'Content-Length: 5, 5', 'Content-Length: +5', 'Content_Length: 7',
	'Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'Transfer-Encoding:\tchunked',
	'Transfer-Encoding: chunked ', 'Transfer-Encoding: Chunked', 'Transfer_Encoding: chunked',
	'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: chunked;q=1', 'TE: trailers',
	'Connection: close', 'Connection: keep-alive', 'Connection: X-A, TE', 'Connection: upgrade',
	'Connection: Transfer-Encoding', 'Connection: X-A, , ,', 'Connection: Trailer', 'Upgrade: h2c',
	'Upgrade: websocket', 'Expect: 100-continue', 'Trailer: X-A', 'Keep-Alive: timeout=5',
	'Proxy-Connection: close', 'X-A: b', 'X-A:', 'X-A: \t ', 'X-A: \xe4\xff', '!#$%&: x', 'X-A: b, c',
	'Host: evil.example', 'Authorization: Bearer other', 'Cookie: a=b; c', 'X-A: "b\\"', 'Content-Type: a/b',
	'X-HTTP-Method-Override: PUT', 'X-Long: ' + 'x'.repeat(300), 'HTTP2-Settings: x',
];
const BODIES = [
	'', 'hello', 'hello world', '5\r\nhello\r\n0\r\n\r\n', '5;a=b\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n',
	'05\r\nhello\r\n00\r\n\r\n', '5\r\nhello\r\n0\r\nX-T: v\r\n\r\n', 'A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n',
	'5 \r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n', '5;a="\r\n"\r\nhello\r\n0\r\n\r\n',
	'1\r\nx\r\n1;y\r\nz\r\n0;e\r\nX:\r\nY: z\r\n\r\n', '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n', '5\r\nhel',
];
const PIECES = [
	'\r', '\n', '\r\n', '\0', '\t', ' ', '\x0b', '\x0c', '\x7f', '\x80', '\x85', '\xa0', '\xff', ':', ';', ',',
	'"', '\\', '0', '5', 'f', 'G', '\r\n ', '\r\n\t', '\r\n\r\n', 'chunked', 'Host: x\r\n', '\x1b', '%0d%0a', '#', '?',
	'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n', 'GET / HTTP/1.1\r\n',
];

function request() {
	const fields = ['Host: 127.0.0.1:4000', 'Authorization: Bearer ktp_right'];
	let framing = random(4);
	let body = '';

	if (framing === 1) {
		body = pick(BODIES);
		fields.push(`Content-Length: ${Math.max(0, body.length + (random(8) ? 0 : random(7) - 3))}`);
	} else if (framing === 2) {
		body = pick(BODIES);
		fields.push('Transfer-Encoding: chunked');
	} else if (framing === 3 && !random(3)) {
		body = pick(BODIES);
	}
	for (let more = random(4); more > 0; more--) fields.splice(random(fields.length + 1), 0, pick(FIELDS));
	return `${pick(METHODS)} ${pick(TARGETS)} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`;
}

function mutate(text) {
	const place = random(text.length + 1);
	const length = random(4) ? 1 : random(12);

	switch (random(6)) {
		case 0:
			return text.slice(0, place) + pick(PIECES) + text.slice(place);
		case 1:
			return text.slice(0, place) + pick(PIECES) + text.slice(place + length);
		case 2:
			return text.slice(0, place) + text.slice(place + length);
		case 3:
			return text.slice(0, place) + text.slice(place - random(20), place) + text.slice(place);
		case 4:
			return text.slice(0, place) + String.fromCharCode(random(256)) + text.slice(place + 1);
		default: {
			const lines = text.split('\r\n');
			const line = lines.splice(random(lines.length), 1)[0];
			lines.splice(random(lines.length + 1), 0, line);
			if (random(2)) lines.splice(random(lines.length + 1), 0, line);
			return lines.join('\r\n');
		}
	}
}

function makeCase() {
	let text = '';
	for (let requests = 1 + (random(3) ? 0 : random(3)); requests > 0; requests--) text += request();
	for (let times = random(3); times > 0; times--) text = mutate(text);
	return Buffer.from(text, 'latin1');
}

/* What Node's parser makes of these bytes, which come in two pieces on a connection of their own. */
function parse(server, bytes) {
	return new Promise((resolve) => {
		const read = { requests: [], begun: 0 };
		const socket = new Duplex({ read() {}, write: (chunk, encoding, done) => done() });
		const half = bytes.length >> 1;

		Object.assign(socket, { setTimeout: () => socket, setNoDelay() {}, setKeepAlive() {}, reading: read });
		server.emit('connection', socket);
		socket.push(bytes.subarray(0, half));
		socket.push(bytes.subarray(half));
		socket.push(null);
		socket.on('close', () => resolve(read));
		setImmediate(() => setImmediate(() => setImmediate(() => socket.destroy())));
	});
}

function serve() {
	const server = createServer({ keepAlive: true, requestTimeout: 0, headersTimeout: 0 });
	const take = (request, response) => {
		const { reading } = request.socket;
		const entry = { method: request.method, target: request.url, host: request.headers.host, bytes: 0 };

		entry.tokens = request.rawHeaders.filter((word, at) => at % 2 === 0 && /^authorization$/i.test(word)).length;
		reading.begun++;
		request.on('data', (data) => (entry.bytes += data.length));
		request.on('end', () => request.complete && reading.requests.push(entry));
		request.on('error', () => {});
		response?.end();
	};

	server.on('request', take);
	server.on('checkContinue', take);
	server.on('checkExpectation', take);
	server.on('upgrade', (request) => {
		const { reading } = request.socket;
		reading.begun++;
		reading.isUpgrade = true;
		reading.requests.push({ method: request.method, target: request.url, host: request.headers.host, tokens: 1 });
	});
	server.on('clientError', (error, socket) => {
		socket.reading.error = error.code;
		socket.destroy();
	});
	return server;
}

const SENTINEL = 'GET /behind HTTP/1.1\r\nHost: sentinel\r\n\r\n';

/* Why the two disagree; nothing where they do not. The parser may refuse whatever it likes. */
function difference(room, node) {
	const wanted = room.words.slice(0, room.whole);
	const got = node.requests;

	if (node.error || node.isUpgrade) {
		if (got.length > room.whole) return 'more requests';
	} else if (room.begun) {
		if (got.length !== room.whole) return `${got.length} requests are whole`;
	} else if (got.length !== room.whole + 1 || got.at(-1).host !== 'sentinel') {
		return `${got.length} requests, the last at ${got.at(-1)?.host}`;
	}
	for (const [at, entry] of got.slice(0, room.whole).entries()) {
		if (entry.method !== wanted[at][0] || entry.target !== wanted[at][1])
			return `${entry.method} ${entry.target} for ${wanted[at].join(' ')}`;
		if (!/^(api|ws)\.coze\.cn$/.test(entry.host) || entry.tokens !== 1)
			return `Host ${entry.host}, ${entry.tokens} tokens`;
	}
	return undefined;
}

const cases = Array.from({ length: Number(count) }, makeCase);
const played = spawnSync(program, {
	input: cases.map((bytes) => bytes.toString('hex') + '\n').join(''),
	maxBuffer: 1 << 30,
	encoding: 'latin1',
});
const lines = played.stdout.split('\n').slice(0, -1);
const server = serve();
const passedOn = [];
let passed = 0;
let refusedHere = 0;
let differences = 0;

if (played.status !== 0 || lines.length !== cases.length) {
	console.log(`the room's part ended with ${played.status ?? played.signal} after ${lines.length}: ${played.stderr}`);
	process.exit(1);
}
for (const [at, line] of lines.entries()) {
	const [status, whole, begun, hex, ...rest] = line.trimEnd().split(' ');
	const room = { whole: Number(whole), begun: Number(begun), words: [] };

	if (hex === '-') continue;
	while (rest.length) room.words.push(rest.splice(0, 2));
	const bytes = Buffer.from(hex, 'hex');
	const node = await parse(server, room.begun ? bytes : Buffer.concat([bytes, Buffer.from(SENTINEL)]));
	const why = difference(room, node);

	passed++;
	refusedHere += node.error ? 1 : 0;
	if (file) passedOn.push(JSON.stringify({ ...room, status: Number(status), hex }));
	if (!why) continue;
	differences++;
	console.log(`${at}: ${why}; of ${JSON.stringify(cases[at].toString('latin1'))} as ${JSON.stringify(bytes.toString('latin1'))}`);
}
if (file) writeFileSync(file, passedOn.join('\n') + '\n');
console.log(`${cases.length} clients, ${passed} with a request that was passed on, ${refusedHere} refused by Node, ${differences} read differently`);
process.exit(differences ? 1 : 0);
