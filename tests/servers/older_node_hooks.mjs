/* SPDX-License-Identifier: MIT */

/* For older_node.mjs: a node:crypto that has hash(), for oidc-provider alone. */

const CRYPTO = `
	import { createHash } from 'node:crypto';

	export * from 'node:crypto';
	export function hash(algorithm, data, encoding = 'hex') {
		const sum = createHash(algorithm).update(data);

		return encoding === 'buffer' ? sum.digest() : sum.digest(encoding);
	}
`;

export async function resolve(specifier, context, next) {
	if (specifier !== 'node:crypto' || !context.parentURL?.includes('/oidc-provider/'))
		return next(specifier, context);
	return { url: `data:text/javascript,${encodeURIComponent(CRYPTO)}`, shortCircuit: true };
}
