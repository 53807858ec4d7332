import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { startChild, tempFolder, waitForPort } from './child-server';
import type { ChildServer } from './child-server';
import { freePorts } from './free-port';
import { canRunInPrivateRoot, inPrivateRoot } from './private-root';

/** OpenDKIM and OpenDMARC as milters of a receiving server, in this order. */
export interface OpenMilters {
	/** For `smtpd_milters` of Postfix. */
	readonly milters: readonly string[];
	stop(): Promise<void>;
}

/** @returns why they cannot be started here; undefined when they can */
export function canRunOpenMilters(): string | undefined {
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
		`Mode v\nSocket inet:${ports.dkim}@127.0.0.1\nAuthservID ${authservId}\nInternalHosts ${nobody}\nExternalIgnoreList ${nobody}\nTestPublicKeys ${keyFile}\nAlwaysAddARHeader yes\nSyslog no\nBackground no\n`,
	);
	writeFileSync(
		join(folder.path, 'opendmarc.conf'),
		`Socket inet:${ports.dmarc}@127.0.0.1\nAuthservID ${authservId}\nTrustedAuthservIDs ${authservId}\nIgnoreHosts ${nobody}\nSPFIgnoreResults true\nSPFSelfValidate true\nRejectFailures false\nSyslog false\nBackground false\n`,
	);
	const root = join(folder.path, 'root');
	mkdirSync(root);
	const id = (flag: string) => Number(execFileSync('id', [flag, 'opendkim'], { encoding: 'utf8' }));
	chownSync(root, id('-u'), id('-g'));
	const [program = '', ...args] = inPrivateRoot(
		{ folder: root, etc: { 'resolv.conf': `nameserver ${nameServer}\n` } },
		'/usr/sbin/opendmarc',
		['-f', '-c', join(folder.path, 'opendmarc.conf')],
	);
	const children: ChildServer[] = [
		startChild('/usr/sbin/opendkim', ['-f', '-x', join(folder.path, 'opendkim.conf')]),
		startChild(program, args),
	];
	const stop = async () => {
		for (const child of children) await child.stop();
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
		stop,
	};
}
