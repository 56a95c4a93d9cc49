/* SPDX-License-Identifier: MIT */

/*
 * The client of @modelcontextprotocol/sdk with a header that it is given on stdin, as a line "NAME:
 * VALUE": node mcp_client.mjs URL. Initializes, lists the tools and calls the one that tells the
 * client's id, which it prints; fails where the server lets it do none of that.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MODULES =
	process.env.KEYTURN_NODE_MODULES ?? fileURLToPath(new URL('node_modules', import.meta.url));
const SDK = path.join(MODULES, '@modelcontextprotocol/sdk/dist/esm/client');
const { Client } = await import(pathToFileURL(path.join(SDK, 'index.js')).href);
const { StreamableHTTPClientTransport } = await import(
	pathToFileURL(path.join(SDK, 'streamableHttp.js')).href
);

const [, name, value] = fs.readFileSync(0, 'utf8').match(/^([A-Za-z-]+): (.*)\n$/);
const client = new Client({ name: 'test', version: '1' });

await client.connect(
	new StreamableHTTPClientTransport(new URL(process.argv[2]), {
		requestInit: { headers: { [name]: value } },
	})
);
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), ['client']);
const { content } = await client.callTool({ name: 'client', arguments: {} });
process.stdout.write(`${content[0].text}\n`);
await client.close();
