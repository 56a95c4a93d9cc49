/* SPDX-License-Identifier: MIT */

/*
 * Misbehaviour on command: the rows of the network matrix that a server can produce. Control
 * queues faults; each says what (kind), to which requests (on), after how many (skip) and how
 * often (times). `commit` says whether the request takes effect first: with it the answer that is
 * bent is the real one, without it nothing changed and the answer holds decoys.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { applySettings, defaultSettings } from './coze_settings.mjs';
import { ControlError } from './peer.mjs';

const CHUNK = 65536;
const RESET_PAUSE = 30; /* ms for bytes to reach the client before the connection is reset */

export const OPERATIONS = [
	'any',
	'token',
	'refresh',
	'code',
	'device_poll',
	'jwt',
	'device_code',
	'me',
	'workspaces',
	'authorize',
	'consent',
	'activation',
];

/* A write that ends when the bytes are gone or the peer is; false if it is gone. */
function send(wire, bytes) {
	return new Promise((resolve) => {
		if (wire.socket.destroyed) return resolve(false);
		const onClose = () => resolve(false);

		wire.sent(Buffer.byteLength(bytes));
		wire.socket.once('close', onClose);
		wire.socket.write(bytes, (error) => {
			wire.socket.off('close', onClose);
			resolve(!error);
		});
	});
}

function head(answer, length) {
	const lines = Object.entries(answer.headers).map(
		([name, value]) => `${name}: ${value}\r\n`
	);

	return (
		`HTTP/1.1 ${answer.status} Test\r\n${lines.join('')}` +
		(length === undefined ? '' : `Content-Length: ${length}\r\n`) +
		'\r\n'
	);
}

async function reset(wire) {
	await sleep(RESET_PAUSE);
	wire.raw.resetAndDestroy();
}

async function sendWhole(wire, answer) {
	const body = Buffer.from(answer.body);

	await send(wire, Buffer.concat([Buffer.from(head(answer, body.length)), body]));
	wire.socket.end();
}

/* Head and the first half of the body, as a whole answer would begin. */
function sendHalf(wire, answer) {
	const body = Buffer.from(answer.body);

	return send(
		wire,
		Buffer.concat([
			Buffer.from(head(answer, body.length)),
			body.subarray(0, body.length >> 1),
		])
	);
}

async function sendEndless(wire, first, piece, limit) {
	let length = 0;

	for (let alive = await send(wire, first); alive && length < limit; length += piece.length)
		alive = await send(wire, piece);
	wire.socket.destroy();
}

/* The members of a JSON object, plus text as the last one. */
function withMember(answer, text) {
	return { ...answer, body: `${answer.body.slice(0, -1)},${text}}` };
}

function withBody(answer, body) {
	return { ...answer, body };
}

async function drip(wire, answer, fault) {
	const bytes = Buffer.from(head(answer, Buffer.byteLength(answer.body)) + answer.body);

	for (let at = 0; at < bytes.length && (await send(wire, bytes.subarray(at, at + 1))); at++)
		await sleep(fault.interval_ms ?? 1000);
	wire.socket.end();
}

function statusAnswer(answer, fault) {
	const headers = { ...answer.headers };

	if (fault.retry_after !== undefined) headers['Retry-After'] = fault.retry_after;
	if (fault.error)
		return {
			status: fault.status,
			headers,
			body: JSON.stringify({
				error: fault.error,
				error_code: fault.error,
				error_message: fault.text ?? 'by order of the test',
			}),
		};
	headers['Content-Type'] = 'text/html';
	return {
		status: fault.status,
		headers,
		body: '<html><body>by order of the test</body></html>',
	};
}

function literalAnswer(answer, fault) {
	return {
		status: fault.status ?? 200,
		headers: { ...answer.headers, ...fault.headers },
		body: fault.body ?? '',
	};
}

const nothing = () => {};
const deep = (fault) =>
	`"deep":${'['.repeat(fault.depth ?? 1000)}${']'.repeat(fault.depth ?? 1000)}`;
const nul = (fault) => `"access_token":"czu_${fault.raw ? '\0' : '\\u0000'}decoy"`;

/*
 * phase 'connection' and 'tls' are handed the TCP socket, all others (wire, answer, fault); commit is
 * the default of that name.
 */
