import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { ChildServer } from './child-server';
import { startChild, tempFolder, waitForPort } from './child-server';
import type { Dovecot } from './dovecot';
import { freePorts } from './free-port';
import { inPrivateRoot } from './private-root';

const POSTFIX = '/usr/sbin/postfix';
const DAEMONS = '/usr/lib/postfix/sbin';

/**
 * A private Postfix on loopback that delivers to a Dovecot of the tests by LMTP. It takes mail for
 * any address of its domains: an unknown user is refused by Dovecot, and the bounce (a real DSN) goes
 * to the envelope sender. Nothing ever leaves the machine: other domains bounce at once.
 */
export interface Postfix {
	readonly host: '127.0.0.1';
	/** SMTP; offers STARTTLS and AUTH (Dovecot's users). */
	readonly smtpPort: number;
	/** SMTP over TLS from the first byte, with AUTH. */
	readonly smtpsPort: number;
	/** Messages that are still queued (active, deferred, …). */
	queueLength(): Promise<number>;
	/** What the server logged. */
	log(): string;
	stop(): Promise<void>;
}

export interface PostfixOptions {
	/** Its users are who exists; its certificate is ours as well. */
	dovecot: Pick<Dovecot, 'lmtpPort' | 'authSocket' | 'certFile' | 'keyFile'>;
	/** Domains that are delivered to Dovecot, unknown users bouncing by DSN. Default: `example.test`. */
	domains?: string[];
	/** Domains whose unknown users are refused at RCPT, with the users that exist. */
	strictDomains?: Record<string, string[]>;
	/**
	 * Next hops by domain or address (transport(5)): `error:5.2.2 Mailbox full` bounces,
	 * `retry:4.3.0 Try later` defers, `smtp:[127.0.0.1]:2525` relays.
	 */
	transports?: Record<string, string>;
	/** Take mail only after sign-in. */
	requireAuth?: boolean;
	/** More of main.cf, which wins over ours. */
	main?: Record<string, string>;
	/** Asks `NAME_SERVER` for the names of hosts, and not the machine's own. */
	asksNameServer?: boolean;
}

/** @returns why Postfix cannot be started here; undefined when it can */
export function canRunPostfix(): string | undefined {
	if (!existsSync(POSTFIX) || !existsSync(join(DAEMONS, 'master')))
		return 'Postfix is not installed (Debian: postfix)';
	return userInfo().uid === 0 ? undefined : 'Postfix can only be started by root';
}

export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await tryToStart(options);
		} catch (error) {
			// Another process may have taken one of the ports meanwhile.
			if (attempt >= 3) throw error;
		}
	}
}

async function tryToStart(options: PostfixOptions): Promise<Postfix> {
	const ports = await freePorts('smtp', 'smtps');
	const folder = tempFolder('postfix-');
	chmodSync(folder.path, 0o755);
	const [config, queue, data] = ['etc', 'queue', 'data'].map((name) => join(folder.path, name)) as [
		string,
		string,
		string,
	];
	for (const path of [config, queue, data]) mkdirSync(path);
	const { uid, gid } = await postfixUser();
	chownSync(data, uid, gid);
	writeFileSync(
		join(config, 'main.cf'),
		mainCf({ folder: folder.path, config, queue, data }, options),
	);
	writeFileSync(join(config, 'master.cf'), masterCf(ports));
	writeTable(join(config, 'transport'), options.transports ?? {});
	const strict = options.strictDomains ?? {};
	writeTable(
		join(config, 'recipients'),
		Object.fromEntries(Object.values(strict).flatMap((users) => users.map((user) => [user, 'ok']))),
	);
	writeTable(
		join(config, 'strict'),
		Object.fromEntries(Object.keys(strict).map((domain) => [domain, 'reject_unlisted_recipient'])),
	);
	const log = (): string => {
		const file = join(folder.path, 'mail.log');
		return existsSync(file) ? readFileSync(file, 'utf8') : '';
	};

	let server: ChildServer | undefined;
	try {
		// Makes the folders of the queue.
		await promisify(execFile)(POSTFIX, ['-c', config, 'check']);
		const master = [join(DAEMONS, 'master'), '-c', config, '-d'] as const;
		const [program = '', ...args] = options.asksNameServer
			? inPrivateRoot({ folder: folder.path }, master[0], master.slice(1))
			: master;
		const started = startChild(program, args, { ...process.env, MAIL_CONFIG: config });
		server = started;
		const gaveUp = (): boolean => started.ended;
		await waitForPort(ports.smtp, { greets: true, gaveUp });
		await waitForPort(ports.smtps, { greets: false, gaveUp });
	} catch (error) {
		await server?.stop();
		const words = `Postfix did not start: ${String(error)}\n${server?.output() ?? ''}\n${log()}`;
		folder.remove();
		throw new Error(words, { cause: error });
	}
	const running = server;

	return {
		host: '127.0.0.1',
		smtpPort: ports.smtp,
		smtpsPort: ports.smtps,
		async queueLength() {
			const { stdout } = await promisify(execFile)('postqueue', ['-c', config, '-j']);
			return stdout.split('\n').filter(Boolean).length;
		},
		log,
		async stop() {
			await running.stop();
			folder.remove();
		},
	};
}

