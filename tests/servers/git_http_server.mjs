// SPDX-License-Identifier: MIT
//
// A git server: git http-backend behind one way to say who one is, and the objects of git-lfs by its
// batch API with basic transfers (git-lfs, docs/api).
//
//   node git_http_server.mjs DIRECTORY Basic|Bearer SECRET...
//
// Serves the repositories in DIRECTORY on a loopback port, whose number is its first line. Only a
// request that proves a SECRET (USER:PASSWORD, or a password that is anybody's) in the one scheme is
// let in; every request's scheme is a line, too.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [directory, scheme, ...secrets] = process.argv.slice(2);

function isLetIn(header) {
	const [named, value] = (header ?? "").split(" ");
	if (named !== scheme)
		return false;
	const proof = scheme === "Basic" ? Buffer.from(value, "base64").toString() : value;
	return secrets.some((secret) =>
		scheme === "Basic" && !secret.includes(":") ? proof.endsWith(`:${secret}`) : proof === secret,
	);
}

function environment(request) {
	const url = new URL(request.url, "http://localhost");
	return {
		PATH: process.env.PATH,
		GIT_PROJECT_ROOT: directory,
		GIT_HTTP_EXPORT_ALL: "1",
		GIT_CONFIG_COUNT: "1",
		GIT_CONFIG_KEY_0: "safe.directory",
		GIT_CONFIG_VALUE_0: "*",
		PATH_INFO: decodeURIComponent(url.pathname),
		QUERY_STRING: url.search.slice(1),
		REQUEST_METHOD: request.method,
		CONTENT_TYPE: request.headers["content-type"] ?? "",
		HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
		GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
		REMOTE_USER: "somebody",
	};
}

// A CGI's answer: header lines, an empty line, the body.
function answer(output, response) {
	const end = output.indexOf("\r\n\r\n");
	let status = 200;
	for (const line of output.subarray(0, end).toString("latin1").split("\r\n")) {
		const [name, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)];
		if (name === "Status")
			status = Number.parseInt(value, 10);
		else
			response.setHeader(name, value);
	}
	response.writeHead(status).end(output.subarray(end + 4));
}

async function bodyOf(request) {
	const parts = [];
	for await (const part of request)
		parts.push(part);
	return Buffer.concat(parts);
}

// What there is to do for each object that a client names.
function lfsBatch(request, { operation, objects }) {
	const base = `http://${request.headers.host}/lfs`;
	return {
		transfer: "basic",
		objects: objects.map(({ oid, size }) => {
			const isThere = existsSync(join(directory, "lfs", oid));
			if (operation === "download" && !isThere)
				return { oid, size, error: { code: 404, message: "no such object" } };
			if (operation === "upload" && isThere)
				return { oid, size };
			return { oid, size, actions: { [operation]: { href: `${base}/${oid}` } } };
		}),
	};
}

async function serveLfs(request, response) {
	const name = /^\/lfs\/([0-9a-f]{64})$/.exec(request.url)?.[1];
	if (request.url.endsWith("/info/lfs/objects/batch")) {
		response.setHeader("Content-Type", "application/vnd.git-lfs+json");
		response.end(JSON.stringify(lfsBatch(request, JSON.parse(await bodyOf(request)))));
	} else if (name && request.method === "PUT") {
		mkdirSync(join(directory, "lfs"), { recursive: true });
		writeFileSync(join(directory, "lfs", name), await bodyOf(request));
		response.end();
	} else if (name && existsSync(join(directory, "lfs", name))) {
		response.end(readFileSync(join(directory, "lfs", name)));
	} else {
		response.writeHead(404).end();
	}
}

const server = createServer((request, response) => {
	const header = request.headers.authorization;
	console.log(header ? header.split(" ")[0] : "none");
	if (!isLetIn(header)) {
		response.writeHead(401, { "WWW-Authenticate": `${scheme} realm="test"` }).end();
		return;
	}
	if (request.url.startsWith("/lfs/") || request.url.includes("/info/lfs/")) {
		serveLfs(request, response);
		return;
	}
	const backend = spawn("git", ["http-backend"], { env: environment(request) });
	const parts = [];
	request.pipe(backend.stdin);
	backend.stdout.on("data", (part) => parts.push(part));
	backend.on("close", () => answer(Buffer.concat(parts), response));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
