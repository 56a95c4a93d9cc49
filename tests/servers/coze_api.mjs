/* SPDX-License-Identifier: MIT */

/* The endpoints of /v1 that tell whether a token works, and whose it is. */

import { envelope } from './coze_answer.mjs';

const REFUSED = [
	'authentication is invalid',
	'the token you provided is incorrect or has no permission',
];

/* { entry } of a token that works here, or { refusal }. */
export function checkToken(server, request, permission) {
	const { settings, grants, clients } = server;
	const token = /^Bearer ([^ ]+)$/.exec(request.headers.authorization ?? '')?.[1];
	const entry = grants.accessTokens.get(token);

	if (
		!entry ||
		entry.expires <= grants.clock() ||
		clients.get(entry.client_id)?.active === false
	)
		return { refusal: envelope(settings, 401, 4100, REFUSED[0]) };
	if (entry.permissions && !entry.permissions.includes(permission))
		return { refusal: envelope(settings, 403, 4101, REFUSED[1]) };
	return { entry };
}

/* The user's name; null: the one whom most tokens are of. */
function findUser({ clients }, entry) {
	return entry.user ?? clients.get(entry.client_id)?.user ?? null;
}

export function answerMe(server, request) {
	const { entry, refusal } = checkToken(server, request, 'me');

	if (server.settings.me === 'studio')
		return envelope(server.settings, 200, 700012006, 'missing session_key in cookie');
	if (server.settings.me === 'absent')
		return envelope(server.settings, 404, 4200, 'not found');
	if (refusal) return refusal;
	return envelope(server.settings, 200, 0, '', {
		user_id: '7500000000000000001',
		user_name: findUser(server, entry) ?? 'tester',
		nick_name: entry.session_name ?? 'Tester',
		avatar_url: `${server.wwwBase}/avatar.png`,
	});
}

/* docs/coze.md, 8.2: Coze Studio says with status 200 that a token is wrong. */
export function answerBot(server, request) {
	const { refusal } = checkToken(server, request, 'getMetadata');

	if (refusal) return envelope(server.settings, 200, 700012006, 'invalid api key');
	return envelope(server.settings, 200, 4200, 'there is no such bot');
}

export function answerWorkspaces(server, request, url) {
	const { entry, refusal } = checkToken(server, request, 'listWorkspace');
	const isPage = (name) => /^[1-9]\d{0,3}$/.test(url.searchParams.get(name) ?? '');

	if (refusal) return refusal;
	if (!isPage('page_num') || !isPage('page_size'))
		return envelope(server.settings, 400, 4000, 'bad parameter');
	if (findUser(server, entry))
		return envelope(server.settings, 200, 0, '', { total_count: 0, workspaces: [] });
	return envelope(server.settings, 200, 0, '', {
		total_count: 1,
		workspaces: [
			{
				id: '7300000000000000001',
				name: 'Personal',
				icon_url: '',
				role_type: 'owner',
				workspace_type: 'personal',
			},
		],
	});
}

function readQueries(body) {
	try {
		return JSON.parse(body.toString()).queries ?? [];
	} catch {
		return [];
	}
}

/* CozeLoop's prompts: each one is there, and is empty. */
export function answerPrompts(server, request, url, body) {
	const { refusal } = checkToken(server, request, 'getPrompt');
	const items = readQueries(body).map((query) => ({
		query,
		prompt: {
			workspace_id: '7300000000000000001',
			prompt_key: query.prompt_key,
			version: '0.0.1',
		},
	}));

	return refusal ?? envelope(server.settings, 200, 0, '', { items });
}
