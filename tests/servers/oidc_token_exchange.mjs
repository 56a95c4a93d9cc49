/* SPDX-License-Identifier: MIT */

/*
 * Token exchange (RFC 8693) as a grant of oidc-provider, which has none of its own: an access token
 * of the provider for another one of the same person, for the client and the resource that ask. A
 * subject token that is not active is an invalid request (2.2.2).
 */

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PARAMETERS = ['audience', 'resource', 'scope', 'subject_token', 'subject_token_type'];

function refuse(ctx, description) {
	ctx.status = 400;
	ctx.body = { error: 'invalid_request', error_description: description };
}

/* What the person gave the one client the other one has now too. */
async function newGrant(provider, accountId, clientId, resource, scope) {
	const grant = new provider.Grant({ accountId, clientId });

	if (resource) grant.addResourceScope(resource, scope);
	else grant.addOIDCScope(scope);
	return grant.save();
}

async function exchange(provider, ctx) {
	const { client, params } = ctx.oidc;
	const subject = await provider.AccessToken.find(String(params.subject_token));

	if (params.subject_token_type !== ACCESS_TOKEN)
		return refuse(ctx, 'subject_token_type is not one of an access token');
	if (!subject) return refuse(ctx, `the subject token ${params.subject_token} is not active`);

	const { accountId } = subject;
	const scope = params.scope ?? subject.scope;
	const token = new provider.AccessToken({
		accountId,
		client,
		grantId: await newGrant(provider, accountId, client.clientId, params.resource, scope),
		gty: 'token_exchange',
		scope,
	});

	if (params.resource)
		token.resourceServer = new provider.ResourceServer(params.resource, {
			audience: params.resource,
			scope: 'api:read api:write',
			accessTokenFormat: 'opaque',
		});
	ctx.body = {
		access_token: await token.save(),
		issued_token_type: ACCESS_TOKEN,
		token_type: 'Bearer',
		expires_in: token.expiration,
		scope: token.scope,
	};
}

export function addTokenExchange(provider) {
	provider.registerGrantType(TOKEN_EXCHANGE, (ctx) => exchange(provider, ctx), PARAMETERS);
}
