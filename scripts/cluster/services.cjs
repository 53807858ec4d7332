'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const { freePort } = require('../lib/free-port.cjs');

/*
 * Redis and PostgreSQL as Debian has them, on 127.0.0.1, each with a folder and a process of its own.
 */

/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;

/** @returns {string | undefined} where the newest PostgreSQL has its programs */
function postgresPrograms() {
	const root = '/usr/lib/postgresql';
	const versions = existsSync(root) ? readdirSync(root) : [];
	return versions
		.sort((a, b) => Number(b) - Number(a))
		.map((version) => path.join(root, version, 'bin'))
		.find((folder) => existsSync(path.join(folder, 'initdb')));
}

const redisProgram = () =>
	['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((file) => existsSync(file));

/** @returns {string | undefined} what is missing, in words */
function missingServices() {
	const missing = [
		...(postgresPrograms() ? [] : ['postgresql']),
		...(redisProgram() ? [] : ['redis-server']),
	];
	return missing.length === 0
		? undefined
		: `${missing.join(' and ')} not installed (Debian: apt-get install ${missing.join(' ')})`;
}

/** @param {string} folder made when missing; data that are there are kept */
async function startPostgres(folder) {
	const programs = postgresPrograms();
	if (!programs)
		throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql).');
	mkdirSync(folder, { recursive: true });
	if (NOBODY !== undefined) chownSync(folder, NOBODY, NOBODY);
	const asNobody = { uid: NOBODY, gid: NOBODY, cwd: folder };
	const data = path.join(folder, 'data');
	const isNew = !existsSync(path.join(data, 'PG_VERSION'));
	if (isNew)
		execFileSync(
			path.join(programs, 'initdb'),
			['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'],
			{ ...asNobody, stdio: 'pipe' },
		);
	const port = await freePort(isNew ? 5433 : 0);
	writeFileSync(
		path.join(data, 'postgresql.auto.conf'),
		[
			"listen_addresses = '127.0.0.1'",
			`port = ${port}`,
			"unix_socket_directories = ''",
			"log_min_messages = 'fatal'",
			'max_connections = 200',
		].join('\n'),
	);
	const service = startService(path.join(programs, 'postgres'), ['-D', data], asNobody);
	await answers(port, service);
	for (const database of ['n8n', 'mail']) if (isNew) await createDatabase(programs, port, database);
	return { ...service, port, stop: () => service.end('SIGINT') };
}

/** The server listens a moment before it takes connections. */
async function createDatabase(programs, port, name) {
	for (let tries = 0; ; tries++) {
		try {
			execFileSync(
				path.join(programs, 'createdb'),
				['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name],
				{ stdio: 'pipe' },
			);
			return;
		} catch (error) {
			if (tries > 50) throw error;
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	}
}

/** @param {string} folder */
async function startRedis(folder) {
	const program = redisProgram();
	if (!program) throw new Error('Redis is not installed (Debian: apt-get install redis-server).');
	mkdirSync(folder, { recursive: true });
	const port = await freePort(6380);
	const service = startService(
		program,
		[
			'--port',
			String(port),
			'--bind',
			'127.0.0.1',
			'--dir',
			folder,
			'--save',
			'',
			'--appendonly',
			'no',
		],
		{ cwd: folder },
	);
	await answers(port, service);
	return { ...service, port, stop: () => service.end('SIGTERM') };
}

/** In a process group of its own: Ctrl-C reaches us, and we end everything in order. */
function startService(program, args, options) {
	const child = spawn(program, args, {
		...options,
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let log = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (chunk) => {
			log = (log + chunk).slice(-20_000);
		});
	const ended = new Promise((resolve) => {
		child.once('exit', resolve);
		child.once('error', resolve);
	});
	return {
		pid: child.pid,
		log: () => log,
		isGone: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
		signal: (name) => child.kill(name),
		async end(signal) {
			child.kill(signal);
			const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
			await ended;
			clearTimeout(timer);
		},
	};
}

async function answers(port, service) {
	for (let tries = 0; tries < 400; tries++) {
		if (service.isGone()) throw new Error(`A service did not start:\n${service.log()}`);
		const isThere = await new Promise((resolve) => {
			const socket = net.connect(port, '127.0.0.1');
			socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
			socket.once('connect', () => socket.destroy());
		});
		if (isThere) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`Nothing answers on port ${port}:\n${service.log()}`);
}

module.exports = { missingServices, startPostgres, startRedis };
