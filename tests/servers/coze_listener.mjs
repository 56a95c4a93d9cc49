/* SPDX-License-Identifier: MIT */

/*
 * One listening port of the Coze server: TCP, then TLS if wanted, then HTTP, each a step of its
 * own so that a fault can stop a connection between them. Connections are numbered over all ports.
 */

import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

import { listen } from './peer.mjs';

/* Counts what arrives and finds the TCP socket under a request. */
export class Connections {
	constructor() {
		this.open = new Map();
		this.clear();
	}

	clear() {
		for (const { raw } of this.open.values()) raw.destroy();
		this.counts = { accepted: 0, handshakes: 0, failed_handshakes: 0 };
	}

	static #name(socket) {
		return `${socket.localPort} ${socket.remotePort}`;
	}

	add(raw) {
		const name = Connections.#name(raw);

		this.counts.accepted++;
		this.open.set(name, { raw, number: this.counts.accepted });
		raw.on('error', () => {});
		raw.on('close', () => this.open.delete(name));
	}

	/* { raw, number } of the connection a request came by; undefined once it is closed. */
	find(request) {
		return this.open.get(Connections.#name(request.socket));
	}
}

function startTls(connections, faults, tlsOptions, web) {
	const secure = tls.createServer(tlsOptions);

	secure.on('tlsClientError', () => {
		connections.counts.failed_handshakes++;
	});
	secure.on('secureConnection', (socket) => {
		const fault = faults.take('tls');

		connections.counts.handshakes++;
		socket.on('error', () => {});
		if (fault) faults.strike(fault, connections.find({ socket }).raw);
		else web.emit('connection', socket);
	});
	return secure;
}

/*
 * Opens a port that hands requests to handle(request, response), and those for a websocket to
 * upgrade(request, socket, head); without tlsOptions it is plain HTTP. The result can close() the port, so that connections are refused, and reopen() it.
 */
export async function openPort({ connections, faults, handle, upgrade, tlsOptions, address }) {
	/* A client may reuse a connection that has been idle for a while on a slow machine. */
	const web = http.createServer({ keepAliveTimeout: 60000 }, handle);

	if (upgrade) web.on('upgrade', upgrade);
	const next = tlsOptions ? startTls(connections, faults, tlsOptions, web) : web;
	const gate = net.createServer({ noDelay: true }, (raw) => {
		const fault = faults.take('connection');

		connections.add(raw);
		if (fault) faults.strike(fault, raw);
		else next.emit('connection', raw);
	});
	const port = await listen(gate, address);

	return {
		port,
		close: () => gate.listening && gate.close(),
		reopen: () =>
			gate.listening ||
			new Promise((resolve) => {
				gate.listen({ port, host: address, backlog: 4096 }, resolve);
			}),
	};
}
