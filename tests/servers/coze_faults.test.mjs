/* SPDX-License-Identifier: MIT */

/*
 * Each fault of our Coze server as a client meets it that reports bytes and nothing else: what
 * arrived, how the connection ended, and whether the request took effect.
 */

import assert from 'node:assert/strict';
import https from 'node:https';
import tls from 'node:tls';
import { beforeEach, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import {
	API,
	control,
	me,
	mint,
	PKCE,
	readLog,
	refresh,
	reset,
	SERVER,
	state,
	TOKEN,
} from './test_peer.mjs';

const PATIENCE = 1500; /* ms after which a silent server counts as hanging */

beforeEach(reset);

/*
 * Sends a refresh over a connection of its own; { text, bytes, end }: what came and how it ended:
 * 'closed', 'reset', 'hung', 'no tls', or 'enough' after limit bytes.
 */
function exchange(token, limit = Infinity, address = API) {
	const { hostname, port, host } = new URL(address);
	const body = JSON.stringify({ grant_type: 'refresh_token', ...PKCE, refresh_token: token });
	const parts = [];
	let length = 0;

	return new Promise((resolve) => {
		const socket = tls.connect({ host: hostname, port });
		const finish = (end) => {
			const bytes = Buffer.concat(parts);

			socket.destroy();
			resolve({ text: bytes.toString('latin1'), bytes, length, end });
		};

		socket.setTimeout(PATIENCE, () => finish('hung'));
		socket.on('secureConnect', () =>
			socket.write(
				`POST ${TOKEN} HTTP/1.1\r\nHost: ${host}\r\n` +
					`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
			)
		);
		socket.on('data', (bytes) => {
			length += bytes.length;
			if (length <= 1 << 20) parts.push(bytes);
			if (length >= limit) finish('enough');
		});
		socket.on('end', () => finish('closed'));
		socket.on('error', (error) =>
			finish(
				error.code === 'ECONNRESET' &&
					parts.length + socket.bytesWritten > 0
					? 'reset'
					: error.code
			)
		);
	});
}

/* Queues a fault and meets it: the exchange, and whether the token was spent. */
async function meet(fault, limit) {
	const { refresh_token: token } = await mint(PKCE);

	await control({ fault });
	const met = await exchange(token, limit);
	const { spent } = (await state()).refresh_tokens[token];

	return { ...met, spent, body: met.text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), token };
}

const WHOLE = /^\{"access_token":"czu_[^"]+","expires_in":\d+,"refresh_token":"refresh_[^"]+"\}$/;

describe('connections', () => {
	const endings = {
		hang_before_tls: ['hung'],
		reset_before_tls: ['reset', 'ECONNRESET', 'closed'],
		close_before_tls: ['ECONNRESET', 'reset', 'closed'],
		plain_before_tls: ['ERR_SSL_WRONG_VERSION_NUMBER'],
		hang_after_tls: ['hung'],
		reset_after_tls: ['reset', 'EPIPE'],
	};

	for (const [kind, expected] of Object.entries(endings)) {
		test(kind, async () => {
			const { end, text, spent } = await meet({ kind });

			assert.ok(expected.includes(end), end);
			assert.equal(text, '');
			assert.equal(spent, false);
			assert.equal(readLog().length, 0);
		});
	}

	test('a closed port refuses and comes back', async () => {
		const { refresh_token: token } = await mint(PKCE);

		await control({ listening: false });
		assert.equal((await exchange(token)).end, 'ECONNREFUSED');
		await control({ listening: true });
		assert.equal((await refresh(PKCE, token)).status, 200);
	});
});

describe('answers', () => {
	/* Kind, how the connection ends, whether the token is spent, what the body is. */
	const table = [
		['hang', 'hung', false, /^$/],
		['close', 'closed', false, /^$/],
		['reset', 'reset', false, /^$/],
		['commit_then_drop', 'reset', true, /^$/],
		['hang_after_headers', 'hung', true, /^$/],
		['hang_mid_body', 'hung', true, /^\{"access_token":"czu_[^}]+$/],
		['reset_mid_headers', 'reset', true, /^$/],
		['reset_mid_body', 'reset', true, /^\{"access_token":"czu_[^}]+$/],
		['truncated', 'closed', true, /^\{"access_token":"czu_[^}]+$/],
		['truncated_json', 'closed', true, /^\{"access_token":"czu_[^}]+$/],
		['trailing', 'closed', true, /\}\{\}$/],
		['duplicate_keys', 'closed', true, /"access_token".*"access_token":"czu_decoy"\}$/],
		['deep', 'closed', true, /\[{1000}\]{1000}\}$/],
		['nul', 'closed', false, /"czu_\\u0000decoy"/],
		['big_body', 'closed', true, /"pad":"x{70000}"\}$/],
		['wrong_type', 'closed', true, WHOLE],
		['big_headers', 'closed', true, WHOLE],
		['delay', 'closed', true, WHOLE],
		['empty', 'closed', false, /^$/],
		['html', 'closed', false, /^<html>/],
	];

	for (const [kind, end, spent, body] of table) {
		test(kind, async () => {
			const met = await meet({ kind });

			assert.equal(met.end, end);
			assert.equal(met.spent, spent);
			assert.match(met.body, body);
		});
	}

	test('bytes that are no HTTP', async () => {
		assert.equal((await meet({ kind: 'garbage' })).length, 512);
		assert.match(
			(await meet({ kind: 'no_headers' })).text,
			/^\{"access_token":"czu_decoy"/
		);
		assert.equal(
			(await meet({ kind: 'garbage_body' })).text.includes('Content-Length: 512'),
			true
		);
	});

	test('a body packed unasked is the real answer', async () => {
		const { bytes, text } = await meet({ kind: 'gzip' });

		assert.match(text, /Content-Encoding: gzip/);
		assert.match(
			gunzipSync(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).toString(),
			WHOLE
		);
	});

	test('a NUL byte as it is', async () => {
		assert.ok((await meet({ kind: 'nul', raw: true })).body.includes('czu_\0decoy'));
	});

	test('a gigabyte is promised and goes on coming', async () => {
		const met = await meet({ kind: 'huge_body' }, 32 << 20);

		assert.equal(met.end, 'enough');
		assert.match(met.text, /Content-Length: 1073741824/);
	});

	test('bodies, headers and interim answers without end', async () => {
		assert.equal((await meet({ kind: 'endless_body' }, 8 << 20)).end, 'enough');
		const headers = await meet({ kind: 'endless_headers' }, 8 << 20);

		assert.equal(headers.end, 'enough');
		assert.equal(headers.text.includes('\r\n\r\n'), false);
		assert.match(
			(await meet({ kind: 'endless_continue' }, 1 << 20)).text,
			/^(HTTP\/1\.1 100 Continue\r\n\r\n){100}/
		);
	});

	test('a slow drip comes byte by byte and is whole in the end', async () => {
		const { refresh_token: token } = await mint(PKCE);

		await control({ fault: { kind: 'slow_drip', interval_ms: 5 } });
		const begun = Date.now();
		const met = await exchange(token);

		assert.ok(Date.now() - begun > 1000);
		assert.match(met.text.split('\r\n\r\n')[1], WHOLE);
	});

	for (const after of [
		'0',
		'1',
		'-1',
		'1000000000',
		'Wed, 21 Oct 2037 07:28:00 GMT',
		'junk',
	]) {
		test(`429 and 503 with Retry-After: ${after}`, async () => {
			for (const status of [429, 503]) {
				const { text, spent } = await meet({
					kind: 'status',
					status,
					retry_after: after,
				});

				assert.ok(
					text.startsWith(`HTTP/1.1 ${status} `) &&
						text.includes(`\r\nRetry-After: ${after}\r\n`),
					text
				);
				assert.equal(spent, false);
			}
		});
	}

	test('server errors, with or without an OAuth error, before or after the effect', async () => {
		for (const status of [408, 500, 502, 504]) {
			const plain = await meet({ kind: 'status', status });
			const named = await meet({
				kind: 'status',
				status,
				error: 'internal_error',
				commit: true,
			});

			assert.match(plain.text, new RegExp(`^HTTP/1.1 ${status} `));
			assert.deepEqual([plain.spent, named.spent], [false, true]);
			assert.equal(JSON.parse(named.body).error_code, 'internal_error');
		}
	});

	test('redirects go wherever they are told, and canaries count what follows them', async () => {
		for (const location of [
			SERVER.canaries.http,
			SERVER.canaries.https,
			'file:///etc/passwd',
			`http://${SERVER.canaries.raw}/`,
		]) {
			const { text } = await meet({ kind: 'redirect', location, status: 307 });

			assert.ok(
				text.startsWith('HTTP/1.1 307 ') &&
					text.includes(`\r\nLocation: ${location}\r\n`)
			);
		}
		assert.equal((await state()).canaries.http.connections, 0);
		await fetch(SERVER.canaries.http, { method: 'POST', body: 'a secret' });
		await fetch(SERVER.canaries.https, { method: 'POST', body: 'a secret' });
		const { canaries } = await state();

		for (const canary of [canaries.http, canaries.https]) {
			assert.equal(canary.connections, 1);
			assert.ok(canary.bytes > 8 && canary.text.includes('a secret'));
		}
	});

	test('a literal answer', async () => {
		const { text } = await meet({
			kind: 'answer',
			status: 203,
			headers: { 'Content-Type': 'application/json' },
			body: '{}',
		});

		assert.match(text, /^HTTP\/1\.1 203 .*\r\n\r\n\{\}$/s);
	});
});

