/* SPDX-License-Identifier: MIT */

/*
 * The part that both test servers share: options, a loopback listener on a port of the kernel's
 * choice, the ready file that a test waits for, the control listener, and an end on SIGTERM.
 */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const BACKLOG = 4096;

/*
 * Reads "--name value" and "--flag" after the program's name; `known` maps each name to true if it
 * takes a value. Ends the program with status 2 on anything else.
 */
export function parseOptions(known) {
	const options = {};
	const words = process.argv.slice(2);

	while (words.length > 0) {
		const name = words.shift().replace(/^--/, '');

		if (!(name in known) || (known[name] && words.length === 0)) {
			process.stderr.write(`unknown option or missing value: --${name}\n`);
			process.exit(2);
		}
		options[name] = known[name] ? words.shift() : true;
	}
	if (!options.dir) {
		process.stderr.write('--dir DIR is needed\n');
		process.exit(2);
	}
	fs.mkdirSync(options.dir, { recursive: true, mode: 0o700 });
	options.dir = fs.realpathSync(options.dir);
	return options;
}

/* Listens on a free loopback port; resolves to its number. */
export function listen(server, address = '127.0.0.1') {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen({ port: 0, host: address, backlog: BACKLOG }, () =>
			resolve(server.address().port)
		);
	});
}

/* Writes the ready file so that a reader sees nothing or the whole of it. */
export function announce(directory, description) {
	const final = path.join(directory, 'server.json');
	const temporary = `${final}.${process.pid}`;

	fs.writeFileSync(temporary, `${JSON.stringify(description, null, '\t')}\n`, {
		mode: 0o600,
	});
	fs.renameSync(temporary, final);
}

/* Ends the program on SIGTERM and takes the ready file along. */
export function endOnTerm(directory) {
	process.on('SIGTERM', () => {
		fs.rmSync(path.join(directory, 'server.json'), { force: true });
		process.exit(0);
	});
}

/* The whole body of a request, or null if it is longer than limit bytes. */
export async function readBody(request, limit) {
	const parts = [];
	let length = 0;

	for await (const part of request) {
		length += part.length;
		if (length > limit) return null;
		parts.push(part);
	}
	return Buffer.concat(parts);
}

/*
 * A mistake in a control request: answered with 400 and the sentence, so that no test is set up
 * wrongly in silence.
 */
export class ControlError extends Error {}

function answerControl(response, status, value) {
	const body = `${JSON.stringify(value)}\n`;

	response.writeHead(status, {
		'Content-Type': 'application/json',
		'Content-Length': Buffer.byteLength(body),
	});
	response.end(body);
}

async function runCommand(commands, request) {
	const url = new URL(request.url, 'http://control.invalid');
	const command = commands[`${request.method} ${url.pathname}`];
	const body = await readBody(request, 1 << 20);

	if (!command) throw new ControlError('no such command');
	if (!body) throw new ControlError('too long');
	return command(body.length > 0 ? JSON.parse(body) : {}, url.searchParams);
}

/*
 * Serves { 'POST /control': (fields, query) => answer }; resolves to its address. What a command
 * throws is the answer too: 400 for a mistake of the test, 500 for one of ours.
 */
export async function startControl(commands) {
	const server = http.createServer(async (request, response) => {
		try {
			answerControl(response, 200, (await runCommand(commands, request)) ?? {});
		} catch (error) {
			const mistake =
				error instanceof ControlError || error instanceof SyntaxError;

			answerControl(response, mistake ? 400 : 500, {
				error: mistake ? error.message : error.stack,
			});
		}
	});

	return `http://127.0.0.1:${await listen(server)}`;
}
