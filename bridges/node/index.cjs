/* SPDX-License-Identifier: MIT */
'use strict';

/* Fresh access tokens from keyturn(1): from memory until shortly before their end. */

const { execFile } = require('node:child_process');

const UNKNOWN_LIFE = 300; // seconds after which a token without a known end is asked for again
const LONGEST_WAIT = 150000;
const REFUSED_CODES = [4100, 700012006]; // Coze's; they also come with HTTP 200
const LONGEST_REFUSAL = 16384;

/* The message is keyturn's own cause and remedy, and holds no secret. */
class KeyturnError extends Error {
	constructor(message, remedy = '', code = 'internal', exitStatus = null) {
		super(remedy ? `${message}\n${remedy}` : message);
		this.name = 'KeyturnError';
		this.remedy = remedy;
		this.code = code;
		this.exitStatus = exitStatus;
	}
}

function failure(error, stdout, stderr) {
	if (error.code === 'ENOENT' || error.code === 'EACCES')
		return new KeyturnError(
			`keyturn cannot be run: ${error.code}`,
			'install keyturn, or give the path of its program'
		);
	if (error.killed) return new KeyturnError('keyturn did not answer', 'run: keyturn doctor', 'busy');
	try {
		const told = JSON.parse(stdout).error;

		return new KeyturnError(told.message, told.remedy, told.code, error.code);
	} catch {
		const [message, ...remedy] = stderr.trim().replaceAll('keyturn: ', '').split('\n');

		return new KeyturnError(
			message || `keyturn ended with ${error.code}`,
			remedy.join('\n'),
			'internal',
			error.code
		);
	}
}

function call(program, args, input) {
	return new Promise((resolve, reject) => {
		const child = execFile(program, args, { timeout: LONGEST_WAIT }, (error, stdout, stderr) =>
			error ? reject(failure(error, stdout, stderr)) : resolve(stdout)
		);

		child.stdin.on('error', () => {});
		child.stdin.end(input);
	});
}

/* Until when the answer is good: a tenth of its life before its end, at most a minute. */
function endOf(answer) {
	const now = Date.now() / 1000;

	if (!answer.expires_at) return now + UNKNOWN_LIFE;
	const life = Math.max(answer.expires_at - (answer.obtained_at ?? now), 0);
	return answer.expires_at - Math.min(60, life / 10);
}

function parse(output) {
	let answer = null;

	try {
		answer = JSON.parse(output);
	} catch {
		/* told below */
	}
	if (typeof answer?.access_token !== 'string' || !answer.access_token)
		throw new KeyturnError("keyturn's answer is not understood");
	return answer;
}

function isRefusal(status, body) {
	if (status === 401) return true;
	return REFUSED_CODES.includes(body?.code);
}

/*
 * A function that resolves to the account's token, for the option token of @coze/api and of
 * CozeLoop. One call of keyturn at a time, however many ask.
 */
function keyturn(account, { sessionName, program = 'keyturn' } = {}) {
	const named = account ? [account] : [];
	const session = sessionName ? ['--session-name', sessionName] : [];
	let held = null;
	let asking = null;
	let rejecting = null;

	async function ask() {
		const answer = parse(await call(program, ['token', ...named, '--json', ...session]));

		held = { answer, until: endOf(answer) };
		return answer;
	}

	async function current() {
		if (rejecting) await rejecting;
		if (held && Date.now() / 1000 < held.until) return held.answer;
		asking ??= ask().finally(() => {
			asking = null;
		});
		return asking;
	}

	function nameOf(answer) {
		return account || `${answer.account}@${new URL(answer.service).host}`;
	}

	async function token() {
		return (await current()).access_token;
	}

	/* The service refused this token: the next one is another, or the reason why not. */
	token.reject = async (refused) => {
		await rejecting;
		if (held?.answer.access_token !== refused) return;
		const { answer } = held;

		held = null;
		rejecting = call(program, ['reject', nameOf(answer), ...session], refused).finally(() => {
			rejecting = null;
		});
		await rejecting;
	};

	/* The address of the account's service, such as https://api.coze.cn. */
	token.service = async () => (await current()).service;

	/* The address of its websockets, such as wss://ws.coze.cn. */
	token.websockets = async () =>
		(await token.service())
			.replace(/^http/, 'ws')
			.replace(/^wss:\/\/api\.(?=coze\.(cn|com)$)/, 'wss://ws.');

	/* fetch() with the token; a refused one is replaced once. */
	token.fetch = async (resource, options = {}) => {
		const send = (value) => {
			const headers = new Headers(options.headers ?? resource.headers);

			headers.set('Authorization', `Bearer ${value}`);
			return fetch(resource.clone?.() ?? resource, { ...options, headers });
		};
		const first = await token();
		const response = await send(first);

		if (!(await isRefused(response))) return response;
		await token.reject(first);
		if (options.body instanceof ReadableStream) return response;
		return send(await token());
	};

	/* Adds to an instance of axios, such as that of @coze/api, that a refused token is replaced. */
	token.retry = (axios) => {
		const again = async (config, status, body) => {
			const header = String(config?.headers?.Authorization ?? config?.headers?.authorization ?? '');
			const isStream = typeof config?.data?.pipe === 'function';

			if (!config || config.keyturnRepeated || !isRefusal(status, body)) return null;
			await token.reject(header.replace(/^Bearer /i, ''));
			if (isStream) return null;
			config.headers.Authorization = `Bearer ${await token()}`;
			return axios.request({ ...config, keyturnRepeated: true });
		};

		axios.interceptors.response.use(
			async (response) =>
				(await again(response.config, response.status, response.data)) ?? response,
			async (error) => {
				const answer = await again(error.config, error.response?.status, error.response?.data);

				if (answer) return answer;
				throw error;
			}
		);
		return axios;
	};

	return token;
}

async function isRefused(response) {
	if (response.status === 401) return true;
	const length = Number(response.headers.get('content-length') ?? Infinity);

	if (length > LONGEST_REFUSAL || !/json/.test(response.headers.get('content-type') ?? ''))
		return false;
	try {
		return isRefusal(response.status, await response.clone().json());
	} catch {
		return false;
	}
}

module.exports = { keyturn, KeyturnError, default: keyturn };
