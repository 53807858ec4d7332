import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

import { NAME_SERVER } from './name-server';

/** What a program sees of the file system instead of the machine's own. */
export interface PrivateView {
	/** Of its own; everything that the program writes lands here. */
	folder: string;
	/**
	 * Debian packages unpacked (`dpkg -x`): seen at `UNPACKED_INSIDE`, where every user may read them, and
	 * with etc/ and usr/libexec/ over the machine's.
	 */
	unpacked?: string;
	/** System users that the program asks for by name. */
	users?: Readonly<Record<string, number>>;
	/** Folders that begin empty: `/var/spool/x`, with their owner. */
	folders?: Readonly<Record<string, string>>;
	/** A socket that listens in the place of the machine's /dev/log, as syslog(3) writes to. */
	syslog?: string;
	/** More files under /etc. */
	etc?: Readonly<Record<string, string>>;
}

/** Empty on every machine. */
export const UNPACKED_INSIDE = '/mnt';

/**
 * A command that runs another one in a mount namespace of its own (unshare(1)): a server that Debian
 * built for /etc, /var and its own users runs so beside the machine's mail server, and changes nothing
 * of the machine. Names are asked of `NAME_SERVER`.
 *
 * @returns program and arguments; the process keeps its id, so it is ended as if it were started alone
 */
export function inPrivateRoot(view: PrivateView, program: string, args: string[]): string[] {
	const { folder, unpacked, users = {}, folders = {}, etc = {}, syslog } = view;
	const script = path.join(folder, 'enter.sh');
	mkdirSync(path.join(folder, 'more'), { recursive: true });
	const more = { 'resolv.conf': `nameserver ${NAME_SERVER}\noptions attempts:1\n`, ...etc };
	for (const [name, text] of Object.entries(more)) {
		const file = path.join(folder, 'more', name);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
	writeFileSync(
		script,
		[
			'set -e',
			'cd "$1"; shift',
			...over('/etc', unpacked && `${unpacked}/etc`),
			'rm -f /etc/resolv.conf',
			'cp -R more/. /etc/',
			...Object.entries(users).flatMap(([name, id]) => [
				`echo '${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin' >> /etc/passwd`,
				`echo '${name}:x:${id}:' >> /etc/group`,
			]),
			...(unpacked
				? [
						...over('/usr/libexec', `${unpacked}/usr/libexec`),
						`mount --bind "${unpacked}" ${UNPACKED_INSIDE}`,
					]
				: []),
			...['/var/spool', '/var/lib', '/var/log', '/run'].flatMap((at) => [
				`mkdir -p "at${at}" && mount --bind "at${at}" ${at}`,
			]),
			...Object.entries(folders).map(
				([at, owner]) => `mkdir -p ${at} && chown ${owner} ${at} && chmod 711 ${at}`,
			),
			...(syslog === undefined ? [] : devicesWith(syslog)),
			'exec "$@"',
			'',
		].join('\n'),
	);
	return ['unshare', '--mount', 'sh', script, folder, program, ...args];
}

/** A /dev of its own with the few devices that a server needs, and this socket as its log. */
function devicesWith(syslog: string): string[] {
	return [
		'mkdir -p at/old-dev && mount --rbind /dev at/old-dev',
		'mount -t tmpfs none /dev',
		'for name in null zero random urandom; do touch /dev/$name; mount --bind at/old-dev/$name /dev/$name; done',
		`touch /dev/log && mount --bind "${syslog}" /dev/log`,
	];
}

/** A copy of a folder of the machine, with another one over it, in the machine's place. */
function over(at: string, upper: string | undefined): string[] {
	return [
		`mkdir -p "at${at}" && cp -a ${at}/. "at${at}/"`,
		...(upper ? [`if [ -d "${upper}" ]; then cp -R "${upper}/." "at${at}/"; fi`] : []),
		`mount --bind "at${at}" ${at}`,
	];
}

/** @returns why it does not work here; undefined when it does */
export function canRunInPrivateRoot(): string | undefined {
	if (userInfo().uid !== 0) return 'a private view of the file system needs root';
	if (!existsSync('/usr/bin/unshare')) return 'unshare is not installed (Debian: util-linux)';
	try {
		execFileSync('unshare', ['--mount', 'mount', '--bind', '/etc', '/etc'], { stdio: 'ignore' });
		return undefined;
	} catch {
		return 'this machine allows no mount namespaces';
	}
}
