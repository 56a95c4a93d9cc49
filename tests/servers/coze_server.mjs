/* SPDX-License-Identifier: MIT */

/*
 * A strict Coze server for tests: node coze_server.mjs --dir DIR [--tls] [--host
 * 127.0.0.1|localhost]
 *
 * It listens on loopback ports of the kernel's choice, says where in DIR/server.json once it is
 * ready, writes one line of JSON per request to DIR/requests.jsonl before it answers (test tokens
 * are made up, so values too), and ends on SIGTERM. coze_control.mjs is what a test may ask of it.
 */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startCanaries } from './canary.mjs';
import { makeBadCertificates, makeServerCertificate } from './certificates.mjs';
import { flat, oauthError, envelope } from './coze_answer.mjs';
import { answerBot, answerMe, answerPrompts, answerWorkspaces } from './coze_api.mjs';
import {
	answerChat,
	answerUpload,
	openWebsocket,
	readForm,
	refuseWebsocket,
} from './coze_chat.mjs';
import { controlCommands, emptyCounts } from './coze_control.mjs';
import { Faults } from './coze_faults.mjs';
import { Grants } from './coze_grants.mjs';
import { Connections, openPort } from './coze_listener.mjs';
import { answerDeviceCode, answerToken } from './coze_oauth.mjs';
import { answerActivation, answerAuthorize, answerConsent } from './coze_pages.mjs';
import { applySettings, defaultClients, defaultSettings } from './coze_settings.mjs';
import { answerStream } from './coze_streams.mjs';
import { announce, endOnTerm, parseOptions, readBody, startControl } from './peer.mjs';

const LONGEST_BODY = 65536;
const LONGEST_FILE = 1 << 20;
const OAUTH = '/api/permission/oauth2';
const ID = '([A-Za-z0-9_]{1,64})';

/*
 * Where, which path, what it is called in faults and the log, and who answers; `id` is the path's
 * own part.
 */
const ROUTES = [
	[
		'api',
		`${OAUTH}/token`,
		'token',
		(server, request, url, body) => answerToken(server, request, body),
	],
	[
		'api',
		`${OAUTH}/account/${ID}/token`,
		'token',
		(server, request, url, body, id) =>
			answerToken(server, request, body, { account: id }),
	],
	[
		'api',
		`${OAUTH}/enterprise_id/${ID}/token`,
		'token',
		(server, request, url, body, id) =>
			answerToken(server, request, body, { enterprise: id }),
	],
	[
		'api',
		`${OAUTH}/device/code`,
		'device_code',
		(server, request, url, body) => answerDeviceCode(server, request, body),
	],
	[
		'api',
		`${OAUTH}/workspace_id/${ID}/device/code`,
		'device_code',
		(server, request, url, body, id) => answerDeviceCode(server, request, body, id),
	],
	['api', '/v1/users/me', 'me', answerMe],
	['api', '/v1/workspaces', 'workspaces', answerWorkspaces],
	['api', '/v1/bots/0', 'bot', answerBot],
	['api', '/v1/loop/prompts/mget', 'prompts', answerPrompts],
	['api', '/v3/chat', 'chat', answerChat],
	['api', '/v1/files/upload', 'upload', answerUpload],
	[
		'www',
		`${OAUTH}/authorize`,
		'authorize',
		(server, request, url) => answerAuthorize(server, request, url),
	],
	[
		'www',
		`${OAUTH}/workspace_id/${ID}/authorize`,
		'authorize',
		(server, request, url, body, id) => answerAuthorize(server, request, url, id),
	],
	['www', '/oauth/consent', 'consent', answerConsent],
	['www', '/oauth/device-activation', 'activation', answerActivation],
].map(([role, pattern, operation, answer]) => ({
	role,
	pattern: new RegExp(`^${pattern}$`),
	operation,
	answer,
}));

const TOKEN_OPERATIONS = {
	refresh_token: 'refresh',
	authorization_code: 'code',
	'urn:ietf:params:oauth:grant-type:device_code': 'device_poll',
	'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt',
};

/* One line of JSON per request. */
class Log {
	constructor(file) {
		this.descriptor = fs.openSync(file, 'a', 0o600);
		this.clear();
	}

