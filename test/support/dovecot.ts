import { execFile, execFileSync } from 'node:child_process';
import {
	accessSync,
	chmodSync,
	chownSync,
	constants,
	existsSync,
	mkdirSync,
	readFileSync,
	writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { ChildServer } from './child-server';
import { startChild, tempFolder, waitForPort } from './child-server';
import { freePorts } from './free-port';
import { makeTestCertificate } from './test-certificate';

const DOVECOT = '/usr/sbin/dovecot';
const DOVEADM = '/usr/bin/doveadm';

/** A private Dovecot (2.3) on loopback: its own configuration, ports, state and mail. */
export interface Dovecot {
	readonly host: '127.0.0.1';
	/** IMAP in clear with STARTTLS. */
	readonly imapPort: number;
	/** IMAP over TLS from the first byte. */
	readonly imapsPort: number;
	/** LMTP (RFC 2033), in clear. Answers 550 5.1.1 for addresses that are not in `users`. */
	readonly lmtpPort: number;
	/** UNIX socket that speaks Dovecot's authentication protocol (for Postfix). */
	readonly authSocket: string;
	/** Every user's password. */
	readonly password: string;
	/** The homes of all users, each with their `Maildir`. */
	readonly mailFolder: string;
	/** Certificate to trust for `127.0.0.1` and `localhost`. */
	readonly caPem: string;
	readonly certFile: string;
	readonly keyFile: string;
	/** Delivers by LMTP. @returns the server's reply for this recipient, `250 …` or a refusal */
	deliver(user: string, raw: Buffer | string, from?: string): Promise<string>;
	/** Runs `doveadm` on this instance. @returns what it printed */
	doveadm(...args: string[]): Promise<string>;
	/** How many IMAP connections the user has at the server now. */
	connectionsOf(user: string): Promise<number>;
	/** Ends the server, and every connection, as a crash or a restart of the machine would. */
	down(): Promise<void>;
	/** Starts it again after `down`: same ports, same mail. */
	up(): Promise<void>;
	/** What the server logged. */
	log(): string;
	stop(): Promise<void>;
}

export interface DovecotOptions {
	/** Full addresses (`ada@example.test`) or bare names; each signs in by it. */
	users: string[];
	/** Default: `secret`. */
	password?: string;
	/** More lines for dovecot.conf, which win over ours. */
	config?: string;
}

/** @returns why Dovecot cannot be started here; undefined when it can */
export function canRunDovecot(): string | undefined {
	for (const program of [DOVECOT, DOVEADM]) {
		if (!existsSync(program))
			return `${program} is not installed (Debian: dovecot-imapd dovecot-lmtpd)`;
	}
	if (!existsSync('/usr/lib/dovecot/lmtp')) return 'LMTP is not installed (Debian: dovecot-lmtpd)';
	return process.env.PATH?.split(':').some((folder) => isExecutable(join(folder, 'openssl')))
		? undefined
		: 'openssl is not installed';
}

export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await tryToStart(options);
		} catch (error) {
			// Another process may have taken one of the ports meanwhile.
			if (attempt >= 3) throw error;
		}
	}
}

async function tryToStart(options: DovecotOptions): Promise<Dovecot> {
	const ports = await freePorts('imap', 'imaps', 'lmtp');
	const folder = tempFolder('dovecot-');
	chmodSync(folder.path, 0o755);
	const certificate = makeTestCertificate(folder.path);
	const password = options.password ?? 'secret';
	const config = join(folder.path, 'dovecot.conf');
	const logFile = join(folder.path, 'dovecot.log');
	const account = mailOwner();
	const mail = join(folder.path, 'mail');
	mkdirSync(mail);
	if (account.asRoot) chownSync(mail, account.uid, account.gid);
	writeFileSync(
		join(folder.path, 'users'),
		options.users
			.map(
				(user) =>
					`${user}:{PLAIN}${password}:${account.uid}:${account.gid}::${join(mail, user)}::\n`,
			)
			.join(''),
	);
	writeFileSync(
		config,
		configuration({
			folder: folder.path,
			ports,
			account,
			logFile,
			certificate,
			more: options.config ?? '',
		}),
	);

	let server: ChildServer | undefined;
	const up = async (): Promise<void> => {
		const started = startChild(DOVECOT, ['-F', '-c', config]);
		server = started;
		try {
			const gaveUp = (): boolean => started.ended;
			await waitForPort(ports.imap, { greets: true, gaveUp });
			await waitForPort(ports.imaps, { greets: false, gaveUp });
			await waitForPort(ports.lmtp, { greets: true, gaveUp });
		} catch {
			await started.stop();
			throw new Error(`Dovecot did not start.\n${started.output()}\n${readLog(logFile)}`);
		}
	};
	const down = async (): Promise<void> => {
		await server?.stop();
	};
	const doveadm = async (...args: string[]): Promise<string> =>
		(await promisify(execFile)(DOVEADM, ['-c', config, ...args])).stdout;

	try {
		await up();
	} catch (error) {
		folder.remove();
		throw error;
	}

	return {
		host: '127.0.0.1',
		imapPort: ports.imap,
		imapsPort: ports.imaps,
		lmtpPort: ports.lmtp,
		authSocket: join(folder.path, 'run', 'auth-client'),
		password,
		mailFolder: mail,
		caPem: certificate.caPem,
		certFile: certificate.certFile,
		keyFile: certificate.keyFile,
		deliver: (user, raw, from = '') => deliverByLmtp(ports.lmtp, user, raw, from),
		doveadm,
		async connectionsOf(user) {
			const lines = (await doveadm('who', '-1', user)).trim().split('\n').slice(1);
			return lines.filter((line) => /\simap\s/.test(line)).length;
		},
		down,
		up,
		log: () => readLog(logFile),
		async stop() {
			await down();
			folder.remove();
		},
	};
}

