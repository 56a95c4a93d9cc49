/* SPDX-License-Identifier: MIT */

/*
 * A private registry of Node.js packages, with one package: node pnpm_registry.mjs TOKEN RECORD. It
 * answers whoever sends the token, prints its port, and appends each request's method, path and form of
 * the login to RECORD.
 */

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { gzipSync } from 'node:zlib';

const [token, record] = process.argv.slice(2);

/* One regular file (tar(5), ustar). */
function tar(name, body) {
	const head = Buffer.alloc(512);

	head.write(name, 0);
	head.write('0000644', 100);
	head.write('0000000', 108);
	head.write('0000000', 116);
	head.write(body.length.toString(8).padStart(11, '0'), 124);
	head.write('00000000000', 136);
	head.write('        0', 148);
	head.write('ustar\x0000', 257);
	head.write(
		head
			.reduce((sum, byte) => sum + byte, 0)
			.toString(8)
			.padStart(6, '0') + '\0',
		148
	);
	return Buffer.concat([head, Buffer.from(body), Buffer.alloc(1536 - (body.length % 512))]);
}

const tarball = gzipSync(tar('package/package.json', '{"name":"private","version":"1.0.0"}'));
const integrity = `sha512-${crypto.createHash('sha512').update(tarball).digest('base64')}`;

function describe(base) {
	return JSON.stringify({
		name: 'private',
		'dist-tags': { latest: '1.0.0' },
		versions: {
			'1.0.0': {
				name: 'private',
				version: '1.0.0',
				dist: { tarball: `${base}/npm/private/-/private-1.0.0.tgz`, integrity },
			},
		},
	});
}

function formOf(header = '') {
	const [scheme, value = ''] = header.split(' ');

	if (header === `Bearer ${token}`) return 'bearer';
	if (scheme === 'Basic' && Buffer.from(value, 'base64').toString().endsWith(`:${token}`))
		return 'basic';
	return header ? 'wrong' : 'none';
}

const server = http.createServer((request, response) => {
	const base = `http://127.0.0.1:${server.address().port}`;
	const form = formOf(request.headers.authorization);
	const answers = {
		'/npm/private': describe(base),
		'/npm/private/-/private-1.0.0.tgz': tarball,
	};

	fs.appendFileSync(record, `${request.method} ${request.url} ${form}\n`);
	if (form !== 'bearer' && form !== 'basic') {
		response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="private"' }).end();
		return;
	}
	response.statusCode = answers[request.url] ? 200 : 404;
	response.end(answers[request.url]);
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