	write(entry) {
		fs.writeSync(this.descriptor, `${JSON.stringify(entry)}\n`);
	}

	clear() {
		fs.ftruncateSync(this.descriptor);
	}
}

/* Body members as an object; text that is no JSON as it came, cut. */
function readFields(body) {
	try {
		return JSON.parse(body.toString());
	} catch {
		return body.toString('latin1').slice(0, 4096);
	}
}

function findRoute(server, role, url) {
	for (const route of ROUTES) {
		const match = route.pattern.exec(url.pathname);
		const isHere =
			route.role === role || (role === 'api' && server.settings.www_on_api);

		if (match && isHere) return { ...route, id: match[1] };
	}
	return null;
}

function describeRequest(request, url, connection, port, operation, body) {
	const [scheme, ...rest] = (request.headers.authorization ?? '').split(' ');

	return {
		time: Date.now() / 1000,
		connection: connection?.number ?? null,
		port: port.name,
		operation,
		method: request.method,
		path: url.pathname,
		query: Object.fromEntries(url.searchParams),
		host: request.headers.host ?? null,
		version: request.httpVersion,
		headers: request.rawHeaders.filter((text, index) => index % 2 === 0),
		user_agent: request.headers['user-agent'] ?? null,
		auth:
			request.headers.authorization === undefined
				? null
				: { scheme, value: rest.join(' ') },
		body: readFields(body),
	};
}

/*
 * An answer that says yes and is worth nothing: what a fault bends when the request takes no
 * effect.
 */
function decoyAnswer(server) {
	return flat({
		access_token: 'czu_decoy',
		expires_in: server.grants.clock() + 900,
		refresh_token: 'refresh_decoy',
	});
}

function answerRequest(server, port, route, request, url, body, form) {
	if (!port.hosts.includes(request.headers.host))
		return oauthError(server.settings, 421, 'invalid_request', 'invalid request: Host');
	if (body.length > (route?.operation === 'upload' ? LONGEST_FILE : LONGEST_BODY))
		return oauthError(server.settings, 413, 'invalid_request', 'invalid request: body');
	if (!route) return envelope(server.settings, 404, 4200, 'not found');
	return route.answer(server, request, url, body, route.id, form);
}

/* The request's effect, under the settings of this one fault. */
function commit(server, fault, ...rest) {
	const before = { ...server.settings };

	try {
		applySettings(server.settings, fault?.settings ?? {});
		return answerRequest(server, ...rest);
	} finally {
		Object.assign(server.settings, before);
	}
}

function finish(server, answer) {
	answer.headers = {
		...answer.headers,
		Date: new Date(server.grants.clock() * 1000).toUTCString(),
		'X-Tt-Logid': randomBytes(16).toString('hex'),
	};
	return answer;
}

function count(server, operation, isToken) {
	const { counts } = server;

	counts.requests++;
	counts.token_requests += isToken ? 1 : 0;
	counts.by_operation[operation] = (counts.by_operation[operation] ?? 0) + 1;
}

/* A timer of 0 ms takes one all the same, which a benchmark would see. */
async function pause(milliseconds) {
	if (milliseconds > 0) await sleep(milliseconds);
}

async function serve(server, port, request, response) {
	const connection = server.connections.find(request);
	const url = new URL(request.url, 'http://host.invalid');
	const body = (await readBody(request, LONGEST_FILE)) ?? Buffer.alloc(LONGEST_FILE + 1);
	const route = findRoute(server, port.role, url);
	const grant = route?.operation === 'token' ? readFields(body)?.grant_type : undefined;
	const operation = TOKEN_OPERATIONS[grant] ?? route?.operation ?? 'unknown';
	const fault = server.faults.take('request', operation);
	const form = operation === 'upload' ? await readForm(request, body) : null;

	count(server, operation, route?.operation === 'token');
	await pause(fault?.delay_before_ms ?? 0);
	const answer = finish(
		server,
		!fault || fault.commit
			? commit(server, fault, port, route, request, url, body, form)
			: decoyAnswer(server)
	);

	server.log.write({
		...describeRequest(request, url, connection, port, operation, body),
		fault: fault?.kind ?? null,
		committed: !fault || fault.commit,
		status: !fault || fault.commit ? answer.status : null,
	});
	await pause((fault?.delay_ms ?? 0) + server.settings.delay_ms);
	while (server.settings.hold) await pause(20);
	if (fault)
		return server.faults.bend(
			fault,
			{ socket: request.socket, raw: connection?.raw ?? request.socket },
			answer
		);
	await write(response, answer);
}