const KINDS = {
	hang_before_tls: { phase: 'connection', run: nothing },
	reset_before_tls: { phase: 'connection', run: (raw) => raw.resetAndDestroy() },
	close_before_tls: { phase: 'connection', run: (raw) => raw.end() },
	plain_before_tls: {
		phase: 'connection',
		run: (raw) => raw.end('HTTP/1.1 400 Test\r\nContent-Length: 0\r\n\r\n'),
	},
	hang_after_tls: { phase: 'tls', run: nothing },
	reset_after_tls: { phase: 'tls', run: (raw) => raw.resetAndDestroy() },

	delay: { commit: true, run: sendWhole },
	override: { commit: true, run: sendWhole },
	hang: { run: nothing },
	close: { run: (wire) => wire.socket.end() },
	reset: { run: reset },
	commit_then_drop: { commit: true, run: reset },
	hang_after_headers: {
		commit: true,
		run: (wire, answer) => send(wire, head(answer, Buffer.byteLength(answer.body))),
	},
	hang_mid_body: { commit: true, run: sendHalf },
	reset_mid_headers: {
		commit: true,
		run: async (wire, answer) => {
			await send(wire, head(answer, 0).slice(0, 40));
			await reset(wire);
		},
	},
	reset_mid_body: {
		commit: true,
		run: async (wire, answer) => {
			await sendHalf(wire, answer);
			await reset(wire);
		},
	},
	truncated: {
		commit: true,
		run: async (wire, answer) => {
			await sendHalf(wire, answer);
			wire.socket.end();
		},
	},
	truncated_json: {
		commit: true,
		run: (wire, answer) =>
			sendWhole(
				wire,
				withBody(answer, answer.body.slice(0, answer.body.length >> 1))
			),
	},
	trailing: {
		commit: true,
		run: (wire, answer) => sendWhole(wire, withBody(answer, `${answer.body}{}`)),
	},
	duplicate_keys: {
		commit: true,
		run: (wire, answer) =>
			sendWhole(wire, withMember(answer, '"access_token":"czu_decoy"')),
	},
	deep: {
		commit: true,
		run: (wire, answer, fault) => sendWhole(wire, withMember(answer, deep(fault))),
	},
	nul: {
		run: (wire, answer, fault) =>
			sendWhole(
				wire,
				withBody(
					answer,
					answer.body.replace(/"access_token":"[^"]*"/, nul(fault))
				)
			),
	},
	big_body: {
		commit: true,
		run: (wire, answer, fault) =>
			sendWhole(
				wire,
				withMember(answer, `"pad":"${'x'.repeat(fault.bytes ?? 70000)}"`)
			),
	},
	gzip: {
		commit: true,
		run: (wire, answer) =>
			sendWhole(wire, {
				...answer,
				body: gzipSync(answer.body),
				headers: { ...answer.headers, 'Content-Encoding': 'gzip' },
			}),
	},
	wrong_type: {
		commit: true,
		run: (wire, answer, fault) =>
			sendWhole(wire, {
				...answer,
				headers: {
					...answer.headers,
					'Content-Type': fault.type ?? 'text/plain',
				},
			}),
	},
	big_headers: {
		commit: true,
		run: (wire, answer, fault) =>
			sendWhole(wire, {
				...answer,
				headers: {
					...answer.headers,
					'X-Pad': 'x'.repeat(fault.bytes ?? 40000),
				},
			}),
	},
	slow_drip: { commit: true, run: drip },

	empty: { run: (wire, answer) => sendWhole(wire, withBody(answer, '')) },
	garbage: {
		run: (wire) => {
			wire.socket.end(randomBytes(512));
		},
	},
	garbage_body: {
		run: (wire, answer) => sendWhole(wire, withBody(answer, randomBytes(512))),
	},
	no_headers: {
		run: (wire, answer) => {
			wire.socket.end(answer.body);
		},
	},
	html: { run: (wire, answer) => sendWhole(wire, statusAnswer(answer, { status: 200 })) },
	status: {
		needs: ['status'],
		run: (wire, answer, fault) => sendWhole(wire, statusAnswer(answer, fault)),
	},
	answer: { run: (wire, answer, fault) => sendWhole(wire, literalAnswer(answer, fault)) },
	redirect: {
		needs: ['location'],
		run: (wire, answer, fault) =>
			sendWhole(wire, {
				status: fault.status ?? 302,
				headers: { ...answer.headers, Location: fault.location },
				body: answer.body,
			}),
	},
	huge_body: {
		run: (wire, answer, fault) => {
			const bytes = fault.bytes ?? 1 << 30;

			return sendEndless(
				wire,
				`${head(answer, bytes)}{"pad":"`,
				'x'.repeat(CHUNK),
				bytes
			);
		},
	},
	endless_body: {
		run: (wire, answer) => sendEndless(wire, head(answer), ' '.repeat(CHUNK), Infinity),
	},
	endless_headers: {
		run: (wire) =>
			sendEndless(
				wire,
				'HTTP/1.1 200 Test\r\n',
				`X-Pad: ${'x'.repeat(1000)}\r\n`,
				Infinity
			),
	},
	endless_continue: {
		run: (wire) => sendEndless(wire, '', 'HTTP/1.1 100 Continue\r\n\r\n', Infinity),
	},
};

