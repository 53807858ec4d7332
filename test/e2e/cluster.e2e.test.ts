import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startCluster } from '../../scripts/cluster/cluster.cjs';
import { missingServices } from '../../scripts/cluster/services.cjs';
import { OWNER, setUpDemo, startMailServer } from '../../scripts/demo/demo.cjs';
import { buildPackage, ensureN8n } from '../../scripts/lib/toolchain.cjs';
import { startFaultServer } from '../support/fault-smtp-server';
import { chain, eventually, itemsOf, PRESS } from './support/n8n';
import { plainAccount } from './support/plain-account';

const missing = missingServices();
if (missing !== undefined) console.warn(`Queue mode is skipped: ${missing}`);

/** SMTP_SUITE_BLOWS=20 kills so many workers in the middle of the campaign. */
const BLOWS = Number(process.env.SMTP_SUITE_BLOWS ?? 1);
const RECIPIENTS = 400 + 200 * BLOWS;

interface Status {
	state: string;
	sent: number;
	unknown: number;
}

/** A main process, a webhook processor, two workers, Redis and PostgreSQL, all on this machine. */
(missing === undefined ? describe : describe.skip)('n8n in queue mode', () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-cluster-'));
	// PostgreSQL runs as nobody when we are root.
	chmodSync(folder, 0o755);
	let cluster: Awaited<ReturnType<typeof startCluster>>;
	let mail: Awaited<ReturnType<typeof startMailServer>>;
	let workflows: Record<string, string>;

	beforeAll(async () => {
		mail = await startMailServer();
		cluster = await startCluster({
			n8nFolder: process.env.SMTP_SUITE_N8N ?? (await ensureN8n()),
			tarball: process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(folder, 'packed'))),
			folder,
		});
		await cluster.main.api.signIn(OWNER);
		workflows = await setUpDemo(cluster.main.api, mail.ports, cluster.mailStore);
	}, 300_000);
	afterAll(async () => {
		await cluster.stop();
		mail.stop();
		rmSync(folder, { recursive: true, force: true });
	}, 60_000);

	const run = async (id: string, trigger: string) => {
		const { api } = cluster.main;
		const execution = await api.finished(await api.execute(id, trigger), 120_000);
		expect(execution.error).toBeUndefined();
		return execution;
	};
	const idOf = (name: string) => workflows[name] ?? '';
	const executions = async (name: string, count: number) =>
		await eventually(
			async () => {
				const found = await cluster.main.api.executions(idOf(name));
				return found.length >= count ? found : undefined;
			},
			`${count} executions of ${name}`,
			60_000,
		);

	it('goes round the whole loop: sent by a worker, bounces read, links answered by the webhook processor', async () => {
		const press = async () =>
			(await run(idOf('Send the newsletter'), 'Press Execute'))
				.outputs('SMTP Bulk Send')
				.map((items: unknown[]) => items.length);
		expect(await press()).toEqual([40, 0, 0, 0]);
		await executions('Handle bounces', 2);
		expect(await press()).toEqual([0, 0, 0, 40]);

		const delivered = (await (
			await fetch(`http://127.0.0.1:${mail.ports.page}/mails.json`)
		).json()) as { to: string; raw: string }[];
		const leave = /^List-Unsubscribe: <([^>]+)>/m.exec(delivered[0]?.raw ?? '')?.[1] ?? '';
		expect(leave.startsWith(cluster.webhook.url)).toBe(true);
		const left = await fetch(leave, {
			method: 'POST',
			body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
		});
		expect(left.status).toBe(200);
		await executions('Hear from readers', 1);

		const report = await run(idOf('See how it went'), 'Press Execute');
		expect(report.outputs('Campaign Report')[0]?.[0]?.json).toMatchObject({
			sent: 40,
			bounced: 2,
			delivered: 38,
			unsubscribed: 1,
		});
	}, 180_000);

	it(
		`a campaign that two executions share is finished by Resume after ${BLOWS} workers were killed`,
		async () => {
			const { api } = cluster.main;
			const server = await startFaultServer(() => 'go', { delayMs: 25 });
			try {
				const smtpAccount = await plainAccount({ server: cluster.main }, server.port, 'Slow');
				const known = (await api.request('GET', '/credentials')) as { id: string; name: string }[];
				const store = known.find(({ name }) => name === 'Demo store');
				const credentials = {
					smtpAccount,
					mailStorePostgres: { id: store?.id, name: 'Demo store' },
				};
				const people = Array.from({ length: RECIPIENTS }, (_, index) => ({
					name: `Person ${index}`,
					email: `person${index}@example.test`,
				}));
				const make = async (items: readonly object[], parameters: object) =>
					(
						await api.createWorkflow(
							chain('Bulk', [
								PRESS,
								...itemsOf(items),
								{
									name: 'Bulk',
									type: 'n8n-nodes-smtp-suite.smtpBulkSend',
									parameters: { campaignId: 'shared', outputItems: 'summary', ...parameters },
									credentials,
								},
							]),
						)
					).id as string;
				const mailing = {
					...{ fromEmail: 'News <news@example.test>', subject: 'Hello {{name}}' },
					html: '<p>Dear {{name}}</p>',
				};
				const [campaign, resume, status] = await Promise.all([
					make(people, mailing),
					make([{}], { operation: 'resume' }),
					make([{}], { operation: 'status' }),
				]);
				for (let times = 0; times < 2; times += 1) await api.execute(campaign, 'Press');
				for (let blow = 0; blow < BLOWS; blow += 1) {
					const before = server.taken.size;
					await eventually(
						() => Promise.resolve(server.taken.size >= before + 60 ? true : undefined),
						'mails to go out',
						120_000,
					);
					await sleep(Math.random() * 200);
					await cluster.workers[blow % 2]?.kill();
					cluster.workers[blow % 2] = await cluster.startWorker();
					await api.execute(resume, 'Press');
				}
				const done = await eventually(
					async () => {
						await run(resume, 'Press');
						const now = (await run(status, 'Press')).outputs('Bulk')[0]?.[0]?.json as Status;
						return now.state === 'finished' ? now : undefined;
					},
					'the end of the campaign',
					180_000,
				);
				expect([...server.taken].filter(([, times]) => times > 1)).toEqual([]);
				expect(done.sent + done.unknown).toBe(RECIPIENTS);
				expect(done.unknown).toBeLessThanOrEqual(10 * BLOWS);
				expect(server.taken.size).toBeGreaterThanOrEqual(done.sent);
				process.stdout.write(
					`${BLOWS} workers killed: ${done.sent} sent, ${done.unknown} unknown\n`,
				);
			} finally {
				await server.close();
			}
		},
		300_000 + BLOWS * 60_000,
	);
});
