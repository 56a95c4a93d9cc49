/* SPDX-License-Identifier: MIT */

/*
 * Kills a refresh at system calls: node rotation_sweep.mjs PROGRAM CONTROL STATE ACCOUNT COUNT GRACE
 *
 * A trace of one refresh says which calls a process of it makes; COUNT of them, evenly sampled,
 * are each the last of one run (strace -e inject). After each run the table of
 * docs/safety.md, 2.2 is checked: the next call prints a token or, without the server's GRACE, may
 * say that an answer was lost; the server saw no token twice but for that one repetition; a killed
 * call prints nothing; no process is left. A lost grant is replaced by the output of
 * ACCOUNT-renewing command line in the environment's KEYTURN_SWEEP_GRANT.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const [program, controlUrl, directory, account, count, grace] = process.argv.slice(2);
const KILLED = 137;

async function control(path, body) {
	const answer = await fetch(`${controlUrl}/control${path}`, {
		method: body ? 'POST' : 'GET',
		body: body && JSON.stringify(body),
	});

	if (!answer.ok) throw new Error(`control: ${answer.status}`);
	return answer.json().catch(() => undefined);
}

const state = () => control('?brief=1');

function run(command, ...rest) {
	const result = spawnSync(command, rest, { encoding: 'utf8', timeout: 60000 });

	return {
		status: result.signal ? 128 + (result.signal === 'SIGKILL' ? 9 : 0) : result.status,
		output: result.stdout,
		said: result.stderr,
	};
}

const keyturn = (...rest) => run(program, ...rest);

/* Calls of the refresh's first process in the order they are made: [name, how often so far]. */
function trace() {
	const file = `${directory}/trace`;
	const seen = new Map();

	run('strace', '-o', file, program, 'refresh', account);
	return fs
		.readFileSync(file, 'utf8')
		.split('\n')
		.flatMap((line) => /^([a-z0-9_]+)\(/.exec(line)?.[1] ?? [])
		.map((name) => {
			seen.set(name, (seen.get(name) ?? 0) + 1);
			return [name, seen.get(name)];
		});
}

function sample(points, number) {
	/* System calls before the grant is looked at are the loader's: sampled thinner. */
	const late = points.slice(points.length >> 1);
	const early = points.slice(0, points.length >> 1);
	const pick = (list, wanted) =>
		Array.from({ length: wanted }, (_, i) => list[Math.floor((i * list.length) / wanted)]);

	return [
		...pick(early, Math.min(early.length, number >> 2)),
		...pick(late, Math.min(late.length, number - (number >> 2))),
	];
}

function replaceGrant() {
	const result = run('sh', '-c', process.env.KEYTURN_SWEEP_GRANT);

	if (result.status !== 0) throw new Error(`no new grant: ${result.said}`);
}

/*
 * The next call. Where the token of before is good, a lost answer is not asked for again: that token
 * is handed out, until its service refuses it.
 */
async function callNext(before, problems) {
	const next = keyturn('refresh', account);

	if (next.status !== 5 || !/while the token it has is good/.test(next.said)) return next;
	const token = keyturn('token', account);
	const after = await state();

	if (!/^[A-Za-z0-9_-]+\n$/.test(token.output)) problems.push(`no token: ${token.said}`);
	if (after.presented_spent !== before.presented_spent) problems.push('presented again');
	keyturn('reject', account, '--current');
	return keyturn('token', account);
}

/* The problems after a run that was killed at this call; none if the table holds. */
async function check(killed, before) {
	const problems = [];
	const next = await callNext(before, problems);
	const after = await state();
	const repeated = after.presented_spent - before.presented_spent;
	const asked = after.counts.by_operation.refresh - (before.counts.by_operation.refresh ?? 0);

	if (killed.output !== '') problems.push('the killed one printed something');
	if (![0, KILLED].includes(killed.status)) problems.push(`it ended with ${killed.status}`);
	if (repeated > 1) problems.push(`a token was presented ${repeated} times again`);
	if (asked > 3) problems.push(`${asked} requests`);
	if (next.status === 3 && grace === '0' && /answer to its renewal was lost/.test(next.said))
		return { problems, lost: true };
	if (next.status !== 0) problems.push(`the next call: ${next.status}, ${next.said}`);
	const token = keyturn('token', account);
	if (!/^[A-Za-z0-9_-]+\n$/.test(token.output)) problems.push(`no token: ${token.said}`);
	return { problems, lost: false };
}

let lost = 0;
let failed = 0;
let killed = 0;
const points = sample(trace(), Number(count));
for (const [name, number] of points) {
	const before = await state();
	const victim = run(
		'strace',
		'-o',
		'/dev/null',
		'-e',
		`trace=${name}`,
		'-e',
		`inject=${name}:signal=KILL:when=${number}`,
		program,
		'refresh',
		account
	);
	const result = await check(victim, before);

	killed += victim.status === KILLED;
	if (result.lost) {
		lost++;
		replaceGrant();
	}
	if (result.problems.length) {
		failed++;
		console.log(`# ${name} ${number}: ${result.problems.join('; ')}`);
		replaceGrant();
	}
}
console.log(`# ${points.length} points, ${killed} killed, ${lost} answers lost, ${failed} failed`);
process.exitCode = failed || killed < points.length / 2 || (lost && grace !== '0') ? 1 : 0;