/** Who owns the mail and runs the processes: Dovecot's own users when root starts it, else ourselves. */
function mailOwner(): { uid: number; gid: number; asRoot: boolean; name: string } {
	const { uid, gid, username } = userInfo();
	// Dovecot refuses to handle mail as root: `nobody` does it.
	return uid === 0
		? { uid: 65534, gid: 65534, asRoot: true, name: 'nobody' }
		: { uid, gid, asRoot: false, name: username };
}

function configuration(given: {
	folder: string;
	ports: { imap: number; imaps: number; lmtp: number };
	account: ReturnType<typeof mailOwner>;
	logFile: string;
	certificate: { certFile: string; keyFile: string };
	more: string;
}): string {
	const { folder, ports, account } = given;
	const withoutRoot = account.asRoot
		? ''
		: `
default_internal_user = ${account.name}
default_internal_group = ${execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}
default_login_user = ${account.name}
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service stats {
  chroot =
}
`;
	return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${given.logFile}
protocols = imap lmtp
listen = 127.0.0.1
shutdown_clients = yes
ssl = yes
ssl_cert = <${given.certificate.certFile}
ssl_key = <${given.certificate.keyFile}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
auth_failure_delay = 0
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 50
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
postmaster_address = postmaster@mx.example.test
hostname = mx.example.test
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = passwd-file
  args = ${folder}/users
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${String(ports.imap)}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${String(ports.imaps)}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${String(ports.lmtp)}
  }
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
# No growing pauses after wrong passwords.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${withoutRoot}
${given.more}
`;
}

/** One message to one recipient by LMTP (RFC 2033). */
async function deliverByLmtp(
	port: number,
	user: string,
	raw: Buffer | string,
	from: string,
): Promise<string> {
	const socket = connect(port, '127.0.0.1');
	socket.setTimeout(10_000, () => socket.destroy(new Error('LMTP: no answer for 10 s')));
	const chunks = socket.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
	let received = '';
	/** The last line of the next reply (RFC 5321 section 4.2.1: its fourth character is a space). */
	const reply = async (): Promise<string> => {
		for (;;) {
			const complete = /^(?:\d{3}-.*\r\n)*(\d{3} .*)\r\n/.exec(received);
			if (complete?.[1] !== undefined) {
				received = received.slice(complete[0].length);
				return complete[1];
			}
			const chunk = await chunks.next();
			if (chunk.done) throw new Error(`LMTP: closed after ${JSON.stringify(received)}`);
			received += chunk.value;
		}
	};
	try {
		await reply();
		for (const command of ['LHLO localhost', `MAIL FROM:<${from}>`]) {
			socket.write(`${command}\r\n`);
			await reply();
		}
		socket.write(`RCPT TO:<${user}>\r\n`);
		const recipient = await reply();
		if (!recipient.startsWith('2')) return recipient;
		socket.write('DATA\r\n');
		await reply();
		socket.write(stuffed(raw));
		return await reply();
	} finally {
		socket.destroy();
	}
}

/** CRLF line ends, leading dots doubled, and the final dot. */
function stuffed(raw: Buffer | string): Buffer {
	const text = typeof raw === 'string' ? raw : raw.toString('latin1');
	const lines = text
		.replace(/\r?\n/g, '\r\n')
		.replace(/^\./gm, '..')
		.replace(/(\r\n)?$/, '\r\n.\r\n');
	return Buffer.from(lines, typeof raw === 'string' ? 'utf8' : 'latin1');
}

function readLog(file: string): string {
	return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
