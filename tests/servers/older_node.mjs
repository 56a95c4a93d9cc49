/* SPDX-License-Identifier: MIT */

/*
 * oidc-provider is written for Node 22. This adds the little that it takes from there, for Debian
 * 12's Node 18 and Debian 13's Node 20. To be imported before it.
 */

import crypto from 'node:crypto';
import module from 'node:module';

URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
globalThis.crypto ??= crypto.webcrypto;
globalThis.CryptoKey ??= crypto.webcrypto.CryptoKey;
if (!crypto.hash) module.register('./older_node_hooks.mjs', import.meta.url);
