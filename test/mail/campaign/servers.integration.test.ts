import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { neededParts } from '../../../mail/bounce/needed-parts';
import type { ReportedEvent } from '../../../mail/campaign/feedback';
import { takeInMail } from '../../../mail/campaign/incoming';
import { runCampaign } from '../../../mail/campaign/run';
import { watchMailbox } from '../../../mail/mailbox/session';
import { createSmtpPool } from '../../../mail/smtp/pool';
import type { MailStore } from '../../../mail/store/store';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import type { FaultServer } from '../../support/fault-smtp-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import { canRunMailServer, startMailServer } from '../../support/mail-server';
import type { MailServerName } from '../../support/mail-server';
import { startNameServer } from '../../support/name-server';
import { canRunPostfix, startPostfix } from '../../support/postfix';
import { canRunInPrivateRoot } from '../../support/private-root';
import { greeting, outcomes } from './campaign';
import { BOUNCES, CAMPAIGN, expectRead, FAR, HOME, REFUSALS, refuse } from './refusals';
import { storeOfFixtures } from './refusals';

/** How long a mail that is put off is tried. */
const LIFETIME_SECONDS = 4;
const SERVERS = ['postfix', 'exim', 'opensmtpd'] as const;

/**
 * `SMTP_SUITE_WRITE_REPORTS=yes` writes what came home into test/fixtures/bounces/servers, from where
 * servers.test.ts reads it on machines without these servers.
 */
const KEEP = process.env.SMTP_SUITE_WRITE_REPORTS === 'yes';

describe.each(SERVERS)('a campaign through %s, refused in six ways', (name) => {
	const missing =
		canRunDovecot() ??
		(name === 'postfix' ? (canRunPostfix() ?? canRunInPrivateRoot()) : canRunMailServer(name));
	if (missing) {
		it.skip(`is skipped: ${missing}`, () => undefined);
		return;
	}
	const closing: (() => Promise<void>)[] = [];
	const later = (close: () => Promise<void>) => closing.unshift(close);
	afterEach(async () => {
		for (const close of closing.splice(0)) await close();
	});

	it('each report comes home, is read rightly, and suppresses whom it should', async () => {
		const dovecot = await startDovecot({ users: [BOUNCES] });
		later(() => dovecot.stop());
		const names = await startNameServer();
		later(() => names.close());
		const far = await startFaultServer(refuse);
		later(() => far.close());
		const relay = await startRelay(name, far, dovecot);
		later(() => relay.stop());
		const store = await storeOfFixtures();
		later(() => store.close());

		const pool = createSmtpPool({
			host: '127.0.0.1',
			port: relay.port,
			security: 'none',
			tls: {},
			limits: { connections: 2, messagesPerConnection: 50 },
		});
		later(() => pool.close());
		const sent = await outcomes(
			runCampaign({
				store,
				pool,
				message: greeting(),
				campaign: { id: CAMPAIGN },
				signingKey: await store.signingKeys.current(),
				from: 'shop@example.com',
				bounceAddress: BOUNCES,
				recipients: [`fine@${FAR}`, ...REFUSALS.map(({ recipient }) => recipient)].map(
					(address, index) => ({ index, address, data: { name: 'Ada' } }),
				),
				concurrency: 2,
				patienceMs: 0,
			}),
		);
		expect(sent.map(({ outcome }) => outcome)).toEqual(Array(7).fill('sent'));

		const read = await reportsRead(dovecot, store).catch((error: unknown) => {
			throw new Error(`${String(error)}\n${relay.log()}`);
		});
		if (KEEP) await keepReports(name, dovecot);
		for (const refusal of REFUSALS) expectRead(refusal, read.get(refusal.recipient) ?? []);
		expect(far.taken).toEqual(new Map([[`fine@${FAR}`, 1]]));
		// Who bounced for good is on the list, and nobody else.
		const suppressed = await store.suppressions.check([
			`fine@${FAR}`,
			...REFUSALS.map(({ recipient }) => recipient),
		]);
		expect([...suppressed.keys()].sort()).toEqual(
			REFUSALS.filter(({ expected }) => expected.suppressed)
				.map(({ recipient }) => recipient)
				.sort(),
		);
	}, 120_000);
});

async function startRelay(
	name: 'postfix' | MailServerName,
	far: FaultServer,
	dovecot: Dovecot,
): Promise<{ port: number; log(): string; stop(): Promise<void> }> {
	if (name !== 'postfix')
		return await startMailServer(name, {
			relay: { [FAR]: far.port },
			home: { [HOME]: dovecot.lmtpPort },
			lifetimeSeconds: LIFETIME_SECONDS,
		});
	const postfix = await startPostfix({
		dovecot,
		domains: [HOME],
		transports: { [FAR]: `smtp:[127.0.0.1]:${far.port}` },
		asksNameServer: true,
		main: {
			myhostname: 'mx.example.net',
			default_transport: 'smtp',
			maximal_queue_lifetime: `${LIFETIME_SECONDS}s`,
			lmtp_tls_security_level: 'none',
		},
	});
	return { port: postfix.smtpPort, log: () => postfix.log(), stop: () => postfix.stop() };
}

/** What the mailbox's watch reads of the reports, by recipient, once there is one of each. */
async function reportsRead(dovecot: Dovecot, store: MailStore) {
	const read = new Map<string, ReportedEvent[]>();
	const account = {
		host: '127.0.0.1',
		port: dovecot.imapsPort,
		security: 'tls' as const,
		auth: { user: BOUNCES, pass: dovecot.password },
		tls: { ca: dovecot.caPem },
	};
	const watch = watchMailbox(account, {
		mailbox: 'INBOX',
		startWith: 'all',
		neededParts,
		loadMark: () => store.mailboxMarks.get('here'),
		saveMark: (mark, handedOn) => store.mailboxMarks.set('here', mark, handedOn),
		lookUp: (digests) => store.mailboxMarks.lookUp('here', digests),
		onMail: async ({ messages }) => {
			for (const message of messages) {
				const { events } = await takeInMail(message, store, { record: true, suppress: true });
				for (const event of events)
					read.set(event.recipient, [...(read.get(event.recipient) ?? []), event]);
			}
			return messages.map(() => ({ action: 'markRead' }));
		},
	});
	try {
		for (const until = Date.now() + 60_000; read.size < REFUSALS.length;) {
			if (Date.now() > until) throw new Error(`Only ${[...read.keys()].join(', ')} came home.`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		return read;
	} finally {
		await watch.stop();
	}
}

async function keepReports(server: string, dovecot: Dovecot): Promise<void> {
	const folder = path.resolve(__dirname, '../../fixtures/bounces/servers', server);
	mkdirSync(folder, { recursive: true });
	for (const { name, recipient } of REFUSALS) {
		const mail = await dovecot.doveadm('fetch', '-u', BOUNCES, 'text', 'text', recipient);
		writeFileSync(
			path.join(folder, `${name}.eml`),
			mail.replace(/^text:\n/, '').replace(/\f\n?/g, ''),
		);
	}
}
