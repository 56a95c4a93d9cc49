/* SPDX-License-Identifier: MIT */

/*
 * MCP's own client under keyturn run --proxy, for PEER_SECONDS: one session over HTTP at the address
 * that it was given, and one with a server that it starts, which asks Coze. Each call has to be answered.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { BRIDGE_SERVER, COZE_API_BASE, COZE_API_TOKEN, PEER_SECONDS } = process.env;
const end = Date.now() + Number(PEER_SECONDS) * 1000;
const transports = [
	new StreamableHTTPClientTransport(new URL(`${COZE_API_BASE}/mcp`), {
		requestInit: { headers: { Authorization: `Bearer ${COZE_API_TOKEN}` } },
	}),
	new StdioClientTransport({ command: process.execPath, args: [BRIDGE_SERVER], env: process.env }),
];
const clients = [];
let done = 0;

for (const transport of transports) {
	const client = new Client({ name: 'test', version: '1' });

	await client.connect(transport);
	clients.push(client);
}
while (Date.now() < end) {
	for (const client of clients) {
		const { content } = await client.callTool({ name: 'me', arguments: {} });

		assert.equal(content[0].text, 'tester');
		done++;
	}
	await sleep(100);
}
console.log(`${done} calls`);
process.exit(0);
