/* SPDX-License-Identifier: MIT */

/* An MCP server that asks Coze who it is, with the token that it was started with. */

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const { COZE_API_BASE, COZE_API_TOKEN } = process.env;
const server = new McpServer({ name: 'coze', version: '1' });

server.registerTool('me', { description: 'who it is' }, async () => {
	const answer = await fetch(`${COZE_API_BASE}/v1/users/me`, {
		headers: { Authorization: `Bearer ${COZE_API_TOKEN}` },
	});

	return { content: [{ type: 'text', text: (await answer.json()).data.user_name }] };
});
await server.connect(new StdioServerTransport());
