import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { openDns } from '../../../mail/deliverability/dns';
import { makeDkimSigner, signMessage } from '../../../mail/message/dkim';
import { dkimPublicKeyText } from '../../../mail/message/dkim-key';
import { markProbe } from '../../../mail/round-trip/probe';
import { makeRoundTrip } from '../../../mail/round-trip/round-trip';
import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpAccount } from '../../../mail/smtp/account';
import type { SmtpPool } from '../../../mail/smtp/send-result';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import type { OpenMilters } from '../../support/open-milters';
import { canRunOpenMilters, startOpenMilters } from '../../support/open-milters';
import type { Postfix } from '../../support/postfix';
import { canRunPostfix, startPostfix } from '../../support/postfix';
import type { Rspamd } from '../../support/rspamd';
import { canRunRspamd, startRspamd } from '../../support/rspamd';
import type { NameServer } from '../../support/zone-server';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';

const missing = canRunDovecot() ?? canRunPostfix() ?? canRunOpenMilters() ?? canRunRspamd();
if (missing !== undefined) console.warn(`Receivers with milters are skipped: ${missing}`);

/** Of this test alone. */
const NAMES = '127.53.0.2';
const ADA = 'ada@example.test';
const FROM = 'news@sender.test';
/** As Postfix names itself, and so as its milters write. */
const RECEIVER = 'mx.example.test';

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2_048 })
	.privateKey.export({ type: 'pkcs8', format: 'pem' })
	.toString();
const made = makeDkimSigner({ domain: 'sender.test', selector: 's1', privateKey });
if (!made.ok) throw new Error(made.problem);
const { signer } = made;
const KEY = `v=DKIM1; k=rsa; p=${dkimPublicKeyText(signer.key)}`;

const plain = (more = '') =>
	Buffer.from(
		`${more}From: News <${FROM}>\r\nTo: ${ADA}\r\nSubject: The garden\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <${Math.random()}@sender.test>\r\n\r\nThe garden opens on Monday.\r\n`,
	);
const signed = (more?: string) => signMessage(signer, plain(more), new Date());
const changed = () =>
	Buffer.from(signed().toString('latin1').replace('on Monday', 'on Sunday'), 'latin1');
const claims = (result: string) =>
	`Authentication-Results: ${RECEIVER};\r\n\tdkim=${result} header.d=sender.test;\r\n\tspf=${result} smtp.mailfrom=${FROM};\r\n\tdmarc=${result} header.from=sender.test\r\n`;

type Logged = Record<'dkim' | 'spf' | 'dmarc', boolean>;

const KINDS = ['OpenDKIM and OpenDMARC', 'rspamd'] as const;

