/* SPDX-License-Identifier: MIT */

/*
 * oidc-provider's store, in maps without a limit: the package's own memory store forgets all
 * but the latest thousand entries, which would look like a lost grant after a long row of
 * refreshes.
 */

function keptFor(seconds) {
	return seconds === undefined ? Infinity : Date.now() + seconds * 1000;
}

/* The adapter factory for one provider. */
export function newStore() {
	const entries = new Map(); /* "model id" to { payload, until } */
	const indexes = new Map(); /* "model member value" to id */
	const grants = new Map(); /* grant id to the names of its entries */

	return (model) => {
		const name = (id) => `${model} ${id}`;
		const find = async (id) => {
			const entry = entries.get(name(id));

			return entry && entry.until > Date.now() ? entry.payload : undefined;
		};

		return {
			find,
			findByUid: (uid) => find(indexes.get(`${model} uid ${uid}`)),
			findByUserCode: (code) => find(indexes.get(`${model} userCode ${code}`)),

			async upsert(id, payload, seconds) {
				entries.set(name(id), { payload, until: keptFor(seconds) });
				for (const member of ['uid', 'userCode']) {
					if (payload[member])
						indexes.set(
							`${model} ${member} ${payload[member]}`,
							id
						);
				}
				if (payload.grantId)
					grants.set(
						payload.grantId,
						(grants.get(payload.grantId) ?? new Set()).add(
							name(id)
						)
					);
			},

			async consume(id) {
				entries.get(name(id)).payload.consumed = Math.floor(
					Date.now() / 1000
				);
			},

			async destroy(id) {
				entries.delete(name(id));
			},

			async revokeByGrantId(grantId) {
				for (const entry of grants.get(grantId) ?? [])
					entries.delete(entry);
				grants.delete(grantId);
			},
		};
	};
}