describe('queues', () => {
	test('a fault strikes what it is meant for, so often, after so many', async () => {
		await control({
			fault: [
				{ kind: 'status', status: 503, on: 'me', times: 2, skip: 1 },
				{ kind: 'status', status: 429, on: 'refresh' },
			],
		});
		const { access_token: access, refresh_token: token } = await mint(PKCE);
		const statuses = [];

		for (let round = 0; round < 4; round++) statuses.push((await me(access)).status);
		assert.deepEqual(statuses, [200, 503, 503, 200]);
		assert.equal((await refresh(PKCE, token)).status, 429);
		assert.equal((await refresh(PKCE, token)).status, 200);
	});

	test('an override holds for one request', async () => {
		await control({
			fault: {
				kind: 'override',
				settings: { refresh_token: 'absent', expires_in: { raw: '0' } },
			},
		});
		const { refresh_token: token } = await mint(PKCE);
		const [first, second] = [await refresh(PKCE, token), await refresh(PKCE, token)];

		assert.equal(first.body.refresh_token, undefined);
		assert.equal(first.body.expires_in, 0);
		assert.ok(second.body.refresh_token && second.body.expires_in > 1000000000);
	});

	test('a delay is before or after the effect', async () => {
		for (const [name, spentAtOnce] of [
			['delay_ms', true],
			['delay_before_ms', false],
		]) {
			const { refresh_token: token } = await mint(PKCE);

			await control({ fault: { kind: 'delay', [name]: 1200 } });
			const begun = Date.now();
			const answer = refresh(PKCE, token);

			await new Promise((resolve) => {
				setTimeout(resolve, 400);
			});
			assert.equal(
				(await state()).refresh_tokens[token].spent,
				spentAtOnce,
				name
			);
			assert.equal((await answer).status, 200);
			assert.ok(Date.now() - begun >= 1190);
		}
	});
});

