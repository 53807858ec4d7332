import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { startFaultServer } from '../support/fault-smtp-server';
import type { FaultServer } from '../support/fault-smtp-server';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

/** BULK_KILLS=30 for a long run. */
const KILLS = Number(process.env.BULK_KILLS ?? 1);
const RECIPIENTS = 300 + KILLS * 200;

const people = Array.from({ length: RECIPIENTS }, (_, index) => ({
	name: `Person ${index}`,
	email: `person${index}@example.test`,
}));

/** What the tests read of the node's items. */
interface Told {
	reasons: { reason: string }[];
	delivery: { outcome: string };
	state: string;
	remaining: number;
	sent: number;
	unknown: number;
	campaignId: string;
}

describe('SMTP Bulk Send in a real n8n', () => {
	let server: FaultServer;
	let n8n: TestN8n;
	let account: string;

	beforeAll(async () => {
		server = await startFaultServer(() => 'go', { delayMs: 25 });
		n8n = await startTestN8n();
		account = (await plainAccount(n8n, server.port, 'Server')).id;
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await server.close();
	}, 60_000);

	const FORM = {
		campaignId: 'crash-1',
		fromEmail: 'News <news@example.test>',
		subject: 'Hello {{name}}',
		html: '<p>Dear {{name}}, <a href="https://example.test/u">unsubscribe</a></p>',
	};

	async function workflow(name: string, items: readonly object[], parameters: object) {
		const { api } = n8n.server;
		const made = await api.createWorkflow(
			chain(name, [
				PRESS,
				...itemsOf(items),
				{
					name: 'Bulk',
					type: 'n8n-nodes-smtp-suite.smtpBulkSend',
					parameters,
					credentials: { smtpAccount: { id: account, name: 'Server' } },
				},
			]),
		);
		return made.id as string;
	}

	async function press(id: string): Promise<Told[][]> {
		const { api } = n8n.server;
		const execution = await api.finished(await api.execute(id, 'Press'));
		expect(execution.error).toBeUndefined();
		return execution
			.outputs('Bulk')
			.map((items: { json: Told }[]) => items.map(({ json }) => json));
	}

	it('tells in a dry run what would happen, and connects to nobody', async () => {
		const items = [...people.slice(0, 5), { email: 'nobody' }, { email: 'a@b.test' }];
		const id = await workflow('Dry', items, { ...FORM, operation: 'dryRun', campaignId: 'dry' });
		const [report = [], leftOut = []] = await press(id);
		expect(report).toMatchObject([
			{ recipients: 7, ready: 5, failed: 1, skipped: { invalidAddress: 1 }, hints: [] },
		]);
		expect(report[0]).toMatchObject({
			deliverability: { checks: { size: 'pass' }, sample: 'person0@example.test' },
		});
		expect(report[0]?.reasons[0]?.reason).toContain('"name" is missing');
		expect(leftOut.map(({ delivery }) => delivery.outcome)).toEqual(['skipped', 'failed']);
		expect(server.taken.size).toBe(0);
	}, 60_000);

	it('sends a test to given addresses only', async () => {
		const id = await workflow('Test', people.slice(0, 3), {
			...FORM,
			operation: 'testSend',
			testEmail: 'me@example.test',
			samples: 2,
		});
		const [sent = [], failed] = await press(id);
		expect(sent).toMatchObject([
			{ to: 'me@example.test', sample: 'person0@example.test', outcome: 'sent' },
			{ to: 'me@example.test', sample: 'person1@example.test', outcome: 'sent' },
		]);
		expect(failed ?? []).toEqual([]);
		expect([...server.taken.keys()]).toEqual(['me@example.test']);
		server.taken.clear();
	}, 60_000);

	it('is paused, told of, resumed and cancelled by other executions while two of it run', async () => {
		const { api } = n8n.server;
		const id = 'ordered';
		// At least a minute's worth: whatever ends it sooner was told to.
		const crowd = Array.from({ length: 12_000 }, (_, index) => ({
			name: `Person ${index}`,
			email: `crowd${index}@example.test`,
		}));
		const form = { ...FORM, campaignId: id, outputItems: 'summary' };
		const campaigns = [
			await workflow('Crowd', crowd, form),
			await workflow('Crowd once more', crowd, form),
		];
		const order = async (operation: string, more = {}) =>
			await workflow(operation, [{}], { operation, campaignId: id, ...more });
		const status = await order('status');
		const pause = await order('pause');
		const cancel = await order('cancel');
		const resume = await order('resume', { resumeWhich: 'one', outputItems: 'summary' });
		const now = async () => ((await press(status))[0] ?? [])[0];
		const untilSent = (count: number) =>
			eventually(
				async () => (((await now())?.sent ?? 0) >= count ? true : undefined),
				`${count} mails`,
				60_000,
			);

		const runs = [];
		for (const campaign of campaigns) runs.push(await api.execute(campaign, 'Press'));
		await untilSent(100);
		expect(await now()).toMatchObject({ state: 'running', recipients: 12_000, isSending: true });
		expect((await press(pause)).flat()).toMatchObject([{ campaignId: id, state: 'paused' }]);
		for (const run of runs) {
			const ended = await api.finished(run, 20_000);
			expect(ended.error).toBeUndefined();
			expect(ended.outputs('Bulk')[0]?.[0]?.json).toMatchObject({ campaignId: id });
		}
		const paused = await now();
		const { size } = server.taken;
		await sleep(1_500);
		expect(server.taken.size).toBe(size);
		expect(paused).toMatchObject({ state: 'paused', sent: size, isSending: false });

		const resumed = await api.execute(resume, 'Press');
		await untilSent(size + 100);
		expect((await press(cancel)).flat()).toMatchObject([{ campaignId: id, state: 'cancelled' }]);
		expect((await api.finished(resumed, 20_000)).error).toBeUndefined();
		const cancelled = await now();
		expect(cancelled).toMatchObject({ state: 'cancelled', sent: server.taken.size });
		expect(server.taken.size).toBeLessThan(12_000);
		expect([...server.taken.values()].every((times) => times === 1)).toBe(true);
		// It is over: whoever comes back with the list mails nobody.
		const [again] = (await press(campaigns[0] ?? ''))[0] ?? [];
		expect(again).toMatchObject({ sent: 0 });
		expect(server.taken.size).toBe(cancelled?.sent);
		server.taken.clear();
	}, 240_000);

	it(
		`is finished by Resume alone after ${KILLS} kills of n8n: nobody lost, nobody mailed twice`,
		async () => {
			const campaign = await workflow('Campaign', people, { ...FORM, outputItems: 'summary' });
			const resume = await workflow('Resume', [{}], { operation: 'resume' });
			const status = await workflow('Status', [{}], { operation: 'status', campaignId: 'crash-1' });

			await n8n.server.api.execute(campaign, 'Press');
			for (let kills = 0; kills < KILLS; kills += 1) {
				if (kills > 0) await n8n.server.api.execute(resume, 'Press');
				const before = server.taken.size;
				await eventually(
					() => Promise.resolve(server.taken.size >= before + 50 ? true : undefined),
					'mails to go out',
					60_000,
				);
				await sleep(Math.random() * 100);
				await n8n.restart('kill');
			}
			const [stopped] = (await press(status))[0] ?? [];
			expect(stopped).toMatchObject({ campaignId: 'crash-1', recipients: RECIPIENTS });
			expect(stopped?.remaining).toBeGreaterThan(0);
			// What the dead process had claimed is free when its lease is over.
			const done = await eventually(
				async () => {
					await press(resume);
					const [now] = (await press(status))[0] ?? [];
					return now?.state === 'finished' ? now : undefined;
				},
				'the end of the campaign',
				150_000,
			);
			const twice = [...server.taken].filter(([, times]) => times > 1);
			expect(twice).toEqual([]);
			expect(done.sent + done.unknown).toBe(RECIPIENTS);
			expect(done.unknown).toBeLessThanOrEqual(5 * KILLS);
			expectServerToAgree('crash-1', people);
			process.stdout.write(
				`${KILLS} kills of n8n, finished by Resume: ${done.sent} sent, ${done.unknown} unknown\n`,
			);
			// Nothing is owed any more: harmless.
			expect((await press(resume)).flat()).toEqual([]);
		},
		240_000 + KILLS * 60_000,
	);

	it(
		`is finished by Retry alone after ${KILLS} kills of n8n: nobody lost, nobody mailed twice`,
		async () => {
			const retried = Array.from({ length: 300 + KILLS * 200 }, (_, index) => ({
				name: `Person ${index}`,
				email: `retried${index}@example.test`,
			}));
			const taken = () => retried.filter(({ email }) => server.taken.has(email)).length;
			// Of an execution that was started in the editor and crashed, n8n keeps nothing to retry.
			const { id } = (await n8n.server.api.createWorkflow(
				chain('Retried', [
					{
						name: 'Webhook',
						type: 'n8n-nodes-base.webhook',
						typeVersion: 2,
						webhookId: 'retried',
						parameters: { path: 'retried' },
					},
					...itemsOf(retried),
					{
						name: 'Bulk',
						type: 'n8n-nodes-smtp-suite.smtpBulkSend',
						parameters: { ...FORM, campaignId: 'crash-2', outputItems: 'summary' },
						credentials: { smtpAccount: { id: account, name: 'Server' } },
					},
				]),
			)) as { id: string };
			await n8n.server.api.activate(id);
			await fetch(`${n8n.server.url}/webhook/retried`);
			for (let kills = 0; kills < KILLS; kills += 1) {
				const before = taken();
				await eventually(
					() => Promise.resolve(taken() >= before + 50 ? true : undefined),
					'mails to go out',
					90_000,
				);
				await sleep(Math.random() * 100);
				await n8n.restart('kill');
				await retry(id);
			}
			const [newest] = await n8n.server.api.executions(id);
			const last = await n8n.server.api.finished(newest.id as string, 240_000);
			expect(last.status).toBe('success');
			const status = await workflow('Status', [{}], { operation: 'status', campaignId: 'crash-2' });
			const [done] = (await press(status))[0] ?? [];
			expect(done).toMatchObject({ state: 'finished', recipients: retried.length, remaining: 0 });
			expect(retried.filter(({ email }) => (server.taken.get(email) ?? 0) > 1)).toEqual([]);
			const { sent = 0, unknown = 0 } = done ?? {};
			expect(sent + unknown).toBe(retried.length);
			expect(unknown).toBeLessThanOrEqual(5 * KILLS);
			expectServerToAgree('crash-2', retried);
			process.stdout.write(
				`${KILLS} kills of n8n, finished by Retry: ${sent} sent, ${unknown} unknown\n`,
			);
		},
		300_000 + KILLS * 60_000,
	);

	it('forgets an old campaign by Clean Up, and no other', async () => {
		const before = { operation: 'cleanUp', cleanUpDays: 60 };
		const look = await workflow('Look', [{}], { ...before, cleanUpOnlyShow: true });
		const cleanUp = await workflow('Clean up', [{}], before);
		const status = await workflow('Status', [{}], { operation: 'status', statusWhich: 'newest' });
		const ids = async () => ((await press(status))[0] ?? []).map(({ campaignId }) => campaignId);
		const kept = await ids();
		expect(kept).toContain('crash-1');
		expect((await press(cleanUp)).flat()).toEqual([]);

		const store = openFile();
		store
			.prepare('UPDATE campaign SET finished_at = finished_at - ? WHERE name = ?')
			.run(61 * 86_400_000, 'crash-1');
		store.close();
		expect((await press(look)).flat()).toMatchObject([
			{ campaignId: 'crash-1', deleted: 'nothing' },
		]);
		expect(await ids()).toEqual(kept);
		expect((await press(cleanUp)).flat()).toMatchObject([
			{ campaignId: 'crash-1', deleted: 'everything', recipients: RECIPIENTS },
		]);
		expect(await ids()).toEqual(kept.filter((id) => id !== 'crash-1'));
	}, 120_000);

	const openFile = () =>
		new DatabaseSync(path.join(n8n.userFolder, '.n8n/storage/n8n-nodes-smtp-suite/mail.sqlite'));

	/** Who was sent a mail has it, and whoever else has one is `unknown`. */
	function expectServerToAgree(campaignId: string, all: readonly { email: string }[]): void {
		const store = openFile();
		const rows = store
			.prepare(
				'SELECT address, recipient.state FROM recipient JOIN campaign ON campaign.id = campaign WHERE name = ?',
			)
			.all(campaignId) as { address: string; state: string }[];
		store.close();
		const stateOf = new Map(rows.map(({ address, state }) => [address, state]));
		const has = ({ email }: { email: string }) => server.taken.has(email);
		const isSent = ({ email }: { email: string }) => stateOf.get(email) === 'sent';
		expect(all.filter((one) => isSent(one) && !has(one))).toEqual([]);
		expect(
			all.filter((one) => has(one) && !isSent(one) && stateOf.get(one.email) !== 'unknown'),
		).toEqual([]);
	}

	/** Presses Retry on the newest execution, once n8n has noticed that it crashed. */
	async function retry(workflowId: string): Promise<void> {
		const newest = async () => {
			const [execution] = await n8n.server.api.executions(workflowId);
			return execution as { id: string; status: string };
		};
		const crashed = await eventually(async () => {
			const execution = await newest();
			return execution.status === 'running' ? undefined : execution;
		}, 'the end of the execution');
		let refusal: Error | undefined;
		n8n.server.api
			.request('POST', `/executions/${crashed.id}/retry`, {})
			.catch((error: unknown) => {
				// The connection breaks when n8n is killed; an answer of n8n is another thing.
				if (error instanceof Error && error.message.startsWith('n8n answered')) refusal = error;
			});
		await eventually(async () => {
			if (refusal) throw refusal;
			return (await newest()).id === crashed.id ? undefined : true;
		}, 'the retry');
	}
});