/* Whole numbers only; each is looked at where it is used. */
const NUMBERS = [
	'times',
	'skip',
	'delay_ms',
	'delay_before_ms',
	'interval_ms',
	'bytes',
	'depth',
	'status',
];

function checkFault(fault) {
	const kind = Object.hasOwn(KINDS, fault.kind) ? KINDS[fault.kind] : null;

	if (!kind) throw new ControlError(`no such fault: ${fault.kind}`);
	if (fault.on !== undefined && !OPERATIONS.includes(fault.on))
		throw new ControlError(`no such operation: ${fault.on}`);
	for (const name of NUMBERS) {
		if (fault[name] !== undefined && !Number.isSafeInteger(fault[name]))
			throw new ControlError(`${name} must be a whole number`);
	}
	for (const name of kind.needs ?? []) {
		if (fault[name] === undefined)
			throw new ControlError(`${fault.kind} needs ${name}`);
	}
	if (fault.kind === 'override') applySettings(defaultSettings(), fault.settings ?? {});
}

function isMeant(fault, phase, operation) {
	const on = fault.on ?? 'any';
	const isToken = ['refresh', 'code', 'device_poll', 'jwt', 'token'].includes(operation);

	return (
		(KINDS[fault.kind].phase ?? 'request') === phase &&
		(phase !== 'request' ||
			on === 'any' ||
			on === operation ||
			(on === 'token' && isToken))
	);
}

export class Faults {
	constructor() {
		this.queue = [];
		this.done = [];
	}

	/* Queues one fault, or a list of them. */
	add(faults) {
		const list = [faults].flat();

		list.forEach(checkFault);
		this.queue.push(
			...list.map((fault) => ({
				commit: KINDS[fault.kind].commit ?? false,
				...fault,
				left: fault.times ?? 1,
				toSkip: fault.skip ?? 0,
			}))
		);
	}

	clear() {
		this.queue = [];
		this.done = [];
	}

	/*
	 * The first queued fault that is meant for this one, or null; phase 'connection', 'tls' or
	 * 'request'.
	 */
	take(phase, operation = undefined) {
		for (const fault of this.queue) {
			if (!isMeant(fault, phase, operation)) continue;
			if (fault.toSkip > 0) {
				fault.toSkip--;
				return null;
			}
			if (--fault.left === 0) this.queue.splice(this.queue.indexOf(fault), 1);
			return fault;
		}
		return null;
	}

	/* Does it to a connection that carries no request yet. */
	strike(fault, raw) {
		this.done.push({ kind: fault.kind, bytes: 0 });
		KINDS[fault.kind].run(raw);
	}

	/*
	 * Does it to an answer. wire: { socket, raw }, the stream of the client and the TCP socket
	 * beneath.
	 */
	async bend(fault, wire, answer) {
		const record = { kind: fault.kind, bytes: 0 };

		this.done.push(record);
		wire.sent = (length) => {
			record.bytes += length;
		};
		await KINDS[fault.kind].run(
			wire,
			{ ...answer, headers: { ...answer.headers, Connection: 'close' } },
			fault
		);
	}
}
