import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { CACHE } from '../../scripts/lib/toolchain.cjs';
import { startChild, tempFolder, waitForPort } from './child-server';
import { freePorts } from './free-port';
import { canRunInPrivateRoot, inPrivateRoot, UNPACKED_INSIDE } from './private-root';
import type { PrivateView } from './private-root';

/** The other mail servers of Debian, each of which writes its reports in a way of its own. */
export type MailServerName = 'exim' | 'opensmtpd';

/** A mail server on loopback that takes any mail and passes it on. */
export interface MailServer {
	/** Takes mail in clear, without a sign-in. */
	readonly port: number;
	/** What it logged and said. */
	log(): string;
	stop(): Promise<void>;
}

export interface MailServerRoutes {
	/** SMTP servers on loopback by the domain that they take. */
	relay: Readonly<Record<string, number>>;
	/** LMTP servers on loopback by the domain that they take: where reports come home. */
	home: Readonly<Record<string, number>>;
	/** How long a mail that is put off is tried. */
	lifetimeSeconds: number;
}

/**
 * Where `scripts/fetch-mail-servers.mjs` unpacks them. They cannot be installed beside each other, nor
 * beside Postfix.
 */
const UNPACKED = process.env.SMTP_SUITE_MAIL_SERVERS ?? path.join(CACHE, 'mail-servers');

/** @returns why it cannot be started here; undefined when it can */
export function canRunMailServer(name: MailServerName): string | undefined {
	return existsSync(path.join(UNPACKED, BUILDS[name].program))
		? canRunInPrivateRoot()
		: `${name} is not there (node scripts/fetch-mail-servers.mjs)`;
}

/** Domains that stand in no route are looked up in the DNS, where nobody is known. */
export async function startMailServer(
	name: MailServerName,
	routes: MailServerRoutes,
): Promise<MailServer> {
	const { smtp: port } = await freePorts('smtp');
	const folder = tempFolder(`${name}-`);
	chmodSync(folder.path, 0o755);
	const { program, args, view } = BUILDS[name];
	const [unshare = '', ...rest] = inPrivateRoot(
		{ folder: folder.path, unpacked: UNPACKED, ...view(port, routes) },
		path.join(UNPACKED_INSIDE, program),
		args,
	);
	const server = startChild(unshare, rest, {
		...process.env,
		LD_LIBRARY_PATH: path.join(UNPACKED_INSIDE, 'usr/lib', await multiarch()),
	});
	const logFile = path.join(folder.path, 'at/var/log/mainlog');
	const log = () => server.output() + (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
	try {
		await waitForPort(port, { greets: true, gaveUp: () => server.ended });
	} catch (error) {
		await server.stop();
		const words = `${name} did not start: ${String(error)}\n${log()}`;
		folder.remove();
		throw new Error(words, { cause: error });
	}
	return {
		port,
		log,
		async stop() {
			await server.stop();
			folder.remove();
		},
	};
}

async function multiarch(): Promise<string> {
	const { stdout } = await promisify(execFile)('dpkg-architecture', ['-qDEB_HOST_MULTIARCH']).catch(
		() => ({ stdout: 'x86_64-linux-gnu' }),
	);
	return stdout.trim();
}

const HOST = 'mx.example.net';

const BUILDS: Record<
	MailServerName,
	{
		/** In the unpacked packages. */
		program: string;
		/** So that it stays in the foreground. */
		args: string[];
		view: (port: number, routes: MailServerRoutes) => Omit<PrivateView, 'folder' | 'unpacked'>;
	}
> = {
	exim: {
		program: 'usr/sbin/exim4',
		args: ['-bdf', '-q1s'],
		view: (port, routes) => ({
			users: { 'Debian-exim': 64_101 },
			folders: { '/var/spool/exim4': 'Debian-exim:Debian-exim', '/var/log': 'Debian-exim' },
			etc: { 'exim4/exim4.conf': eximConfiguration(port, routes) },
		}),
	},
	opensmtpd: {
		program: 'usr/sbin/smtpd',
		args: ['-d', '-f', '/etc/smtpd.conf'],
		view: (port, routes) => ({
			users: { opensmtpd: 64_102, opensmtpq: 64_103 },
			folders: {
				'/var/spool/smtpd': 'root',
				'/var/lib/opensmtpd/empty': 'root',
				'/run/opensmtpd': 'root',
			},
			etc: { 'smtpd.conf': opensmtpdConfiguration(port, routes), mailname: `${HOST}\n` },
		}),
	},
};

function eximConfiguration(port: number, { relay, home, lifetimeSeconds }: MailServerRoutes) {
	const to = (kind: string, routes: Readonly<Record<string, number>>, more: string) => ({
		routers: Object.keys(routes).map(
			(domain) => `
${kind}_${domain.replaceAll('.', '_')}:
  driver = manualroute
  domains = ${domain}
  transport = ${kind}_${domain.replaceAll('.', '_')}
  route_list = * 127.0.0.1 byname
  self = send
`,
		),
		transports: Object.entries(routes).map(
			([domain, at]) => `
${kind}_${domain.replaceAll('.', '_')}:
  driver = smtp
  port = ${at}
  allow_localhost
  ${more}
`,
		),
	});
	const away = to('relay', relay, '');
	const back = to('home', home, 'protocol = lmtp');
	return `
primary_hostname = ${HOST}
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
exim_path = ${UNPACKED_INSIDE}/usr/sbin/exim4
keep_environment = LD_LIBRARY_PATH
log_file_path = /var/log/%slog
tls_advertise_hosts =
host_lookup =
rfc1413_hosts =
dns_ipv4_lookup = *
acl_smtp_rcpt = everybody
ignore_bounce_errors_after = 0s
begin acl
everybody:
  accept
begin routers
${[...away.routers, ...back.routers].join('')}
by_name:
  driver = dnslookup
  transport = by_name
  self = freeze
begin transports
${[...away.transports, ...back.transports].join('')}
by_name:
  driver = smtp
begin retry
* * F,${lifetimeSeconds}s,1s
`;
}

function opensmtpdConfiguration(port: number, { relay, home, lifetimeSeconds }: MailServerRoutes) {
	const rows = [
		...Object.entries(relay).map(([domain, at]) => ({ domain, url: `smtp://127.0.0.1:${at}` })),
		...Object.entries(home).map(([domain, at]) => ({ domain, url: `lmtp://127.0.0.1:${at}` })),
	];
	return `
queue ttl ${lifetimeSeconds}s
listen on 127.0.0.1 port ${port} hostname ${HOST}
${rows.map(({ url }, index) => `action "a${index}" relay host ${url}`).join('\n')}
action "by-name" relay
${rows.map(({ domain }, index) => `match from any for domain "${domain}" action "a${index}"`).join('\n')}
match from any for any action "by-name"
`;
}
