/* SPDX-License-Identifier: MIT */

/*
 * Listeners that nothing may ever reach: targets of redirects, look-alike hosts. They count what
 * they get, and answer as invitingly as they can.
 */

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

import { listen } from './peer.mjs';

const DECOY = JSON.stringify({
	access_token: 'czu_canary',
	expires_in: 4102444800,
	refresh_token: 'refresh_canary',
});

function count(canary, socket) {
	canary.connections++;
	socket.on('data', (bytes) => {
		canary.bytes += bytes.length;
		canary.text = (canary.text + bytes.toString('latin1')).slice(0, 16384);
	});
	socket.on('error', () => {});
}

function answerDecoy(request, response) {
	response.writeHead(200, { 'Content-Type': 'application/json', Connection: 'close' });
	response.end(DECOY);
}

/*
 * Starts 'http', 'raw' and, with a certificate, 'https'; resolves to { name: { address,
 * connections, bytes, text } }, which keeps counting; of https the bytes and text are what was
 * inside. text is the first 16 KiB.
 */
export async function startCanaries(tlsOptions) {
	const canaries = {};
	const servers = {
		http: [http.createServer(answerDecoy), 'connection'],
		raw: [net.createServer(), 'connection'],
		...(tlsOptions && {
			https: [https.createServer(tlsOptions, answerDecoy), 'secureConnection'],
		}),
	};

	for (const [name, [server, event]] of Object.entries(servers)) {
		const canary = { connections: 0, bytes: 0, text: '' };

		server.on(event, (socket) => count(canary, socket));
		const port = await listen(server);

		canary.address =
			name === 'raw' ? `127.0.0.1:${port}` : `${name}://localhost:${port}`;
		canaries[name] = canary;
	}
	return canaries;
}

export function clearCanaries(canaries) {
	for (const canary of Object.values(canaries))
		Object.assign(canary, { connections: 0, bytes: 0, text: '' });
}