/* An answer in parts is written part by part, as it would come. */
async function write(response, { status, headers, body, parts }) {
	if (!parts) {
		response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
		response.end(body);
		return;
	}
	response.writeHead(status, headers);
	for (const part of parts) {
		response.write(part);
		await sleep(1);
	}
	response.end();
}

/* A request for a websocket: the chat is at the one path that there is. */
function serveUpgrade(server, port, request, socket, head) {
	const url = new URL(request.url, 'http://host.invalid');
	const isThere = port.role === 'api' && url.pathname === '/v1/chat';
	const refusal = !port.hosts.includes(request.headers.host)
		? oauthError(server.settings, 421, 'invalid_request', 'invalid request: Host')
		: isThere
			? refuseWebsocket(server, request, url)
			: envelope(server.settings, 404, 4200, 'not found');
	const operation = isThere ? 'websocket' : 'unknown';

	count(server, operation, false);
	server.log.write({
		...describeRequest(
			request,
			url,
			server.connections.find(request),
			port,
			operation,
			Buffer.alloc(0)
		),
		fault: null,
		committed: !refusal,
		status: refusal?.status ?? 101,
	});
	if (!refusal) {
		openWebsocket(server, request, url, socket, head);
		return;
	}
	const response = new http.ServerResponse(request);

	response.assignSocket(socket);
	response.shouldKeepAlive = false;
	write(response, finish(server, refusal));
}

async function open(server, name, role, tlsOptions) {
	const port = { name, role, hosts: [] };
	const handle = (request, response) =>
		answerStream(server, port, request, response) ||
		serve(server, port, request, response).catch((error) => {
			/* A client that went away in mid-request is no fault of ours. */
			if (!request.socket.destroyed) process.stderr.write(`${error.stack}\n`);
			request.socket.destroy();
		});
	const gate = await openPort({
		connections: server.connections,
		faults: server.faults,
		handle,
		upgrade: (request, socket, head) => serveUpgrade(server, port, request, socket, head),
		tlsOptions,
	});

	server.ports.push(gate);
	port.hosts = ['127.0.0.1', 'localhost'].map((host) => `${host}:${gate.port}`);
	return `${tlsOptions ? 'https' : 'http'}://${server.host}:${gate.port}`;
}

function newServer(options) {
	const settings = defaultSettings();

	return {
		settings,
		host: options.host ?? '127.0.0.1',
		clients: defaultClients(),
		grants: new Grants(settings),
		consents: new Map(),
		streamed: 0,
		faults: new Faults(),
		connections: new Connections(),
		counts: emptyCounts(),
		ports: [],
		log: new Log(path.join(options.dir, 'requests.jsonl')),
	};
}

/* The ports of the network matrix: a good server behind bad TLS. { name: address } */
async function openBadTls(server, directory) {
	const addresses = {};

	for (const [name, tlsOptions] of Object.entries(makeBadCertificates(directory)))
		addresses[name] = await open(server, name, 'api', tlsOptions);
	return addresses;
}

async function main() {
	const options = parseOptions({ dir: true, tls: false, host: true });
	const server = newServer(options);
	const tlsDirectory = path.join(options.dir, 'tls');
	const certificate = options.tls ? makeServerCertificate(tlsDirectory) : null;
	const apiBase = await open(server, 'api', 'api', certificate?.server);

	server.wwwBase = await open(server, 'www', 'www', certificate?.server);
	server.canaries = await startCanaries(certificate?.server);
	const badTls = certificate ? await openBadTls(server, tlsDirectory) : {};

	endOnTerm(options.dir);
	announce(options.dir, {
		api_base: apiBase,
		www_base: server.wwwBase,
		control: await startControl(controlCommands(server)),
		ca_file: certificate?.caFile ?? null,
		pid: process.pid,
		bad_tls: badTls,
		canaries: Object.fromEntries(
			Object.entries(server.canaries).map(([name, canary]) => [
				name,
				canary.address,
			])
		),
	});
}

await main();
