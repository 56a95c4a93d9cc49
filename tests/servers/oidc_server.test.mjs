/* SPDX-License-Identifier: MIT */

/* The runner of oidc-provider: discovery, and each way to a token that keyturn uses of it. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, test } from 'node:test';

import { command } from './test_peer.mjs';

const { OIDC_ISSUER: ISSUER, OIDC_CONTROL: CONTROL } = process.env;
const CALLBACK = 'http://127.0.0.1:12345/callback';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
let metadata;

async function send(endpoint, fields, headers = {}) {
	const answer = await fetch(endpoint, {
		method: 'POST',
		headers,
		body: new URLSearchParams(fields),
	});
	const text = await answer.text();

	return { status: answer.status, body: text ? JSON.parse(text) : null };
}

const refresh = (token, client = 'native-client') =>
	send(metadata.token_endpoint, {
		grant_type: 'refresh_token',
		client_id: client,
		refresh_token: token,
	});

function keepCookies(jar, answer) {
	for (const line of answer.headers.getSetCookie()) {
		const [name, value] = line.split(';')[0].split(/=(.*)/s);

		jar.set(name, value);
	}
}

/* Follows redirects with cookies until the callback; its parameters. */
async function follow(url) {
	const jar = new Map();
	let location = url;

	while (!location.startsWith(CALLBACK)) {
		const answer = await fetch(location, {
			redirect: 'manual',
			headers: {
				Cookie: [...jar]
					.map(([name, value]) => `${name}=${value}`)
					.join('; '),
			},
		});

		keepCookies(jar, answer);
		assert.ok(
			answer.headers.get('location'),
			`${answer.status} ${await answer.text()}`
		);
		location = new URL(answer.headers.get('location'), location).href;
	}
	return new URL(location).searchParams;
}

function authorizeUrl(extra) {
	const query = {
		response_type: 'code',
		client_id: 'native-client',
		redirect_uri: CALLBACK,
		scope: 'openid offline_access',
		state: 'some-state',
		...extra,
	};

	return `${metadata.authorization_endpoint}?${new URLSearchParams(query)}`;
}

before(async () => {
	metadata = await (await fetch(`${ISSUER}/.well-known/oauth-authorization-server`)).json();
});

test('both discovery documents name the issuer', async () => {
	const other = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

	assert.equal(metadata.issuer, ISSUER);
	assert.deepEqual(other, metadata);
	assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
});

test('a refresh rotates, and a second use revokes the grant', async () => {
	const minted = await command(CONTROL, '/control/mint', { client_id: 'native-client' });
	const first = await refresh(minted.refresh_token);
	const again = await refresh(minted.refresh_token);
	const next = await refresh(first.body.refresh_token);
	const { counts } = await command(CONTROL, '/control');

	assert.equal(first.status, 200);
	assert.notEqual(first.body.refresh_token, minted.refresh_token);
	assert.equal(again.body.error, 'invalid_grant');
	assert.equal(next.body.error, 'invalid_grant');
	assert.ok(counts.revoked_grants.includes(minted.grant));
	assert.equal(counts.token_requests, counts.by_grant.refresh_token);
});

test('2,000 refreshes in a row keep the grant', async () => {
	let { refresh_token: token } = await command(CONTROL, '/control/mint', {
		client_id: 'native-client',
	});

	for (let round = 0; round < 2000; round++) {
		const { status, body } = await refresh(token);

		assert.equal(status, 200);
		token = body.refresh_token;
	}
});

