/* SPDX-License-Identifier: MIT */

/*
 * A certificate authority for one test run, made with the openssl command: a good server
 * certificate and the bad ones of the network matrix. Everything is written below the given
 * directory.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const DAY = 86400000;
const LOCAL = 'DNS:localhost,IP:127.0.0.1,IP:::1';

const AUTHORITY_CONFIG = `
[ca]
default_ca = authority
[authority]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = keyturn test
[authority_extensions]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[bulk_extensions]
nsComment = @COMMENT@
`;

function openssl(directory, ...words) {
	execFileSync('openssl', words, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
}

/* The form that "openssl ca" reads: YYYYMMDDHHMMSSZ. */
function asn1Time(milliseconds) {
	return new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
}

function makeKey(directory, name) {
	openssl(
		directory,
		'genpkey',
		'-algorithm',
		'EC',
		'-pkeyopt',
		'ec_paramgen_curve:P-256',
		'-out',
		`${name}.key`
	);
}

function makeAuthority(directory, name) {
	makeKey(directory, name);
	openssl(
		directory,
		'req',
		'-new',
		'-x509',
		'-config',
		'authority.cnf',
		'-extensions',
		'authority_extensions',
		'-key',
		`${name}.key`,
		'-subj',
		`/CN=keyturn test ${name}`,
		'-days',
		'30',
		'-out',
		`${name}.pem`
	);
}

function makeCertificate(directory, name, authority, from, until, names) {
	makeKey(directory, name);
	openssl(
		directory,
		'req',
		'-new',
		'-config',
		'authority.cnf',
		'-key',
		`${name}.key`,
		'-subj',
		'/CN=localhost',
		'-addext',
		`subjectAltName=${names}`,
		'-out',
		`${name}.csr`
	);
	openssl(
		directory,
		'ca',
		'-batch',
		'-notext',
		'-config',
		'authority.cnf',
		'-cert',
		`${authority}.pem`,
		'-keyfile',
		`${authority}.key`,
		'-in',
		`${name}.csr`,
		'-out',
		`${name}.pem`,
		'-startdate',
		asn1Time(from),
		'-enddate',
		asn1Time(until)
	);
}

function makeSelfSigned(directory, name) {
	makeKey(directory, name);
	openssl(
		directory,
		'req',
		'-new',
		'-x509',
		'-config',
		'authority.cnf',
		'-key',
		`${name}.key`,
		'-subj',
		'/CN=localhost',
		'-addext',
		`subjectAltName=${LOCAL}`,
		'-days',
		'30',
		'-out',
		`${name}.pem`
	);
}

/* About 10 MiB of certificates behind the good one. */
function makeBulkyChain(directory) {
	makeKey(directory, 'bulk');
	openssl(
		directory,
		'req',
		'-new',
		'-x509',
		'-config',
		'bulk.cnf',
		'-extensions',
		'bulk_extensions',
		'-key',
		'bulk.key',
		'-subj',
		'/CN=bulk',
		'-days',
		'30',
		'-out',
		'bulk.pem'
	);
	const bulk = fs.readFileSync(path.join(directory, 'bulk.pem'), 'utf8');

	return fs.readFileSync(path.join(directory, 'server.pem'), 'utf8') + bulk.repeat(200);
}

function load(directory, name) {
	return {
		key: fs.readFileSync(path.join(directory, `${name}.key`)),
		cert: fs.readFileSync(path.join(directory, `${name}.pem`)),
	};
}

function prepare(directory) {
	fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
	fs.writeFileSync(path.join(directory, 'index.txt'), '');
	fs.writeFileSync(
		path.join(directory, 'authority.cnf'),
		AUTHORITY_CONFIG.replace('@COMMENT@', 'none')
	);
	fs.writeFileSync(
		path.join(directory, 'bulk.cnf'),
		AUTHORITY_CONFIG.replace('@COMMENT@', 'x'.repeat(52000))
	);
}

/*
 * Makes an authority and a good certificate for localhost, 127.0.0.1 and ::1. { caFile, server: {
 * key, cert } }; the file is directory/../ca.pem, so that DIR/ca.pem is where tests look.
 */
export function makeServerCertificate(directory) {
	const now = Date.now();
	const caFile = path.join(path.dirname(directory), 'ca.pem');

	prepare(directory);
	makeAuthority(directory, 'ca');
	makeCertificate(directory, 'server', 'ca', now - DAY, now + 30 * DAY, LOCAL);
	fs.copyFileSync(path.join(directory, 'ca.pem'), caFile);
	return { caFile, server: load(directory, 'server') };
}

/*
 * The certificates and settings no client may accept, by name, as options of tls.createServer.
 * Call after makeServerCertificate.
 */
export function makeBadCertificates(directory) {
	const now = Date.now();

	makeAuthority(directory, 'other-ca');
	makeCertificate(directory, 'expired', 'ca', now - 30 * DAY, now - DAY, LOCAL);
	makeCertificate(directory, 'not-yet', 'ca', now + DAY, now + 30 * DAY, LOCAL);
	makeCertificate(
		directory,
		'wrong-host',
		'ca',
		now - DAY,
		now + 30 * DAY,
		'DNS:other.invalid'
	);
	makeCertificate(directory, 'unknown-ca', 'other-ca', now - DAY, now + 30 * DAY, LOCAL);
	makeSelfSigned(directory, 'self-signed');
	const good = load(directory, 'server');

	return {
		expired: load(directory, 'expired'),
		not_yet_valid: load(directory, 'not-yet'),
		wrong_host: load(directory, 'wrong-host'),
		unknown_ca: load(directory, 'unknown-ca'),
		self_signed: load(directory, 'self-signed'),
		tls_1_0: {
			...good,
			minVersion: 'TLSv1',
			maxVersion: 'TLSv1',
			ciphers: 'DEFAULT@SECLEVEL=0',
		},
		bulky_chain: { key: good.key, cert: makeBulkyChain(directory) },
	};
}
