import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';

import { startChild, tempFolder, waitForPort } from './child-server';
import { freePorts } from './free-port';

const SPAMD = '/usr/sbin/spamd';

/** A private SpamAssassin (spamd) that judges by local tests alone, and asks nobody. */
export interface Spamd {
	/** `127.0.0.1:port` */
	readonly address: string;
	stop(): Promise<void>;
}

/** @returns why SpamAssassin cannot be started here; undefined when it can */
export function canRunSpamd(): string | undefined {
	if (!existsSync(SPAMD)) return 'SpamAssassin is not installed (Debian: spamd)';
	return userInfo().uid === 0 ? undefined : 'spamd can only be started by root';
}

export async function startSpamd(): Promise<Spamd> {
	const { port } = await freePorts('port');
	const folder = tempFolder('spamd-');
	const child = startChild(SPAMD, [
		...['--local', '--nouser-config', `--helper-home-dir=${folder.path}`, '-u', 'nobody'],
		...[`--listen=127.0.0.1:${port}`, '--min-children=1', '--max-children=1'],
		...['--syslog=stderr', `--pidfile=${folder.path}/pid`],
	]);
	const stop = async () => {
		await child.stop();
		folder.remove();
	};
	try {
		await waitForPort(port, { greets: false, timeoutMs: 90_000, gaveUp: () => child.ended });
	} catch (error) {
		const said = child.output();
		await stop();
		throw new Error(`spamd did not start: ${said}`, { cause: error });
	}
	return { address: `127.0.0.1:${port}`, stop };
}
