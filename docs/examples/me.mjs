/* SPDX-License-Identifier: MIT */
/* keyturn run work -- node me.mjs: Coze's own way, by variables. */
import { CozeAPI } from '@coze/api';

const coze = new CozeAPI({
	token: process.env.COZE_API_TOKEN,
	baseURL: process.env.COZE_API_BASE,
	baseWsURL: process.env.COZE_BASE_WS_URL,
});
console.log((await coze.users.me()).user_name);
