import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { PostgresPlace } from '../../mail/store/postgres/place';
import { startChild, tempFolder, waitForPort } from './child-server';
import type { ChildServer } from './child-server';
import { freePorts } from './free-port';

/** A PostgreSQL of our own on loopback; its data are gone after the tests. */
export interface PostgresServer {
	readonly port: number;
	readonly folder: string;
	/** A place in it: with a schema that nobody else uses, unless one is named. */
	place(schema?: string): PostgresPlace;
	/** SQL as the superuser, outside the store. */
	sql<R extends object>(text: string): Promise<R[]>;
	/** It is not there: ended by one of these, or by itself. */
	readonly ended: boolean;
	/** Ends it as a crash would (SIGQUIT: no checkpoint, and it recovers at the next start). */
	crash(): Promise<void>;
	/** Ends it in order, whoever is connected. */
	shutDown(): Promise<void>;
	start(): Promise<void>;
	stop(): Promise<void>;
}

/** Debian's programs, the newest version; undefined where there are none. */
export function postgresPrograms(): string | undefined {
	const root = '/usr/lib/postgresql';
	const versions = existsSync(root) ? readdirSync(root) : [];
	return versions
		.sort((a, b) => Number(b) - Number(a))
		.map((version) => join(root, version, 'bin'))
		.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** `describe` where there is a PostgreSQL, else skipped with the reason in its name. */
export const describeWithPostgres: (name: string, tests: () => void) => void = postgresPrograms()
	? (name, tests) => {
			describe(name, tests);
		}
	: (name, tests) => {
			describe.skip(
				`${name} (skipped: PostgreSQL is not installed; Debian: apt-get install postgresql)`,
				tests,
			);
		};

/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : undefined;

export interface PostgresOptions {
	/** Lines of postgresql.conf. */
	settings?: readonly string[];
	/** Answers to TLS with this key and certificate (PEM). */
	tls?: { key: string; cert: string };
	/** Waits for the disk at each commit. No by default: these data outlive nothing. */
	fsync?: boolean;
	/** Where it has its data; else in the system's temp folder. */
	parent?: string;
	/**
	 * Follows the server of this port, under this name, until it is promoted (`SELECT pg_promote()`).
	 */
	follows?: { port: number; name: string };
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
	const programs = postgresPrograms();
	if (!programs) throw new Error('PostgreSQL is not installed.');
	const folder = tempFolder('postgres-test-', options.parent);
	if (NOBODY !== undefined) chownSync(folder.path, NOBODY, NOBODY);
	const asNobody = { uid: NOBODY, gid: NOBODY, cwd: folder.path };
	const data = join(folder.path, 'data');
	const { fsync = false, settings = [], tls, follows } = options;
	if (follows)
		execFileSync(
			join(programs, 'pg_basebackup'),
			[
				...['-h', '127.0.0.1', '-p', String(follows.port), '-U', 'postgres'],
				...['-D', data, '--checkpoint=fast', '--no-sync', '--write-recovery-conf'],
			],
			{ ...asNobody, stdio: 'ignore' },
		);
	else
		execFileSync(
			join(programs, 'initdb'),
			['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
			{ ...asNobody, stdio: 'ignore' },
		);
	const { port } = await freePorts('port');
	if (tls)
		for (const [name, text] of [
			['server.key', tls.key],
			['server.crt', tls.cert],
		] as const) {
			const file = join(data, name);
			writeFileSync(file, text, { mode: 0o600 });
			if (NOBODY !== undefined) chownSync(file, NOBODY, NOBODY);
		}
	writeFileSync(
		join(data, 'postgresql.auto.conf'),
		[
			"listen_addresses = '127.0.0.1'",
			`port = ${port}`,
			"unix_socket_directories = ''",
			"shared_buffers = '64MB'",
			"log_min_messages = 'fatal'",
			`fsync = ${fsync ? 'on' : 'off'}`,
			`ssl = ${tls ? 'on' : 'off'}`,
			...(follows
				? [
						`primary_conninfo = 'host=127.0.0.1 port=${follows.port} user=postgres application_name=${follows.name}'`,
					]
				: []),
			...settings,
		].join('\n'),
	);

	let child: ChildServer | undefined;
	let admin: postgres.Sql | undefined;
	let schemas = 0;

	const start = async (): Promise<void> => {
		child = startChild(join(programs, 'postgres'), ['-D', data], process.env, asNobody);
		const started = child;
		await waitForPort(port, { greets: false, gaveUp: () => started.ended }).catch(() => {
			throw new Error(`PostgreSQL did not start: ${started.output()}`);
		});
		await untilReady();
	};
	const untilReady = async (): Promise<void> => {
		for (let tries = 0; ; tries += 1) {
			try {
				await sql('SELECT 1');
				return;
			} catch (error) {
				if (tries > 200) throw error;
				await sleep(25);
			}
		}
	};
	const sql = async <R extends object>(text: string): Promise<R[]> => {
		admin ??= postgres({
			host: '127.0.0.1',
			port,
			user: 'postgres',
			database: 'postgres',
			max: 1,
			backoff: false,
			onnotice: () => undefined,
		});
		return (await admin.unsafe(text)) as unknown as R[];
	};
	const end = async (signal: NodeJS.Signals): Promise<void> => {
		await admin?.end({ timeout: 0 });
		admin = undefined;
		await child?.stop(20_000, signal);
	};
	await start();

	return {
		port,
		folder: folder.path,
		place: (schema = `store_${++schemas}`) => ({
			host: '127.0.0.1',
			port,
			database: 'postgres',
			user: 'postgres',
			password: '',
			schema,
			tls: { mode: 'none' },
		}),
		sql,
		get ended() {
			return child?.ended ?? true;
		},
		crash: () => end('SIGQUIT'),
		shutDown: () => end('SIGINT'),
		start,
		async stop() {
			await end('SIGINT');
			folder.remove();
		},
	};
}
