/* SPDX-License-Identifier: MIT */

/*
 * A real MCP client starts a real MCP server through keyturn run, and both of them take a token: the
 * server in its environment, the client as the header of keyturn header --json.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const { BRIDGE_ACCOUNT, BRIDGE_SERVER, HOME, NODE_EXTRA_CA_CERTS, PATH } = process.env;
const transport = new StdioClientTransport({
	command: 'keyturn',
	args: ['run', BRIDGE_ACCOUNT, '--tool', 'mcp', '--', process.execPath, BRIDGE_SERVER],
	env: { PATH, HOME, NODE_EXTRA_CA_CERTS },
});
const client = new Client({ name: 'test', version: '1' });

await client.connect(transport);
const { content } = await client.callTool({ name: 'me', arguments: {} });
assert.equal(content[0].text, 'tester');
await client.close();

const headers = JSON.parse(execFileSync('keyturn', ['header', BRIDGE_ACCOUNT, '--json']));
const answer = await fetch(`${process.env.BRIDGE_API}/v1/users/me`, { headers });
assert.equal(answer.status, 200);