describe('bad TLS', () => {
	const codes = {
		expired: 'CERT_HAS_EXPIRED',
		not_yet_valid: 'CERT_NOT_YET_VALID',
		wrong_host: 'ERR_TLS_CERT_ALTNAME_INVALID',
		unknown_ca: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
		self_signed: 'DEPTH_ZERO_SELF_SIGNED_CERT',
		tls_1_0: 'EPROTO',
		bulky_chain: 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE',
	};

	for (const [name, code] of Object.entries(codes)) {
		test(name, async () => {
			const { end } = await exchange(
				'refresh_none',
				Infinity,
				SERVER.bad_tls[name]
			);

			assert.ok(
				end === code || (code === 'EPROTO' && /PROTOCOL|ALERT/.test(end)),
				end
			);
			assert.equal(readLog().length, 0);
		});
	}

	test('behind each of them is a server that would have answered', async () => {
		const ask = (address) =>
			new Promise((resolve, reject) => {
				https.get(
					`${address}/v1/users/me`,
					{ rejectUnauthorized: false, agent: false },
					(answer) => {
						answer.resume();
						resolve(answer.statusCode);
					}
				).on('error', reject);
			});

		for (const name of [
			'expired',
			'not_yet_valid',
			'wrong_host',
			'unknown_ca',
			'self_signed',
		])
			assert.equal(await ask(SERVER.bad_tls[name]), 401);
	});
});
