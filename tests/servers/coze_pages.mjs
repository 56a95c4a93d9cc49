/* SPDX-License-Identifier: MIT */

/*
 * The pages of the www host for a browser: authorize, the consent page, the page where a device's
 * code is typed. Plain forms with the buttons #allow and #deny, so that a headless browser can
 * press them.
 */

import { randomBytes } from 'node:crypto';

import { page, redirect } from './coze_answer.mjs';

const WEB_QUERY = ['response_type', 'client_id', 'redirect_uri', 'state'];
const PKCE_QUERY = [...WEB_QUERY, 'code_challenge', 'code_challenge_method'];
const CHALLENGES = { S256: /^[A-Za-z0-9_-]{43}$/, plain: /^[A-Za-z0-9._~-]{16,128}$/ };

function escape(text) {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function html(title, content) {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>`;
}

function refusalPage(parameter) {
	return page(
		400,
		html('OAuth 错误', `<p id="error">请求参数错误: ${escape(parameter)}</p>`)
	);
}

function form(action, hidden, visible = '') {
	const fields = Object.entries(hidden).map(
		([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`
	);

	return (
		`<form method="post" action="${action}">${fields.join('')}${visible}` +
		'<button id="allow" name="decision" value="allow">Allow</button>' +
		'<button id="deny" name="decision" value="deny">Deny</button></form>'
	);
}

function isRegistered(client, uri, settings) {
	const withoutPort = (text) =>
		text.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)):\d+/, '$1');

	return (
		client.redirect_uris.includes(uri) ||
		(settings.any_loopback_port &&
			client.redirect_uris.some(
				(known) => withoutPort(known) === withoutPort(uri)
			))
	);
}

/* The first parameter that breaks a rule, or null. */
function findBadParameter(server, client, query, workspace) {
	const names = client?.type === 'pkce' ? PKCE_QUERY : WEB_QUERY;
	const method = query.get('code_challenge_method') ?? 'plain';
	const extra = [...query.keys()].find(
		(name, index, all) => !names.includes(name) || all.indexOf(name) !== index
	);

	if (!client || !['web', 'pkce'].includes(client.type) || client.active === false)
		return 'client_id';
	if (extra) return extra;
	if (query.get('response_type') !== 'code') return 'response_type';
	if (!isRegistered(client, query.get('redirect_uri') ?? '', server.settings))
		return 'redirect_uri';
	if (!query.has('state')) return 'state';
	if (client.type === 'pkce' && !CHALLENGES[method]?.test(query.get('code_challenge') ?? ''))
		return 'code_challenge';
	return workspace && !client.workspaces.includes(workspace) ? 'workspace_id' : null;
}

/* GET authorize, for a workspace where the path names one: on to the consent page. */
export function answerAuthorize(server, request, url, workspace = undefined) {
	const query = url.searchParams;
	const client = server.clients.get(query.get('client_id'));
	const bad =
		request.method === 'GET'
			? findBadParameter(server, client, query, workspace)
			: 'method';
	const key = randomBytes(16).toString('hex');

	if (bad) return refusalPage(bad);
	server.consents.set(key, {
		client_id: client.id,
		redirect_uri: query.get('redirect_uri'),
		state: query.get('state'),
		workspace_id: workspace,
		challenge: query.get('code_challenge') ?? undefined,
		method: query.get('code_challenge_method') ?? 'plain',
	});
	return redirect(`${server.wwwBase}/oauth/consent?authorize_key=${key}`);
}

/* Decides a consent once; the answer is where the browser is sent. */
export function decideConsent(server, key, decision) {
	const consent = server.consents.get(key);
	const target = new URL(consent.redirect_uri);

	server.consents.delete(key);
	if (decision === 'allow') target.searchParams.set('code', server.grants.issueCode(consent));
	else target.searchParams.set('error', 'access_denied');
	target.searchParams.set('state', consent.state);
	return target.href;
}

/* The consent page, and its form. */
export function answerConsent(server, request, url, body) {
	const fields =
		request.method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
	const key = fields.get('authorize_key');
	const decision =
		request.method === 'POST' ? fields.get('decision') : server.settings.auto_approve;

	if (!server.consents.has(key)) return refusalPage('authorize_key');
	if (decision === 'ask')
		return page(
			200,
			html(
				'Authorize',
				`<p id="client">${escape(server.consents.get(key).client_id)}</p>` +
					form('/oauth/consent', { authorize_key: key })
			)
		);
	return redirect(decideConsent(server, key, decision));
}

/* The page of a device login, and its form; ?user_code= fills in the code. */
export function answerActivation(server, request, url, body) {
	const fields =
		request.method === 'POST' ? new URLSearchParams(body.toString()) : url.searchParams;
	const code = fields.get('user_code') ?? '';
	const entry = server.grants.findUserCode(code);

	if (request.method !== 'POST')
		return page(
			200,
			html(
				'Device activation',
				form(
					'/oauth/device-activation',
					{},
					`<input name="user_code" value="${escape(code)}">`
				)
			)
		);
	if (!entry || entry.used) return refusalPage('user_code');
	entry.decision = fields.get('decision') === 'allow' ? 'approve' : 'deny';
	return page(200, html('Done', '<p id="done">You may close this window.</p>'));
}
