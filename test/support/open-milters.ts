import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startChild, tempFolder, waitForPort } from './child-server';
import type { ChildServer } from './child-server';
import { freePorts } from './free-port';
import { canRunInPrivateRoot, inPrivateRoot } from './private-root';

/** OpenDKIM and OpenDMARC as milters of a receiving server, in this order. */
export interface OpenMilters {
	/** For `smtpd_milters` of Postfix. */
	readonly milters: readonly string[];
	/** What both wrote into the system's log lately. */
	log(): string;
	stop(): Promise<void>;
}

/** Prints what programs write to a socket as they do to /dev/log. */
const LOGGER = `
import os, socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    print(log.recv(65536).decode("utf-8", "replace").rstrip("\\0\\n"), flush=True)
`;

/** @returns why they cannot be started here; undefined when they can */
export function canRunOpenMilters(): string | undefined {
	if (!existsSync('/usr/bin/python3')) return 'python3 is not installed (Debian: python3)';
	for (const name of ['opendkim', 'opendmarc'])
		if (!existsSync(`/usr/sbin/${name}`)) return `${name} is not installed (Debian: ${name})`;
	if (userInfo().uid !== 0) return 'milters can only be started by root';
	return canRunInPrivateRoot();
}

/**
 * @param authservId the name that they write their results under
 * @param nameServer an address that OpenDMARC asks at port 53
 * @param keys for OpenDKIM, by their names: it asks no server that is not recursive
 */
export async function startOpenMilters(
	authservId: string,
	nameServer: string,
	keys: Readonly<Record<string, string>>,
): Promise<OpenMilters> {
	const ports = await freePorts('dkim', 'dmarc');
	const folder = tempFolder('milters-');
	chmodSync(folder.path, 0o755);
	// Mail of this machine is judged as well: nobody else is one of ours.
	const nobody = join(folder.path, 'nobody');
	writeFileSync(nobody, '192.0.2.1\n');
	const keyFile = join(folder.path, 'keys');
	writeFileSync(
		keyFile,
		Object.entries(keys)
			.map(([name, key]) => `${name} ${key}\n`)
			.join(''),
	);
	writeFileSync(
		join(folder.path, 'opendkim.conf'),
		`Mode v\nSocket inet:${ports.dkim}@127.0.0.1\nAuthservID ${authservId}\nInternalHosts ${nobody}\nExternalIgnoreList ${nobody}\nTestPublicKeys ${keyFile}\nAlwaysAddARHeader yes\nSyslog yes\nSyslogSuccess yes\nLogWhy yes\nLogResults yes\nBackground no\n`,
	);
	writeFileSync(
		join(folder.path, 'opendmarc.conf'),
		`Socket inet:${ports.dmarc}@127.0.0.1\nAuthservID ${authservId}\nTrustedAuthservIDs ${authservId}\nIgnoreHosts ${nobody}\nSPFIgnoreResults true\nSPFSelfValidate true\nRejectFailures false\nSyslog true\nBackground false\n`,
	);
	const id = (flag: string) => Number(execFileSync('id', [flag, 'opendkim'], { encoding: 'utf8' }));
	const syslog = join(folder.path, 'log');
	const logger = startChild('/usr/bin/python3', ['-c', LOGGER, syslog]);
	for (let tries = 0; !existsSync(syslog) && tries < 400; tries += 1) await sleep(25);
	const inside = (name: string, args: string[]) => {
		const root = join(folder.path, name);
		mkdirSync(root);
		chownSync(root, id('-u'), id('-g'));
		const [program = '', ...all] = inPrivateRoot(
			{ folder: root, syslog, etc: { 'resolv.conf': `nameserver ${nameServer}\n` } },
			`/usr/sbin/${name}`,
			args,
		);
		return startChild(program, all);
	};
	const children: ChildServer[] = [
		inside('opendkim', ['-f', '-x', join(folder.path, 'opendkim.conf')]),
		inside('opendmarc', ['-f', '-c', join(folder.path, 'opendmarc.conf')]),
	];
	const stop = async () => {
		for (const child of [...children, logger]) await child.stop();
		folder.remove();
	};
	try {
		for (const [index, port] of [ports.dkim, ports.dmarc].entries())
			await waitForPort(port, { greets: false, gaveUp: () => children[index]?.ended ?? true });
	} catch (error) {
		const said = children.map((child) => child.output()).join('\n');
		await stop();
		throw new Error(`OpenDKIM or OpenDMARC did not start: ${said}`, { cause: error });
	}
	return {
		milters: [ports.dkim, ports.dmarc].map((port) => `inet:127.0.0.1:${port}`),
		log: () => logger.output(),
		stop,
	};
}
