/* SPDX-License-Identifier: MIT */
/* node me_for_long.mjs, with bridges/node: a fresh token at each call. */
import { CozeAPI } from '@coze/api';
import { keyturn } from 'keyturn';

const token = keyturn(process.argv[2]);
const coze = new CozeAPI({ token, baseURL: await token.service() });
console.log((await coze.users.me()).user_name);
