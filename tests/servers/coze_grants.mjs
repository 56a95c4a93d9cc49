/* SPDX-License-Identifier: MIT */

/*
 * Everything that the Coze server has given out: codes, device codes, families of refresh tokens,
 * access tokens. A family is one login; in it, one refresh token is current, every other one is
 * spent. Times are seconds: clock() is the server's (skewable) wall clock, monotonic() is for
 * graces and polls.
 */

import { randomBytes } from 'node:crypto';

function random(prefix) {
	return prefix + randomBytes(24).toString('base64url');
}

export function monotonic() {
	return performance.now() / 1000;
}

export class Grants {
	constructor(settings) {
		this.settings = settings;
		this.clear();
	}

	clear() {
		this.families = new Map();
		this.refreshTokens = new Map();
		this.accessTokens = new Map();
		this.codes = new Map();
		this.deviceCodes = new Map();
		this.assertions = new Set();
		this.presentedSpent = 0;
		this.refreshes = 0;
	}

	clock() {
		return this.settings.clock_stands || Math.floor(Date.now() / 1000) + this.settings.clock_skew;
	}

	/* details: what the token stands for, kept for GET /control; life in seconds. */
	issueAccess(prefix, details, life = this.settings.token_life) {
		const token = random(prefix);

		this.accessTokens.set(token, { ...details, expires: this.clock() + life, life });
		return token;
	}

	#issueFamilyAccess(familyName, life) {
		const family = this.families.get(familyName);

		family.access = this.issueAccess(
			'czu_',
			{ client_id: family.client_id, kind: family.kind, family: familyName },
			life
		);
		return {
			access_token: family.access,
			expires: this.accessTokens.get(family.access).expires,
		};
	}

	#issueRefresh(family) {
		const token = random('refresh_');

		this.refreshTokens.set(token, {
			family,
			expires: this.clock() + this.settings.refresh_life,
			presentations: 0,
		});
		this.families.get(family).current = token;
		return token;
	}

	#issuePair(familyName, life) {
		return {
			...this.#issueFamilyAccess(familyName, life),
			refresh_token: this.#issueRefresh(familyName),
		};
	}

	/* A new login: { access_token, expires, refresh_token, family }. */
	openFamily(client, details = {}, life = undefined) {
		const name = `family-${this.families.size + 1}`;

		this.families.set(name, {
			client_id: client.id,
			kind: client.type,
			refreshes: 0,
			revoked: false,
			...details,
		});
		return { ...this.#issuePair(name, life), family: name };
	}

	/* Kills a login: its refresh tokens and its access tokens. */
	revokeFamily(name, reason) {
		const family = this.families.get(name);

		family.revoked = true;
		family.reason ??= reason;
		for (const [token, entry] of this.accessTokens) {
			if (entry.family === name) this.accessTokens.delete(token);
		}
	}

	#isRotating() {
		const { rotation, refresh_token: member } = this.settings;

		this.refreshes++;
		return (
			member === 'present' &&
			(rotation === 'always' ||
				(rotation === 'sometimes' && this.refreshes % 2 === 0))
		);
	}

	#spend(token, entry, family) {
		const before = family.access;

		if (!this.settings.old_access_survives) this.accessTokens.delete(before);
		family.refreshes++;
		if (!this.#isRotating())
			return { ...this.#issueFamilyAccess(entry.family), refresh_token: token };
		entry.spent = monotonic();
		entry.successor = this.#issuePair(entry.family);
		return entry.successor;
	}

	/*
	 * A spent token gets the answer while the grace lasts, else null, and the family pays for
	 * it.
	 */
	#repeat(entry) {
		if (monotonic() - entry.spent < this.settings.grace) {
			if (this.settings.grace_answer === 'same') return entry.successor;
			this.refreshTokens.get(this.families.get(entry.family).current).spent =
				-Infinity;
			entry.successor = this.#issuePair(entry.family);
			return entry.successor;
		}
		if (this.settings.reuse === 'revoke_family')
			this.revokeFamily(entry.family, 'a spent refresh token was presented');
		return null;
	}

	/*
	 * Presents a refresh token: { access_token, expires, refresh_token }, or null if it is
	 * dead or not this client's.
	 */
	refresh(token, client) {
		const entry = this.refreshTokens.get(token);
		const family = entry && this.families.get(entry.family);

		if (!entry) return null;
		entry.presentations++;
		if (entry.spent !== undefined) this.presentedSpent++;
		if (
			family.client_id !== client.id ||
			family.revoked ||
			entry.expires <= this.clock()
		)
			return null;
		return entry.spent === undefined
			? this.#spend(token, entry, family)
			: this.#repeat(entry);
	}

	issueCode(details) {
		const code = random('code_');

		this.codes.set(code, {
			...details,
			expires: this.clock() + this.settings.code_life,
		});
		return code;
	}

	/*
	 * Takes a code once; a second time its login dies (RFC 6749, 4.1.2) and the result is
	 * null.
	 */
	takeCode(code) {
		const entry = this.codes.get(code);

		if (!entry || entry.expires <= this.clock()) return null;
		if (entry.taken) {
			if (entry.family)
				this.revokeFamily(
					entry.family,
					'an authorization code was presented twice'
				);
			return null;
		}
		entry.taken = true;
		return entry;
	}

	issueDeviceCode(client, workspace) {
		const {
			device_life: life,
			device_interval: interval,
			device_script: script,
			device_number: number,
		} = this.settings;
		const digits = String(10000000 + (randomBytes(4).readUInt32BE() % 90000000));
		const entry = {
			client_id: client.id,
			workspace_id: workspace,
			deviceCode: random('device_'),
			userCode: number
				? digits
				: digits
						.replace(/\d/g, (digit) => 'BCDFGHJKLM'[digit])
						.replace(/^.{4}/, '$&-'),
			expires: this.clock() + life,
			interval: interval || 5,
			script: [...script],
			decision: 'pending',
			polls: [],
		};

		this.deviceCodes.set(entry.deviceCode, entry);
		return entry;
	}

	/* By what the person typed; a code that was used is found too. */
	findUserCode(typed) {
		return [...this.deviceCodes.values()].find(
			(entry) => entry.userCode === String(typed)
		);
	}

	/* One poll: 'pending', 'slow_down', 'approve', 'deny' or 'expire'. */
	poll(entry) {
		const now = monotonic();
		const gap = now - (entry.polls.at(-1) ?? -Infinity);

		entry.polls.push(now);
		/* A tenth is left for timers and the way of the request. */
		if (this.settings.enforce_interval && gap < entry.interval * 0.9) {
			entry.interval += 5;
			entry.tooEarly = (entry.tooEarly ?? 0) + 1;
			return 'slow_down';
		}
		if (entry.expires <= this.clock() || entry.used) return 'expire';
		const step = entry.script.shift() ?? entry.decision;

		if (step === 'slow_down') entry.interval += 5;
		return step;
	}

	/* Whether a jti is new; it is not the next time. */
	takeAssertion(issuer, jti) {
		const name = `${issuer} ${jti}`;
		const isNew = !this.assertions.has(name);

		this.assertions.add(name);
		return isNew;
	}
}
