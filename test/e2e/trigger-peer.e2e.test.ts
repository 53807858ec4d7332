import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Dovecot } from '../support/dovecot';
import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { FaultProxy } from '../support/fault-proxy';
import { startFaultProxy } from '../support/fault-proxy';
import { bounceOf } from './support/bounces';
import { deliverMany } from './support/lmtp';
import { chain, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { startedExecutions, tally } from './support/started';

/*
 * A measurement, not a promise: Bounce Trigger beside n8n's own Email Trigger (IMAP), in one n8n, on
 * one Dovecot, each with a mailbox and a faulty network of its own, and the same mails at the same
 * time. About twelve minutes: SMTP_SUITE_TRIGGER=whole. What Bounce Trigger promises, trigger-faults
 * holds it to.
 */
const missing = process.env.SMTP_SUITE_TRIGGER === 'whole' ? canRunDovecot() : 'a measurement';
const suite = missing ? describe.skip : describe;

const GONE = 'gone.test';
/** How long a mail may take to start its execution before it counts as missed. */
const PATIENCE_MS = 200_000;

interface Subject {
	name: string;
	user: string;
	proxy: FaultProxy;
	workflow: string;
	deliveredAt: Map<string, number>;
}

suite('Bounce Trigger and Email Trigger (IMAP) over the same network', () => {
	let n8n: TestN8n;
	let dovecot: Dovecot;
	const subjects: Subject[] = [];

	beforeAll(async () => {
		dovecot = await startDovecot({ users: ['ours@example.test', 'theirs@example.test'] });
		n8n = await startTestN8n();
		await add('Bounce Trigger', 'ours@example.test', (proxy, user) => ({
			type: 'imapAccount',
			data: {
				service: 'own',
				host: '127.0.0.1',
				port: proxy.port,
				security: 'tls',
				certificate: 'ownCa',
				caCertificate: dovecot.caPem,
				user,
				password: dovecot.password,
			},
			node: { type: 'n8n-nodes-smtp-suite.bounceTrigger' },
		}));
		await add('Email Trigger (IMAP)', 'theirs@example.test', (proxy, user) => ({
			type: 'imap',
			data: {
				host: '127.0.0.1',
				port: proxy.port,
				secure: true,
				allowUnauthorizedCerts: true,
				user,
				password: dovecot.password,
			},
			node: { type: 'n8n-nodes-base.emailReadImap', typeVersion: 2.1 },
		}));
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		for (const { proxy } of subjects) await proxy.close();
		await dovecot.stop();
	}, 60_000);

	async function add(
		name: string,
		user: string,
		describeIt: (
			proxy: FaultProxy,
			user: string,
		) => { type: string; data: object; node: { type: string; typeVersion?: number } },
	): Promise<void> {
		const proxy = await startFaultProxy(dovecot.imapsPort);
		const { type, data, node } = describeIt(proxy, user);
		const { api } = n8n.server;
		const credential: string = await api.putCredential(name, type, data);
		const { id: workflow } = (await api.createWorkflow(
			chain(name, [
				{ name, ...node, credentials: { [type]: { id: credential, name } } },
				{ name: 'Done', type: 'n8n-nodes-base.noOp' },
			]),
		)) as { id: string };
		await api.activate(workflow);
		subjects.push({ name, user, proxy, workflow, deliveredAt: new Map() });
	}

	let counter = 0;
	/** The same mail to both. @returns the addresses that they are about */
	const deliver = async (count: number): Promise<string[]> => {
		const names = Array.from({ length: count }, () => `p${(counter += 1)}-x@${GONE}`);
		await Promise.all(
			subjects.map(async ({ user, deliveredAt }) => {
				await deliverMany(
					dovecot.lmtpPort,
					user,
					names.map((name) => bounceOf(name)),
					(position) => deliveredAt.set(names[position] ?? '', Date.now()),
				);
			}),
		);
		return names;
	};
	const started = ({ workflow }: Subject) => startedExecutions(n8n, workflow, GONE);
	/** What became of these mails, once all are there or patience is over. */
	const outcomeOf = async (subject: Subject, names: readonly string[]): Promise<string> => {
		const begun = Date.now();
		for (;;) {
			const now = started(subject);
			const { missing: late } = tally(now, names);
			if (late.length > 0 && Date.now() - begun < PATIENCE_MS) {
				await sleep(200);
				continue;
			}
			await sleep(2_000);
			const { missing: lost, doubled } = tally(started(subject), names);
			const times = now.flatMap(({ at, recipients }) =>
				recipients.flatMap((one) =>
					names.includes(one) ? at - (subject.deliveredAt.get(one) ?? 0) : [],
				),
			);
			times.sort((a, b) => a - b);
			return [
				lost.length > 0 ? `${lost.length} of ${names.length} missing after ${PATIENCE_MS} ms` : '',
				times.length > 0 ? `median ${times[times.length >> 1]} ms, worst ${times.at(-1)} ms` : '',
				doubled.length > 0 ? `${doubled.length} twice` : '',
			]
				.filter(Boolean)
				.join('; ');
		}
	};
	const measure = async (
		what: string,
		count: number,
		before: (subject: Subject) => unknown,
		after: (subject: Subject) => unknown = () => undefined,
	): Promise<void> => {
		await Promise.all(subjects.map(before));
		const names = await deliver(count);
		await Promise.all(subjects.map(after));
		await tell(what, names);
	};
	/** Prints what became of these mails. Ours must have started each of them once. */
	const tell = async (what: string, names: readonly string[]): Promise<void> => {
		const outcomes = await Promise.all(subjects.map((subject) => outcomeOf(subject, names)));
		for (const [index, { name, proxy }] of subjects.entries())
			process.stdout.write(
				`    ${what} | ${name} | ${outcomes[index]} | at most ${proxy.peakConnections} connections\n`,
			);
		expect(outcomes[0]).not.toMatch(/missing|twice/);
		expect(subjects[0]?.proxy.peakConnections).toBe(1);
	};

	it('nothing wrong', async () => {
		const names: string[] = [];
		for (let count = 0; count < 50; count += 1) {
			names.push(...(await deliver(1)));
			await sleep(500 + Math.random() * 300);
		}
		await tell('50 mails', names);
	}, 300_000);

	it('reset', async () => {
		await measure('reset', 3, ({ proxy }) => {
			proxy.reset();
		});
	}, 300_000);

	it('refused for 30 s', async () => {
		await measure(
			'refused for 30 s',
			3,
			async ({ proxy }) => {
				await proxy.refuse();
				proxy.reset();
			},
			async ({ proxy }) => {
				await sleep(30_000);
				await proxy.accept();
			},
		);
	}, 300_000);

	it('a connection that dies without a word', async () => {
		await sleep(3_000);
		await measure('frozen connection', 3, ({ proxy }) => {
			proxy.freeze('open');
		});
		for (const { proxy } of subjects) {
			proxy.reset();
			proxy.unfreeze();
		}
		await sleep(5_000);
	}, 300_000);

	it('a mailbox that comes back with another UIDVALIDITY', async () => {
		await dovecot.down();
		await sleep(1_100);
		for (const { user } of subjects) {
			const maildir = path.join(dovecot.mailFolder, user, 'Maildir');
			for (const file of readdirSync(maildir))
				if (file.startsWith('dovecot')) rmSync(path.join(maildir, file));
		}
		await dovecot.up();
		await measure('another UIDVALIDITY', 3, () => undefined);
	}, 300_000);

	it('n8n killed while mails come', async () => {
		const coming = (async () => {
			const names: string[] = [];
			for (let count = 0; count < 30; count += 1) {
				names.push(...(await deliver(1)));
				await sleep(100);
			}
			return names;
		})();
		await sleep(1_500);
		await n8n.restart('kill');
		const names = await coming;
		await tell('n8n killed, 30 mails', names);
	}, 500_000);
});
