/* SPDX-License-Identifier: MIT */

/* For bridges.sh: the least turn of 50 calls of @coze/api in ms of the processor, plain and bridged. */

import { CozeAPI } from '@coze/api';
import axios from 'axios';
import { keyturn } from 'keyturn';

const { BENCH_API, BENCH_TOKEN } = process.env;

async function turn(coze) {
	const begun = process.cpuUsage();

	for (let i = 0; i < 50; i++) await coze.users.me();
	const { user, system } = process.cpuUsage(begun);

	return (user + system) / 1000;
}

const token = keyturn('bench');
const plain = new CozeAPI({ token: BENCH_TOKEN, baseURL: BENCH_API, axiosInstance: axios.create() });
const bridge = new CozeAPI({
	token,
	baseURL: await token.service(),
	axiosInstance: token.retry(axios.create()),
});
const least = [Infinity, Infinity];

for (let i = 0; i < 60; i++) {
	least[0] = Math.min(least[0], await turn(plain));
	least[1] = Math.min(least[1], await turn(bridge));
}
console.log(...least);
