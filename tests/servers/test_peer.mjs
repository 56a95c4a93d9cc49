/* SPDX-License-Identifier: MIT */

/*
 * For the tests of the test servers: where the running ones are (servers.sh says so in
 * the environment), and a client with no manners of its own.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const API = process.env.COZE_API;
export const WWW = process.env.COZE_WWW;
export const CONTROL = process.env.COZE_CONTROL;
export const MODULES =
	process.env.KEYTURN_NODE_MODULES ?? fileURLToPath(new URL('node_modules', import.meta.url));
export const SERVER = JSON.parse(fs.readFileSync(path.join(process.env.COZE_DIR, 'server.json')));

export const TOKEN = '/api/permission/oauth2/token';
export const WEB = { client_id: 'web-client.app.coze' };
export const PKCE = { client_id: 'pkce-client.app.coze' };
export const DEVICE = { client_id: 'device-client.app.coze' };
export const SERVICE = '310000000002';
export const SECRET = 'web-secret-1';
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const REDIRECT = 'http://127.0.0.1:8080/callback';

/* A command of a control listener; throws what it answers unless that is a 200. */
export async function command(base, name, fields = undefined) {
	const answer = await fetch(
		`${base}${name}`,
		fields && { method: 'POST', body: JSON.stringify(fields) }
	);
	const value = await answer.json();

	if (answer.status !== 200) throw new Error(value.error);
	return value;
}

export const control = (fields) => command(CONTROL, '/control', fields);
export const state = () => command(CONTROL, '/control');
export const mint = (fields) => command(CONTROL, '/control/mint', fields);
export const reset = () => command(CONTROL, '/control/reset', {});

/* The lines of the request log. */
export function readLog() {
	return fs
		.readFileSync(path.join(process.env.COZE_DIR, 'requests.jsonl'), 'utf8')
		.split('\n')
		.filter(Boolean)
		.map((line) => JSON.parse(line));
}

async function readAnswer(answer) {
	const text = await answer.text();

	return {
		status: answer.status,
		headers: answer.headers,
		text,
		body:
			(answer.headers.get('content-type') ?? '').startsWith('application/json') &&
			text
				? JSON.parse(text)
				: null,
	};
}

/* POSTs fields as JSON: { status, headers, text, body }. */
export async function post(pathname, fields, bearer = undefined) {
	const headers = {
		'Content-Type': 'application/json',
		...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
	};

	return readAnswer(
		await fetch(API + pathname, {
			method: 'POST',
			headers,
			body: JSON.stringify(fields),
			redirect: 'manual',
		})
	);
}

export async function get(pathname, bearer) {
	return readAnswer(
		await fetch(API + pathname, { headers: { Authorization: `Bearer ${bearer}` } })
	);
}

export const me = (bearer) => get('/v1/users/me', bearer);

/* One refresh, by a token alone for public apps. */
export function refresh(client, token, bearer = undefined) {
	return post(
		TOKEN,
		{ grant_type: 'refresh_token', ...client, refresh_token: token },
		bearer
	);
}

/*
 * Goes from an authorize URL through the consent page, as a browser would; the parameters of the
 * callback.
 */
export async function authorize(url) {
	let location = url;

	while (!location.startsWith(REDIRECT)) {
		const answer = await fetch(location, { redirect: 'manual' });

		location = answer.headers.get('location');
		if (!location) throw new Error(`status ${answer.status}: ${await answer.text()}`);
	}
	return new URL(location).searchParams;
}

/* That an answer is an OAuth error of this status and name, in both members. */
export function assertRefused(answer, status, name) {
	assert.equal(answer.status, status, answer.text);
	assert.equal(answer.body.error_code, name);
	assert.equal(answer.body.error, name);
}
