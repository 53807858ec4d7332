import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { startChild, tempFolder, waitForPort } from './child-server';
import { freePorts } from './free-port';
import { NAME_SERVER, startNameServer } from './name-server';

const RSPAMD = '/usr/bin/rspamd';
const MODULES = '/etc/rspamd/modules.d';

/** What looks at the message itself; everything else looks outward, or at the way a mail came. */
const MODULES_KEPT = [
	'chartable',
	'emails',
	'forged_recipients',
	'mid',
	'mime_types',
	'regexp',
	'trie',
];

/** A private rspamd that judges the message alone, and asks nobody. */
export interface Rspamd {
	/** The symbols that the message earned, with their scores. */
	judge(mail: { raw: Buffer; from: string; to: string[] }): Promise<Map<string, number>>;
	/** `http://127.0.0.1:port` of its normal worker. */
	readonly address: string;
	/** Of its controller, which wants the password, if one was given. */
	readonly controller?: string;
	/** Where mail servers ask it as a milter, if that was wanted. */
	readonly milterPort?: number;
	/** What it logged lately; as a milter, also what it thinks of each mail. */
	log(): string;
	stop(): Promise<void>;
}

export interface RspamdOptions {
	/**
	 * Judges how a mail came as well (SPF, DKIM, DMARC), by this name server at port 53, for mail of this
	 * machine too; takes mail as a milter, and writes down what it thinks (Authentication-Results).
	 */
	milterAsking?: string;
	/** Opens the controller, for whoever knows it. */
	password?: string;
}

const MODULES_OF_THE_WAY = ['dkim', 'dmarc', 'milter_headers', 'spf'];

/** @returns why rspamd cannot be started here; undefined when it can */
export function canRunRspamd(): string | undefined {
	if (!existsSync(RSPAMD)) return 'rspamd is not installed (Debian: rspamd)';
	return userInfo().uid === 0 ? undefined : 'rspamd can only be started by root';
}

export async function startRspamd({ milterAsking, password }: RspamdOptions = {}): Promise<Rspamd> {
	const { normal, milter, controller } = await freePorts('normal', 'milter', 'controller');
	const kept = [...MODULES_KEPT, ...(milterAsking === undefined ? [] : MODULES_OF_THE_WAY)];
	const folder = tempFolder('rspamd-');
	const [config, state] = [join(folder.path, 'etc'), join(folder.path, 'state')];
	mkdirSync(join(config, 'local.d'), { recursive: true });
	mkdirSync(state);
	const local = (name: string, text: string) => {
		writeFileSync(join(config, 'local.d', name), `${text}\n`);
	};
	for (const file of readdirSync(MODULES))
		if (!kept.includes(file.replace(/\.conf$/, ''))) local(file, 'enabled = false;');
	const unused = [
		'fuzzy',
		...(password === undefined ? ['controller'] : []),
		...(milterAsking === undefined ? ['proxy'] : []),
	];
	for (const worker of unused) local(`worker-${worker}.inc`, 'enabled = false;');
	local('worker-normal.inc', `bind_socket = "127.0.0.1:${normal}"; count = 1;`);
	if (password !== undefined)
		local(
			'worker-controller.inc',
			`bind_socket = "127.0.0.1:${controller}"; count = 1; password = "${password}"; secure_ip = "192.0.2.1";`,
		);
	if (milterAsking !== undefined) {
		local(
			'worker-proxy.inc',
			`bind_socket = "127.0.0.1:${milter}"; milter = yes; timeout = 60s; upstream "local" { default = yes; self_scan = yes; } count = 1;`,
		);
		for (const module of ['dkim', 'spf', 'dmarc']) local(`${module}.conf`, 'check_local = true;');
		local('milter_headers.conf', 'use = ["authentication-results"]; skip_local = false;');
	}
	local(
		'logging.inc',
		`type = "console"; level = "${milterAsking === undefined ? 'error' : 'info'}";`,
	);
	local(
		'options.inc',
		`dns { nameserver = ["${milterAsking ?? NAME_SERVER}:53:1"]; timeout = 0.5s; retransmits = 1; }${milterAsking === undefined ? '' : ' local_addrs = [];'}`,
	);
	for (const path of [folder.path, config, join(config, 'local.d')]) chmodSync(path, 0o755);
	const id = (flag: string) => Number(execFileSync('id', [flag, '_rspamd'], { encoding: 'utf8' }));
	chownSync(state, id('-u'), id('-g'));

	const names = milterAsking === undefined ? await startNameServer() : undefined;
	const places = { LOCAL_CONFDIR: config, DBDIR: state, RUNDIR: state, LOGDIR: state };
	const child = startChild(RSPAMD, [
		...['-f', '-u', '_rspamd', '-g', '_rspamd', '-c', '/etc/rspamd/rspamd.conf'],
		...Object.entries(places).map(([name, path]) => `--var=${name}=${path}`),
	]);
	const stop = async () => {
		await child.stop();
		await names?.close();
		folder.remove();
	};
	try {
		await waitForPort(normal, { greets: false, timeoutMs: 240_000, gaveUp: () => child.ended });
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		address: `http://127.0.0.1:${normal}`,
		...(milterAsking !== undefined && { milterPort: milter }),
		...(password !== undefined && { controller: `http://127.0.0.1:${controller}` }),
		log: () => child.output(),
		stop,
		async judge({ raw, from, to }) {
			const headers = new Headers({ From: from });
			for (const each of to) headers.append('Rcpt', each);
			const answer = await fetch(`http://127.0.0.1:${normal}/checkv2`, {
				method: 'POST',
				headers,
				body: new Uint8Array(raw),
			});
			const { symbols } = (await answer.json()) as { symbols: Record<string, { score: number }> };
			return new Map(Object.entries(symbols).map(([name, { score }]) => [name, score]));
		},
	};
}