test('apps with a secret refresh with it and only as registered', async () => {
	const basic = await command(CONTROL, '/control/mint', { client_id: 'basic-client' });
	const posted = await command(CONTROL, '/control/mint', { client_id: 'post-client' });
	const header = {
		Authorization: `Basic ${Buffer.from(`basic-client:${basic.client_secret}`).toString('base64')}`,
	};
	const fields = (minted) => ({
		grant_type: 'refresh_token',
		refresh_token: minted.refresh_token,
	});

	assert.equal(
		(await refresh(basic.refresh_token, 'basic-client')).body.error,
		'invalid_client'
	);
	assert.equal((await send(metadata.token_endpoint, fields(basic), header)).status, 200);
	assert.equal(
		(
			await send(metadata.token_endpoint, {
				...fields(posted),
				client_id: 'post-client',
				client_secret: posted.client_secret,
			})
		).status,
		200
	);
});

test('a login with PKCE, at any loopback port', async () => {
	const verifier = randomBytes(32).toString('base64url');
	const challenge = createHash('sha256').update(verifier).digest('base64url');
	const callback = await follow(
		authorizeUrl({ code_challenge: challenge, code_challenge_method: 'S256' })
	);
	const fields = {
		grant_type: 'authorization_code',
		client_id: 'native-client',
		code: callback.get('code'),
		redirect_uri: CALLBACK,
		code_verifier: verifier,
	};
	const tokens = await send(metadata.token_endpoint, fields);

	assert.equal(callback.get('state'), 'some-state');
	assert.equal(callback.get('iss'), ISSUER);
	assert.equal(tokens.status, 200);
	assert.ok(tokens.body.refresh_token);
	assert.equal((await send(metadata.token_endpoint, fields)).body.error, 'invalid_grant');
});

test('a login without PKCE, or with plain, is refused', async () => {
	assert.equal((await follow(authorizeUrl({}))).get('error'), 'invalid_request');
	assert.equal(
		(
			await follow(
				authorizeUrl({
					code_challenge: 'x'.repeat(43),
					code_challenge_method: 'plain',
				})
			)
		).get('error'),
		'invalid_request'
	);
});

test('a person who refuses is an error at the callback', async () => {
	await command(CONTROL, '/control', { consent: 'deny' });
	const callback = await follow(
		authorizeUrl({ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
	);

	await command(CONTROL, '/control', { consent: 'allow' });
	assert.equal(callback.get('error'), 'access_denied');
});

test('a device login, pending and then approved; another refused', async () => {
	const start = () =>
		send(metadata.device_authorization_endpoint, {
			client_id: 'native-client',
			scope: 'offline_access openid',
		});
	const poll = (device) =>
		send(metadata.token_endpoint, {
			grant_type: DEVICE_GRANT,
			client_id: 'native-client',
			device_code: device.body.device_code,
		});
	const [one, two] = [await start(), await start()];

	assert.equal((await poll(one)).body.error, 'authorization_pending');
	await command(CONTROL, '/control/approve', { user_code: one.body.user_code });
	await command(CONTROL, '/control/approve', {
		user_code: two.body.user_code,
		decision: 'deny',
	});
	assert.ok((await poll(one)).body.refresh_token);
	assert.equal((await poll(two)).body.error, 'access_denied');
});

test('a revoked refresh token is dead, and its access token too', async () => {
	const minted = await command(CONTROL, '/control/mint', { client_id: 'native-client' });
	const asked = () =>
		fetch(metadata.userinfo_endpoint, {
			headers: { Authorization: `Bearer ${minted.access_token}` },
		});

	assert.equal((await asked()).status, 200);
	assert.equal(
		(
			await send(metadata.revocation_endpoint, {
				client_id: 'native-client',
				token: minted.refresh_token,
			})
		).status,
		200
	);
	assert.equal((await refresh(minted.refresh_token)).body.error, 'invalid_grant');
	assert.equal((await asked()).status, 401);
});

test('the life of an access token follows its switch', async () => {
	const { refresh_token: token } = await command(CONTROL, '/control/mint', {
		client_id: 'native-client',
	});

	await command(CONTROL, '/control', { access_life: 5 });
	const { body } = await refresh(token);

	await command(CONTROL, '/control', { access_life: 900 });
	assert.equal(body.expires_in, 5);
});
