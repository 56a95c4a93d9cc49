/* SPDX-License-Identifier: MIT */

/*
 * An MCP server over HTTP in front of the Coze server, whose tokens it takes: node mcp_http_server.mjs
 * COZE-API. At /mcp it asks Coze for each request whose the token is; every other path is Coze's own.
 * It prints its port.
 */

import { randomUUID } from 'node:crypto';
import http from 'node:http';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const [coze] = process.argv.slice(2);
const sessions = new Map();

function bodyOf(request) {
	return new Promise((resolve) => {
		const parts = [];

		request.on('data', (part) => parts.push(part));
		request.on('end', () => resolve(Buffer.concat(parts)));
	});
}

function whoIs(authorization = '') {
	return fetch(`${coze}/v1/users/me`, { headers: { authorization } });
}

async function passOn(request, response) {
	const { authorization, 'content-type': type } = request.headers;
	const body = await bodyOf(request);
	const answer = await fetch(`${coze}${request.url}`, {
		method: request.method,
		headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
		...(body.length && { body }),
	});

	response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
	response.end(Buffer.from(await answer.arrayBuffer()));
}

/* A session of its own for each client, whose server tells who it is. */
async function open() {
	const server = new McpServer({ name: 'coze-over-http', version: '1' });
	const transport = new StreamableHTTPServerTransport({
		sessionIdGenerator: randomUUID,
		onsessioninitialized: (id) => sessions.set(id, transport),
	});

	server.registerTool('me', { description: 'who it is' }, async ({ requestInfo }) => {
		const answer = await whoIs(requestInfo.headers.authorization);

		return { content: [{ type: 'text', text: (await answer.json()).data.user_name }] };
	});
	await server.connect(transport);
	return transport;
}

async function answerMcp(request, response) {
	const who = await whoIs(request.headers.authorization);
	const session = request.headers['mcp-session-id'];

	if (who.status !== 200) {
		response.writeHead(401, { 'content-type': 'application/json' });
		response.end(await who.text());
		return;
	}
	await (sessions.get(session) ?? (await open())).handleRequest(request, response);
}

const server = http.createServer((request, response) => {
	(request.url === '/mcp' ? answerMcp : passOn)(request, response).catch((error) => {
		console.error(error);
		response.destroy();
	});
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
