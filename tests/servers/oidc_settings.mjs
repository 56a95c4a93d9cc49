/* SPDX-License-Identifier: MIT */

/*
 * oidc-provider at its strictest: PKCE with S256 for every client, one-use refresh tokens for
 * public and confidential ones, short lives where asked, no development pages. The apps are one
 * public and two with a secret, sent in the two standard ways; one acts for itself, and one signs
 * its assertions with a key that the test has.
 */

import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';

import { newStore } from './oidc_store.mjs';
import { TOKEN_EXCHANGE } from './oidc_token_exchange.mjs';

export const ACCOUNT = 'tester';
export const RESOURCE = 'https://api.example/';
const SCOPES = ['openid', 'offline_access', 'api:read', 'api:write'];

const FLOWS = {
	application_type: 'native',
	redirect_uris: [
		'http://127.0.0.1/callback',
		'http://localhost/callback',
		'http://127.0.0.1:8080/callback',
	],
	response_types: ['code'],
	grant_types: [
		'authorization_code',
		'refresh_token',
		'urn:ietf:params:oauth:grant-type:device_code',
	],
};

const CLIENTS = [
	{ client_id: 'native-client', token_endpoint_auth_method: 'none', ...FLOWS },
	{
		client_id: 'basic-client',
		client_secret: 'basic-secret-for-tests-0123456789',
		token_endpoint_auth_method: 'client_secret_basic',
		...FLOWS,
	},
	{
		client_id: 'post-client',
		client_secret: 'post-secret-for-tests-0123456789',
		token_endpoint_auth_method: 'client_secret_post',
		...FLOWS,
	},
	{
		client_id: 'app-client',
		client_secret: 'app-secret-for-tests-0123456789',
		token_endpoint_auth_method: 'client_secret_basic',
		redirect_uris: [],
		response_types: [],
		grant_types: ['client_credentials', TOKEN_EXCHANGE],
	},
];

/* A client that authenticates itself with the key of a file (RFC 7523). */
function signingClient(file) {
	const key = createPublicKey(fs.readFileSync(file)).export({ format: 'jwk' });

	return {
		client_id: 'signing-client',
		token_endpoint_auth_method: 'private_key_jwt',
		jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'client-key' }] },
		...FLOWS,
		grant_types: [...FLOWS.grant_types, 'client_credentials'],
	};
}

function newSigningKey() {
	const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

	return {
		...privateKey.export({ format: 'jwk' }),
		use: 'sig',
		alg: 'RS256',
		kid: 'test-signing-key',
	};
}

function page(title, content) {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>`;
}

const deviceFlow = {
	enabled: true,
	userCodeInputSource: async (ctx, form) => {
		ctx.body = page(
			'Device',
			`${form}<button form="op.deviceInputForm" id="next">Next</button>`
		);
	},
	userCodeConfirmSource: async (ctx, form, client, info, code) => {
		ctx.body = page(
			'Confirm',
			`<p id="code">${code}</p>${form}` +
				'<button form="op.deviceConfirmForm" id="allow">Allow</button>' +
				'<button form="op.deviceConfirmForm" id="deny" name="abort" value="yes">Deny</button>'
		);
	},
	successSource: async (ctx) => {
		ctx.body = page('Done', '<p id="done">You may close this window.</p>');
	},
};

const resourceIndicators = {
	enabled: true,
	useGrantedResource: () => true,
	getResourceServerInfo: async (ctx, resource) => ({
		audience: resource,
		scope: 'api:read api:write',
		accessTokenFormat: 'opaque',
	}),
};

/* Gives a grant all that was asked for; the person said yes on our page already. */
async function loadGrant(ctx) {
	const { client, session, params, provider, requestParamOIDCScopes: scopes } = ctx.oidc;
	const grant = new provider.Grant({
		clientId: client.clientId,
		accountId: session.accountId,
	});

	grant.addOIDCScope([...scopes].join(' '));
	for (const resource of [params.resource ?? []].flat())
		grant.addResourceScope(resource, params.scope ?? '');
	await grant.save();
	return grant;
}

/*
 * The configuration; switches: { access_life }, seconds, read at every token. Options: posts-only, a
 * client's secret is taken from the body alone; registers, clients register themselves (RFC
 * 7591); client-key, the file of a client's key.
 */
export function oidcConfiguration(switches, options = {}) {
	const ways = [
		'none',
		'client_secret_post',
		'private_key_jwt',
		...(options['posts-only'] ? [] : ['client_secret_basic']),
	];

	return {
		adapter: newStore(),
		clients: [
			...CLIENTS.filter((client) => ways.includes(client.token_endpoint_auth_method)),
			...(options['client-key'] ? [signingClient(options['client-key'])] : []),
		],
		clientAuthMethods: ways,
		scopes: SCOPES,
		responseTypes: ['code'],
		jwks: { keys: [newSigningKey()] },
		cookies: { keys: [randomBytes(32).toString('hex')] },
		pkce: { required: () => true },
		rotateRefreshToken: true,
		issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
		loadExistingGrant: loadGrant,
		findAccount: async (ctx, id) => ({
			accountId: id,
			claims: async () => ({ sub: id }),
		}),
		interactions: {
			url: async (ctx, interaction) => `/interaction/${interaction.uid}`,
		},
		renderError: async (ctx, out) => {
			ctx.type = 'html';
			ctx.body = page('Error', `<p id="error">${out.error}</p>`);
		},
		features: {
			devInteractions: { enabled: false },
			rpInitiatedLogout: { enabled: false },
			revocation: { enabled: true },
			introspection: { enabled: true },
			clientCredentials: { enabled: true },
			deviceFlow,
			registration: { enabled: options.registers === true },
			resourceIndicators,
		},
		ttl: {
			AccessToken: () => switches.access_life,
			AuthorizationCode: 60,
			ClientCredentials: () => switches.access_life,
			DeviceCode: 300,
			Grant: 30 * 86400,
			IdToken: 3600,
			Interaction: 600,
			RefreshToken: 30 * 86400,
			Session: 3600,
		},
	};
}