if (missing === undefined)
	describeWithNameServer('a receiver that judges by milters', () => {
		let names: NameServer;
		let dovecot: Dovecot;
		let open: OpenMilters;
		let rspamd: Rspamd;
		const receivers = new Map<string, { postfix: Postfix; pool: SmtpPool; account: SmtpAccount }>();

		beforeAll(async () => {
			names = await startNameServer(
				[
					['sender.test', 'TXT', 'v=spf1 ip4:127.0.0.1 -all'],
					['sender.test', 'MX', '10 mail.sender.test.'],
					['mail.sender.test', 'A', '127.0.0.1'],
					[
						's1._domainkey.sender.test',
						'TXT',
						`v=DKIM1; k=rsa; p=${dkimPublicKeyText(signer.key)}`,
					],
					['_dmarc.sender.test', 'TXT', 'v=DMARC1; p=none'],
				],
				NAMES,
			);
			dovecot = await startDovecot({ users: [ADA] });
			open = await startOpenMilters(RECEIVER, NAMES, { 's1._domainkey.sender.test': KEY });
			rspamd = await startRspamd({ milterAsking: NAMES });
			const milters = {
				'OpenDKIM and OpenDMARC': open.milters,
				rspamd: [`inet:127.0.0.1:${rspamd.milterPort}`],
			};
			for (const kind of KINDS) {
				const postfix = await startPostfix({
					dovecot,
					main: { smtpd_milters: milters[kind].join(', '), milter_default_action: 'tempfail' },
				});
				const account: SmtpAccount = {
					...{ host: '127.0.0.1', port: postfix.smtpPort, security: 'starttls' },
					tls: { ca: dovecot.caPem },
					limits: { connections: 1, messagesPerConnection: 100 },
				};
				receivers.set(kind, { postfix, account, pool: createSmtpPool(account) });
			}
		}, 180_000);
		afterAll(async () => {
			for (const { pool, postfix } of receivers.values()) {
				await pool.close();
				await postfix.stop();
			}
			await rspamd.stop();
			await open.stop();
			await dovecot.stop();
			await names.stop();
		}, 60_000);

		async function trip(kind: string, raw: Buffer) {
			const { account, pool } = receivers.get(kind)!;
			const messageId = /^Message-ID: <([^>]+)>/im.exec(raw.toString('latin1'))?.[1] ?? '';
			const told = await makeRoundTrip({
				...{ account, pool, patienceMs: 30_000, pollMs: 200 },
				mailbox: {
					...{ host: '127.0.0.1', port: dovecot.imapPort, security: 'starttls' },
					auth: { user: ADA, pass: dovecot.password },
					tls: { ca: dovecot.caPem },
				},
				probe: markProbe(raw, { from: FROM, to: [ADA] }),
				openDns: () => openDns({ servers: [names.address] }),
			});
			if (told.outcome !== 'arrived') throw new Error(JSON.stringify(told.findings));
			const ids = told.findings.map(({ id }) => id);
			const said = Object.fromEntries(told.results.map(({ method, result }) => [method, result]));
			const logged = await loggedOf(kind, messageId);
			// What we read in the mail is what the programs wrote down for their own administrator.
			for (const method of ['dkim', 'spf', 'dmarc'] as const)
				expect(`${kind}, ${method}: ${said[method] === 'pass'}`).toBe(
					`${kind}, ${method}: ${logged[method]}`,
				);
			return { ids, said };
		}

		/** Whether each method passed, by the logs of the programs; waits for them. */
		async function loggedOf(kind: string, messageId: string) {
			for (let tries = 0; tries < 100; tries += 1) {
				const logged =
					kind === 'rspamd' ? inRspamdLog(messageId) : inSyslog(queueIdOf(kind, messageId));
				if (logged) return logged;
				await sleep(100);
			}
			throw new Error(`${kind} logged nothing of ${messageId}: ${open.log().slice(-3_000)}`);
		}

		function inRspamdLog(messageId: string): Logged | undefined {
			const line = rspamd
				.log()
				.split('\n')
				.find((each) => each.includes(`rspamd_task_write_log: id: <${messageId}>`));
			if (line === undefined) return undefined;
			return {
				dkim: line.includes('R_DKIM_ALLOW('),
				spf: line.includes('R_SPF_ALLOW('),
				dmarc: line.includes('DMARC_POLICY_ALLOW('),
			};
		}

		/** Postfix tells which of its mails it was; the milters know no other name of it. */
		function queueIdOf(kind: string, messageId: string): string | undefined {
			const log = receivers.get(kind)?.postfix.log() ?? '';
			const line = log.split('\n').findLast((each) => each.includes(`message-id=<${messageId}>`));
			return /: ([0-9A-Za-z]+): message-id=/.exec(line ?? '')?.[1];
		}

		function inSyslog(queueId: string | undefined): Logged | undefined {
			const lines = open
				.log()
				.split('\n')
				.filter((line) => queueId !== undefined && line.includes(`]: ${queueId}: `));
			const dmarc = lines.find((line) =>
				/opendmarc\[\d+\]: \w+: sender\.test (?:pass|fail|none)/.test(line),
			);
			if (dmarc === undefined) return undefined;
			const holds = (text: string) => lines.some((line) => line.includes(text));
			return {
				dkim: holds('DKIM verification successful'),
				spf: holds('SPF(mailfrom): sender.test pass'),
				dmarc: dmarc.endsWith(' pass'),
			};
		}

		it.each(KINDS)(
			'%s: a signed mail passes, by the receiver and by ourselves',
			async (kind) => {
				const { ids, said } = await trip(kind, signed());
				expect(said).toMatchObject({ dkim: 'pass', dmarc: 'pass' });
				expect(ids).toEqual(
					expect.arrayContaining([
						'received.dkimPassed',
						'received.dmarcPassed',
						'roundTrip.signatureValid',
						'roundTrip.unchanged',
					]),
				);
			},
			60_000,
		);

		it.each(KINDS)(
			'%s: a mail that was changed after it was signed does not',
			async (kind) => {
				const { ids, said } = await trip(kind, changed());
				expect(said.dkim).toBeDefined();
				expect(said.dkim).not.toBe('pass');
				expect(ids).toContain('roundTrip.signatureBroken');
				expect(ids).not.toContain('received.dkimPassed');
				expect(ids).not.toContain('roundTrip.signatureDisputed');
			},
			60_000,
		);

		it.each(KINDS)(
			'%s: results that came with the mail, under the receiver’s own name, are not believed',
			async (kind) => {
				const praised = await trip(kind, Buffer.concat([Buffer.from(claims('pass')), changed()]));
				expect(praised.ids).not.toContain('received.dkimPassed');
				expect(praised.ids).toContain('roundTrip.signatureBroken');
				const blamed = await trip(kind, Buffer.concat([Buffer.from(claims('fail')), signed()]));
				expect(blamed.said).toMatchObject({ dkim: 'pass', dmarc: 'pass' });
				expect(blamed.ids).toContain('roundTrip.signatureValid');
			},
			90_000,
		);
	});
else it.skip(`receivers with milters: ${missing}`, () => undefined);
