/* SPDX-License-Identifier: MIT */

/*
 * Habits of known services, a row each: the page that documents them, what of oauth_server.mjs is
 * different there, and what a login is to make of it. "node providers.mjs" prints the rows for
 * tests/login_providers.sh, in JSON by name.
 *
 *   document    the service's own page
 *   habits      beside the defaults of oauth_server.mjs
 *   provider    the file in packaging/providers; null: there is none
 *   options     of the login, beside client and addresses
 *   old_token, refresh_token, end_known, as keyturn show has them after a renewal
 */

import { pathToFileURL } from 'node:url';

export const SECRET = 'client-secret-of-tests';

export const PROVIDERS = {
	github: {
		document:
			'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
		habits: {
			expires_in: 'absent',
			life: 1e9,
			refresh: 'none',
			subject: '',
			error_status: 200,
			client_auth: 'post',
		},
		provider: 'github',
		refresh_token: 'none',
		end_known: false,
	},
	'github-app': {
		document:
			'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
		habits: {
			life: 28800,
			old_token: 'dies',
			subject: '',
			error_status: 200,
			dead_error: 'bad_refresh_token',
			client_auth: 'post',
			members: { refresh_token_expires_in: 15811200, scope: '' },
		},
		provider: 'github-app',
		old_token: 'dies',
		refresh_token: 'rotates',
	},
	gitlab: {
		document: 'https://docs.gitlab.com/api/oauth2/',
		habits: { life: 7200, old_token: 'dies', form: 'json' },
		provider: 'gitlab',
		old_token: 'dies',
		refresh_token: 'rotates',
	},
	google: {
		document: 'https://developers.google.com/identity/protocols/oauth2/native-app',
		habits: {
			life: 3599,
			refresh: 'first',
			form: 'json',
			client_auth: 'post',
			offline: 'access_type=offline',
		},
		provider: 'google',
		old_token: 'lives',
		refresh_token: 'stays',
	},
	slack: {
		document: 'https://docs.slack.dev/authentication/using-token-rotation',
		habits: {
			life: 43200,
			form: 'json',
			subject: '',
			error_status: 200,
			dead_error: 'invalid_refresh_token',
			nested: 'authed_user',
			token_type: 'user',
			client_auth: 'post',
		},
		provider: 'slack',
		options: ['--param', 'user_scope=chat:write'],
		old_token: 'lives',
		refresh_token: 'rotates',
	},
	entra: {
		document:
			'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
		habits: {
			life: 3902,
			form: 'json',
			reuse: 'again',
			scope_at_refresh: true,
			dead_error: 'interaction_required',
			offline: 'scope=offline_access User.Read',
		},
		provider: 'entra',
		old_token: 'lives',
		refresh_token: 'rotates',
	},
	okta: {
		document: 'https://developer.okta.com/docs/guides/refresh-tokens/main/',
		habits: { life: 3600, form: 'json', reuse: 'revoke', offline: 'scope=openid offline_access' },
		provider: 'okta',
		old_token: 'lives',
		refresh_token: 'rotates',
	},
	auth0: {
		document: 'https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation',
		habits: {
			life: 86400,
			form: 'json',
			reuse: 'revoke',
			error_status: 403,
			dead_text: 'Unknown or invalid refresh token.',
			offline: 'audience=https://api.example.com/',
		},
		provider: 'auth0',
		options: ['--param', 'audience=https://api.example.com/'],
		old_token: 'lives',
		refresh_token: 'rotates',
	},
	atlassian: {
		document: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
		habits: {
			life: 3600,
			form: 'json',
			subject: '',
			body: 'json',
			client_auth: 'post',
			error_status: 403,
			offline: 'audience=api.atlassian.com',
		},
		provider: 'atlassian',
		old_token: 'lives',
		refresh_token: 'rotates',
	},
	bitbucket: {
		document: 'https://developer.atlassian.com/cloud/bitbucket/oauth-2/',
		habits: {
			life: 7200,
			form: 'json',
			subject: '',
			refresh: 'stays',
			client_auth: 'basic',
		},
		provider: 'bitbucket',
		old_token: 'lives',
		refresh_token: 'stays',
	},
	/* Apps that were made before tokens of a day came. */
	linear: {
		document: 'https://linear.app/developers/oauth-2-0-authentication',
		habits: { life: 315705599, refresh: 'none', subject: '', form: 'json', client_auth: 'post' },
		provider: 'linear',
		refresh_token: 'none',
	},
	mailchimp: {
		document: 'https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/',
		habits: {
			life: 1e9,
			expires_in: '0',
			refresh: 'none',
			subject: '',
			form: 'json',
			client_auth: 'post',
		},
		provider: null,
		options: ['--client-auth', 'post'],
		refresh_token: 'none',
		end_known: false,
	},
};

if (import.meta.url === pathToFileURL(process.argv[1]).href)
	process.stdout.write(JSON.stringify(PROVIDERS));
