import { setTimeout as sleep } from 'node:timers/promises';

import { bounceOf } from '../test/e2e/support/bounces';
import { deliverMany } from '../test/e2e/support/lmtp';
import { chain, startTestN8n } from '../test/e2e/support/n8n';
import type { NodeJson, TestN8n } from '../test/e2e/support/n8n';
import { startedExecutions } from '../test/e2e/support/started';
import type { Dovecot } from '../test/support/dovecot';
import { startDovecot } from '../test/support/dovecot';
import { compare } from './report';
import type { Benchmark, Measure } from './report';

const MAILS = Number(process.env.BENCH_MAILS ?? 200);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
/** As many executions at a time as Bounce Trigger has. */
const CALLERS = 10;
const GONE = 'gone.test';
const LOOK_MS = 300;
const PATIENCE_MS = 300_000;

/** A published workflow of a trigger and one more node, and how so many things come to start it. */
interface Watched {
	workflow: string;
	bring: (names: readonly string[]) => Promise<unknown>;
}

/**
 * As a user has it: published workflows in a real n8n, and bounces that arrive in a Dovecot one behind
 * the other. From the first delivery to the end of the last execution, so that nobody gains by
 * starting executions that n8n cannot run yet.
 *
 * Email Trigger (IMAP) starts one execution for up to twenty mails. Beside our execution for each
 * mail stands what n8n can do at all: its Webhook node, called with the recipient alone.
 */
export const benchmark: Benchmark = {
	about: `${MAILS} bounces delivered to a Dovecot, until the last execution in a real n8n has ended.`,
	async *run() {
		const users = ['each', 'lazy', 'together', 'peer'] as const;
		const dovecot = await startDovecot({ users: users.map(userOf) });
		try {
			yield* measured({}, async function* (n8n) {
				const together = await bounceTrigger(n8n, dovecot, 'together', { execution: 'together' });
				const peer = await emailTrigger(n8n, dovecot, 'peer');
				yield* compared(
					n8n,
					'mails, once for all new mails',
					together,
					"n8n's Email Trigger",
					peer,
				);
				const each = await bounceTrigger(n8n, dovecot, 'each', {});
				const floor = await webhook(n8n);
				yield* compared(n8n, 'mails, an execution each', each, "n8n's Webhook", floor);
			});
			// Without it n8n 2.40 makes a sandbox for expressions in each execution, needed or not.
			const lazily = { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' };
			yield* measured(lazily, async function* (n8n) {
				const each = await bounceTrigger(n8n, dovecot, 'lazy', {});
				const floor = await webhook(n8n);
				yield* compared(n8n, 'the same, LAZY_ACQUIRE', each, "n8n's Webhook", floor);
			});
		} finally {
			await dovecot.stop();
		}
	},
};

async function* measured(
	settings: NodeJS.ProcessEnv,
	work: (n8n: TestN8n) => AsyncGenerator<Measure>,
): AsyncGenerator<Measure> {
	const n8n = await startTestN8n(settings);
	try {
		yield* work(n8n);
	} finally {
		await n8n.stop();
	}
}

async function* compared(
	n8n: TestN8n,
	measure: string,
	ours: Watched,
	peerName: string,
	peer: Watched,
): AsyncGenerator<Measure> {
	// n8n answers before its triggers listen, and what is loaded at the first mail is no part of a rate.
	await sleep(3_000);
	for (const each of [ours, peer]) await rateOf(n8n, each, 20);
	yield await compare({
		measure,
		unit: 'mails/s',
		peerName,
		runs: RUNS,
		ours: () => rateOf(n8n, ours, MAILS),
		peer: () => rateOf(n8n, peer, MAILS),
	});
}

async function rateOf(n8n: TestN8n, { workflow, bring }: Watched, mails: number): Promise<number> {
	const names = Array.from({ length: mails }, (_, index) => `b${index}@${GONE}`);
	const last = startedExecutions(n8n, workflow, GONE).at(-1)?.id;
	const start = performance.now();
	await bring(names);
	for (const until = Date.now() + PATIENCE_MS; ;) {
		const now = performance.now();
		const ended = startedExecutions(n8n, workflow, GONE, last)
			.filter(({ status }) => status === 'success')
			.flatMap(({ recipients }) => recipients).length;
		if (ended === mails) return (mails * 1_000) / (now - start);
		if (ended > mails || Date.now() > until)
			throw new Error(`${ended} of ${mails} came to workflow ${workflow}.`);
		await sleep(LOOK_MS);
	}
}

async function webhook(n8n: TestN8n): Promise<Watched> {
	const node = { type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: 'plain' };
	const parameters = { path: 'plain', httpMethod: 'POST' };
	const workflow = await publish(n8n, 'Webhook', { ...node, parameters });
	const call = async (recipient: string) => {
		const answer = await fetch(`${n8n.server.url}/webhook/plain`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ recipient }),
		});
		if (!answer.ok) throw new Error(`The webhook answers ${answer.status}.`);
	};
	return {
		workflow,
		bring: async (names) => {
			const waiting = names.values();
			await Promise.all(
				Array.from({ length: CALLERS }, async () => {
					for (const name of waiting) await call(name);
				}),
			);
		},
	};
}

async function bounceTrigger(
	n8n: TestN8n,
	dovecot: Dovecot,
	name: string,
	parameters: object,
): Promise<Watched> {
	const account = {
		service: 'own',
		host: '127.0.0.1',
		port: dovecot.imapsPort,
		security: 'tls',
		certificate: 'ownCa',
		caCertificate: dovecot.caPem,
		user: userOf(name),
		password: dovecot.password,
	};
	const credentials = await credential(n8n, name, 'imapAccount', account);
	const type = 'n8n-nodes-smtp-suite.bounceTrigger';
	return byMail(dovecot, name, await publish(n8n, name, { type, parameters, credentials }));
}

async function emailTrigger(n8n: TestN8n, dovecot: Dovecot, name: string): Promise<Watched> {
	const account = {
		host: '127.0.0.1',
		port: dovecot.imapsPort,
		secure: true,
		allowUnauthorizedCerts: true,
		user: userOf(name),
		password: dovecot.password,
	};
	const credentials = await credential(n8n, name, 'imap', account);
	const type = 'n8n-nodes-base.emailReadImap';
	return byMail(dovecot, name, await publish(n8n, name, { type, typeVersion: 2.1, credentials }));
}

const userOf = (name: string) => `${name}@example.test`;

function byMail({ lmtpPort }: Dovecot, name: string, workflow: string): Watched {
	return {
		workflow,
		bring: (names) =>
			deliverMany(
				lmtpPort,
				userOf(name),
				names.map((recipient) => bounceOf(recipient)),
			),
	};
}

async function credential({ server }: TestN8n, name: string, type: string, account: object) {
	const id: string = await server.api.putCredential(name, type, account);
	return { [type]: { id, name } };
}

/** @returns the workflow's id */
async function publish(
	{ server: { api } }: TestN8n,
	name: string,
	trigger: Omit<Partial<NodeJson>, 'name'> & Pick<NodeJson, 'type'>,
): Promise<string> {
	const { id } = (await api.createWorkflow(
		chain(name, [
			{ ...trigger, name: 'Trigger' },
			{ name: 'Done', type: 'n8n-nodes-base.noOp' },
		]),
	)) as { id: string };
	await api.activate(id);
	return id;
}
