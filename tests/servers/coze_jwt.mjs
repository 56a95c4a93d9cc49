/* SPDX-License-Identifier: MIT */

/*
 * The signed assertion of a service app, checked to the letter of docs/coze.md, section 6: RS256, a
 * registered kid, iss, aud, times, and a jti that works once.
 */

import { verify } from 'node:crypto';

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/* One part of the token as an object, or null; only the canonical encoding counts. */
function decodePart(part) {
	const bytes = Buffer.from(part, 'base64url');

	if (!BASE64URL.test(part) || bytes.toString('base64url') !== part) return null;
	try {
		const value = JSON.parse(bytes.toString('utf8'));

		return value !== null && typeof value === 'object' && !Array.isArray(value)
			? value
			: null;
	} catch {
		return null;
	}
}

function isSeconds(value) {
	return Number.isSafeInteger(value) && value > 0;
}

function findTimeMistake(claims, now, tolerance) {
	if (!isSeconds(claims.iat) || !isSeconds(claims.exp))
		return 'iat and exp must be whole seconds';
	if (claims.exp <= claims.iat) return 'exp must be after iat';
	if (claims.iat > now + tolerance) return 'used before issued';
	if (claims.exp <= now - tolerance) return 'expired';
	return null;
}

function findSessionMistake(claims) {
	const device = claims.session_context?.device_info;
	const texts = [claims.session_name, device?.device_id, device?.custom_consumer];

	if (texts.some((text) => text !== undefined && (typeof text !== 'string' || text === '')))
		return 'session claims must be strings';
	if (claims.session_context !== undefined && (device === null || typeof device !== 'object'))
		return 'session_context must hold device_info';
	return null;
}

/*
 * Checks a JWT for the API host that was called, "name[:port]". The answer is { client, claims },
 * or { mistake } with a sentence.
 */
export function checkAssertion(token, host, clients, grants) {
	const parts = token.split('.');
	const [header, claims] = parts.slice(0, 2).map(decodePart);

	if (parts.length !== 3 || !header || !claims || !BASE64URL.test(parts[2]))
		return { mistake: 'verify jwt empty error' };
	if (header.alg !== 'RS256' || header.typ !== 'JWT')
		return { mistake: 'invalid jwt: header must say RS256 and JWT' };
	const client = typeof claims.iss === 'string' ? clients.get(claims.iss) : undefined;

	if (client?.type !== 'jwt') return { mistake: 'invalid jwt: iss is no service app' };
	if (typeof header.kid !== 'string' || !Object.hasOwn(client.keys, header.kid))
		return { mistake: 'invalid jwt: kid not been registred' };
	if (
		!verify(
			'sha256',
			Buffer.from(`${parts[0]}.${parts[1]}`),
			client.keys[header.kid],
			Buffer.from(parts[2], 'base64url')
		)
	)
		return { mistake: 'invalid jwt: signature' };
	if (typeof claims.aud !== 'string' || claims.aud !== host)
		return { mistake: 'invalid jwt: aud' };
	const mistake =
		findTimeMistake(claims, grants.clock(), grants.settings.jwt_tolerance) ??
		findSessionMistake(claims);

	if (mistake) return { mistake: `invalid jwt: ${mistake}` };
	if (
		typeof claims.jti !== 'string' ||
		claims.jti === '' ||
		!grants.takeAssertion(claims.iss, claims.jti)
	)
		return { mistake: 'invalid jwt: jti was used' };
	return { client, claims };
}