async function postfixUser(): Promise<{ uid: number; gid: number }> {
	const number = async (flag: string): Promise<number> =>
		Number((await promisify(execFile)('id', [flag, 'postfix'])).stdout);
	return { uid: await number('-u'), gid: await number('-g') };
}

function writeTable(file: string, entries: Record<string, string>): void {
	writeFileSync(
		file,
		Object.entries(entries)
			.map(([key, value]) => `${key} ${value}\n`)
			.join(''),
	);
}

function mainCf(
	paths: { folder: string; config: string; queue: string; data: string },
	options: PostfixOptions,
): string {
	const settings: Record<string, string> = {
		compatibility_level: '3.6',
		queue_directory: paths.queue,
		data_directory: paths.data,
		maillog_file: join(paths.folder, 'mail.log'),
		maillog_file_prefixes: paths.folder,
		inet_interfaces: '127.0.0.1',
		inet_protocols: 'ipv4',
		mynetworks: '127.0.0.0/8',
		myhostname: 'mx.example.test',
		myorigin: 'mx.example.test',
		mydestination: '',
		local_recipient_maps: '',
		alias_maps: '',
		alias_database: '',
		local_transport: 'error:5.1.1 no local users here',
		default_transport: 'error:5.1.2 this test server sends nothing to other machines',
		relay_transport: 'error:5.1.2 this test server sends nothing to other machines',
		disable_dns_lookups: options.asksNameServer ? 'no' : 'yes',
		smtpd_peername_lookup: 'no',
		recipient_delimiter: '+',
		virtual_mailbox_domains: [
			...(options.domains ?? ['example.test']),
			...Object.keys(options.strictDomains ?? {}),
		].join(', '),
		virtual_mailbox_maps: `texthash:${join(paths.config, 'recipients')}`,
		virtual_transport: `lmtp:inet:127.0.0.1:${String(options.dovecot.lmtpPort)}`,
		transport_maps: `texthash:${join(paths.config, 'transport')}`,
		lmtp_destination_recipient_limit: '1',
		smtpd_tls_security_level: 'may',
		smtpd_tls_cert_file: options.dovecot.certFile,
		smtpd_tls_key_file: options.dovecot.keyFile,
		smtpd_sasl_auth_enable: 'yes',
		smtpd_sasl_type: 'dovecot',
		smtpd_sasl_path: options.dovecot.authSocket,
		smtpd_sasl_security_options: 'noanonymous',
		smtpd_relay_restrictions: options.requireAuth
			? 'permit_sasl_authenticated, reject'
			: 'permit_mynetworks, permit_sasl_authenticated, reject',
		// Elsewhere, mail for nobody is taken, and bounced by DSN.
		smtpd_reject_unlisted_recipient: 'no',
		smtpd_recipient_restrictions: `check_recipient_access texthash:${join(paths.config, 'strict')}`,
		smtpd_error_sleep_time: '0',
		smtpd_client_connection_count_limit: '0',
		in_flow_delay: '0',
		// Second tries within a test's patience.
		minimal_backoff_time: '1s',
		maximal_backoff_time: '2s',
		queue_run_delay: '1s',
		notify_classes: '',
		...options.main,
	};
	return Object.entries(settings)
		.map(([name, value]) => `${name} = ${value}\n`)
		.join('');
}

/** Only what the way of a mail through here needs; nothing runs in a chroot. */
function masterCf(ports: { smtp: number; smtps: number }): string {
	const PUBLIC = ['cleanup', 'qmgr', 'showq'];
	const unix = (name: string, wakeup: string, maximum: string, program: string): string =>
		`${name} unix ${PUBLIC.includes(name) ? 'n' : '-'} - n ${wakeup} ${maximum} ${program}\n`;
	return [
		`127.0.0.1:${String(ports.smtp)} inet n - n - - smtpd\n`,
		`127.0.0.1:${String(ports.smtps)} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n`,
		unix('cleanup', '-', '0', 'cleanup'),
		unix('qmgr', '1', '1', 'qmgr'),
		unix('tlsmgr', '1000?', '1', 'tlsmgr'),
		unix('rewrite', '-', '-', 'trivial-rewrite'),
		unix('bounce', '-', '0', 'bounce'),
		unix('defer', '-', '0', 'bounce'),
		unix('trace', '-', '0', 'bounce'),
		unix('smtp', '-', '-', 'smtp'),
		unix('lmtp', '-', '-', 'lmtp'),
		unix('error', '-', '-', 'error'),
		unix('retry', '-', '-', 'error'),
		unix('discard', '-', '-', 'discard'),
		unix('proxymap', '-', '-', 'proxymap'),
		unix('anvil', '-', '1', 'anvil'),
		unix('scache', '-', '1', 'scache'),
		unix('showq', '-', '-', 'showq'),
		'postlog unix-dgram n - n - 1 postlogd\n',
	].join('');
}
