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
	stop(): Promise<void>;
}

/** @returns why rspamd cannot be started here; undefined when it can */
export function canRunRspamd(): string | undefined {
	if (!existsSync(RSPAMD)) return 'rspamd is not installed (Debian: rspamd)';
	return userInfo().uid === 0 ? undefined : 'rspamd can only be started by root';
}

export async function startRspamd(): Promise<Rspamd> {
	const { normal } = await freePorts('normal');
	const folder = tempFolder('rspamd-');
	const [config, state] = [join(folder.path, 'etc'), join(folder.path, 'state')];
	mkdirSync(join(config, 'local.d'), { recursive: true });
	mkdirSync(state);
	const local = (name: string, text: string) => {
		writeFileSync(join(config, 'local.d', name), `${text}\n`);
	};
	for (const file of readdirSync(MODULES))
		if (!MODULES_KEPT.includes(file.replace(/\.conf$/, ''))) local(file, 'enabled = false;');
	for (const worker of ['controller', 'fuzzy', 'proxy'])
		local(`worker-${worker}.inc`, 'enabled = false;');
	local('worker-normal.inc', `bind_socket = "127.0.0.1:${normal}"; count = 1;`);
	local('logging.inc', 'type = "console"; level = "error";');
	local(
		'options.inc',
		`dns { nameserver = ["${NAME_SERVER}:53:1"]; timeout = 0.5s; retransmits = 1; }`,
	);
	for (const path of [folder.path, config, join(config, 'local.d')]) chmodSync(path, 0o755);
	const id = (flag: string) => Number(execFileSync('id', [flag, '_rspamd'], { encoding: 'utf8' }));
	chownSync(state, id('-u'), id('-g'));

	const names = await startNameServer();
	const places = { LOCAL_CONFDIR: config, DBDIR: state, RUNDIR: state, LOGDIR: state };
	const child = startChild(RSPAMD, [
		...['-f', '-u', '_rspamd', '-g', '_rspamd', '-c', '/etc/rspamd/rspamd.conf'],
		...Object.entries(places).map(([name, path]) => `--var=${name}=${path}`),
	]);
	const stop = async () => {
		await child.stop();
		await names.close();
		folder.remove();
	};
	try {
		await waitForPort(normal, { greets: false, timeoutMs: 90_000, gaveUp: () => child.ended });
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		address: `http://127.0.0.1:${normal}`,
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
