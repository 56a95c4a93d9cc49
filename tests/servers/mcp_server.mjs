/* SPDX-License-Identifier: MIT */

/*
 * A protected MCP server of the npm package @modelcontextprotocol/sdk: node mcp_server.mjs --dir
 * DIR --issuer URL --tls FOLDER [--silent]
 *
 * Takes a token that oidc-provider's introspection calls active, and that is for this resource
 * (RFC 8707). Over TLS, with the certificate that FOLDER has; NODE_EXTRA_CA_CERTS is its authority.
 * DIR/server.json says where once it is ready. With --silent its 401 does not say where its
 * metadata are. GET /control; POST /control/reset: what was asked.
 */

import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { announce, endOnTerm, listen, parseOptions, startControl } from './peer.mjs';

const MODULES =
	process.env.KEYTURN_NODE_MODULES ?? fileURLToPath(new URL('node_modules', import.meta.url));
const SDK = path.join(MODULES, '@modelcontextprotocol/sdk/dist/esm/server');
const SCOPE = 'api:read';
const CLIENT = 'Basic ' + btoa('basic-client:basic-secret-for-tests-0123456789');

const load = (file) => import(pathToFileURL(file).href);
const { McpServer } = await load(path.join(SDK, 'mcp.js'));
const { StreamableHTTPServerTransport } = await load(path.join(SDK, 'streamableHttp.js'));
const { requireBearerAuth } = await load(path.join(SDK, 'auth/middleware/bearerAuth.js'));
const { InvalidTokenError } = await load(path.join(SDK, 'auth/errors.js'));
const { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } = await load(
	path.join(SDK, 'auth/router.js')
);
const { default: express } = await load(path.join(MODULES, 'express/index.js'));

async function fetchJson(address, options) {
	const answer = await fetch(address, options);

	if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
	return answer.json();
}

/* Whose token it is and for what, as the authorization server says (RFC 7662). */
function newVerifier(endpoint) {
	return {
		async verifyAccessToken(token) {
			const seen = await fetchJson(endpoint, {
				method: 'POST',
				headers: { authorization: CLIENT },
				body: new URLSearchParams({ token }),
			});

			if (!seen.active) throw new InvalidTokenError('the token is not active');
			return {
				token,
				clientId: seen.client_id,
				scopes: (seen.scope ?? '').split(' '),
				expiresAt: seen.exp,
				resource: seen.aud ? new URL(seen.aud) : undefined,
			};
		},
	};
}

async function serve(request, response) {
	const server = new McpServer({ name: 'test', version: '1' });
	const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });

	server.registerTool('client', { description: 'whose token it is' }, ({ authInfo }) => ({
		content: [{ type: 'text', text: authInfo.clientId }],
	}));
	response.on('close', () => transport.close());
	await server.connect(transport);
	await transport.handleRequest(request, response);
}

async function main() {
	const options = parseOptions({ dir: true, issuer: true, tls: true, silent: false });
	const read = (name) => fs.readFileSync(path.join(options.tls, name));
	const app = express();
	const server = https.createServer({ key: read('server.key'), cert: read('server.pem') }, app);
	const resource = new URL(`https://localhost:${await listen(server)}/mcp`);
	const oauthMetadata = await fetchJson(`${options.issuer}/.well-known/openid-configuration`);
	const metadata = getOAuthProtectedResourceMetadataUrl(resource);
	let asked = [];

	app.use((request, response, next) => {
		asked.push(`${request.method} ${request.url}`);
		next();
	});
	app.use(
		mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: resource, scopesSupported: [SCOPE] })
	);
	app.use(
		'/mcp',
		requireBearerAuth({
			verifier: newVerifier(oauthMetadata.introspection_endpoint),
			requiredScopes: options.silent ? [] : [SCOPE],
			resourceMetadataUrl: options.silent ? undefined : metadata,
			expectedResource: resource,
		}),
		serve
	);
	endOnTerm(options.dir);
	announce(options.dir, {
		resource: resource.href,
		pid: process.pid,
		control: await startControl({
			'GET /control': () => ({ asked }),
			'POST /control/reset': () => {
				asked = [];
			},
		}),
	});
}

await main();
