import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';

import { startCluster } from '../../scripts/cluster/cluster.cjs';
import { missingServices } from '../../scripts/cluster/services.cjs';
import { OWNER, setUpDemo, startMailServer } from '../../scripts/demo/demo.cjs';
import { buildPackage, ensureN8n } from '../../scripts/lib/toolchain.cjs';
import { startFaultServer } from '../support/fault-smtp-server';
import { chain, eventually, itemsOf, PRESS } from './support/n8n';
import { plainAccount } from './support/plain-account';

const missing = missingServices();
if (missing !== undefined) console.warn(`Queue mode is skipped: ${missing}`);

/** SMTP_SUITE_BLOWS=60 for a long run: campaigns of 5,000, one after another. */
const BLOWS = Number(process.env.SMTP_SUITE_BLOWS ?? 3);
/** No blow falls later than this after the first. */
const BLOWS_MS = Number(process.env.SMTP_SUITE_MINUTES ?? 60) * 60_000;
const RECIPIENTS = Math.min(800 + 350 * BLOWS, 5_000);
/** So many are left to be mailed when the next campaign is started, so that every blow meets mails. */
const LAST = 500;
const WORKERS = 3;
const EXECUTIONS = 4;
/** What a worker may meet with, in the middle of the campaign. */
const FATES = ['frozen', 'killed', 'stopped'] as const;
/** Longer than the lease of the Bulk Send node (30 s). */
const FROZEN_MS = 40_000;

/** Ids of the campaign and of its workflows. */
interface Campaign {
	id: string;
	start: string;
	resume: string;
	status: string;
}

interface Status {
	state: string;
	sent: number;
	unknown: number;
}

/** A main process, a webhook processor, three workers, Redis and PostgreSQL, all on this machine. */
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
			workers: WORKERS,
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
		`campaigns that four executions share are finished by Resume after ${BLOWS} blows at their workers`,
		async () => {
			const { api } = cluster.main;
			const asked = new Set<string>();
			const server = await startFaultServer(
				(moment, address) => {
					if (moment === 'rcptTo') asked.add(address);
					return 'go';
				},
				{ delayMs: 250 },
			);
			try {
				const smtpAccount = await plainAccount({ server: cluster.main }, server.port, 'Slow');
				const known = (await api.request('GET', '/credentials')) as { id: string; name: string }[];
				const store = known.find(({ name }) => name === 'Demo store');
				const credentials = {
					smtpAccount,
					mailStorePostgres: { id: store?.id, name: 'Demo store' },
				};
				/** A campaign, its Resume and its Status, as workflows. */
				const make = async (id: string): Promise<Campaign> => {
					const people = Array.from({ length: RECIPIENTS }, (_, index) => ({
						name: `Person ${index}`,
						email: `person${index}@${id}.test`,
					}));
					const workflow = async (items: readonly object[], parameters: object) =>
						(
							await api.createWorkflow(
								chain('Bulk', [
									PRESS,
									...itemsOf(items),
									{
										name: 'Bulk',
										type: 'n8n-nodes-smtp-suite.smtpBulkSend',
										parameters: { campaignId: id, outputItems: 'summary', ...parameters },
										credentials,
									},
								]),
							)
						).id as string;
					const mailing = {
						...{ fromEmail: 'News <news@example.test>', subject: 'Hello {{name}}' },
						html: '<p>Dear {{name}}</p>',
					};
					const [start, resume, status] = await Promise.all([
						workflow(people, mailing),
						workflow([{}], { operation: 'resume' }),
						workflow([{}], { operation: 'status' }),
					]);
					return { id, start, resume, status };
				};
				const takenOf = (campaign: string) =>
					[...server.taken.keys()].filter((address) => address.endsWith(`@${campaign}.test`))
						.length;

				const campaigns: Campaign[] = [];
				const begin = async (): Promise<Campaign> => {
					const campaign = await make(`shared-${campaigns.length + 1}`);
					campaigns.push(campaign);
					for (let times = 0; times < EXECUTIONS; times += 1)
						await api.execute(campaign.start, 'Press');
					return campaign;
				};

				const met = { killed: 0, stopped: 0, frozen: 0 };
				const working = new Set(cluster.workers);
				/** What goes on beside the blows: workers that start, end, or are frozen for their time. */
				const beside = new Set<Promise<void>>();
				let starting = 0;
				const aside = (work: Promise<void>) => {
					beside.add(work);
					void work.finally(() => beside.delete(work)).catch(() => undefined);
				};
				const replace = async () => {
					starting += 1;
					// On a machine with much else to do, one may not be there in time.
					for (let tries = 0; tries < 5; tries += 1) {
						const worker = await cluster.startWorker().catch(() => undefined);
						if (worker) working.add(worker);
						if (worker) break;
					}
					starting -= 1;
				};
				const strike = async (fate: (typeof FATES)[number]) => {
					const worker = [...working][Math.floor(Math.random() * working.size)];
					if (worker === undefined) throw new Error('No worker is there to be struck.');
					working.delete(worker);
					met[fate] += 1;
					if (fate === 'frozen') {
						worker.signal('SIGSTOP');
						// The others go on meanwhile, take over what it held, and are struck as well.
						aside(
							sleep(FROZEN_MS).then(() => {
								worker.signal('SIGCONT');
								working.add(worker);
							}),
						);
					} else if (fate === 'killed') await worker.kill();
					else aside(worker.stop());
					if (working.size + starting < WORKERS) aside(replace());
				};

				const tell = (what: string) => {
					if (process.env.SMTP_SUITE_BLOWS !== undefined)
						process.stdout.write(
							`${Math.round(performance.now() / 1_000)} s: ${what}; ${working.size} workers awake, ${starting} starting, ${server.taken.size} mails taken\n`,
						);
				};

				/** As the Schedule Trigger does that Resume stands behind. */
				const resume = async () => {
					for (const each of campaigns)
						if (takenOf(each.id) < RECIPIENTS) await api.execute(each.resume, 'Press');
				};

				let campaign = await begin();
				const began = Date.now();
				for (let blow = 0; blow < BLOWS && Date.now() < began + BLOWS_MS; blow += 1) {
					if (RECIPIENTS - takenOf(campaign.id) < LAST) campaign = await begin();
					await mailsGoOut(server.taken, resume);
					await sleep(Math.random() * 2_000);
					await eventually(
						() => Promise.resolve(working.size > 0 || undefined),
						'a worker that is awake',
						120_000,
					);
					await strike(FATES[blow % FATES.length] ?? 'killed');
					tell(JSON.stringify(met));
					await resume();
				}
				await Promise.all(beside);

				for (const { id, resume, status } of campaigns) {
					await api.execute(resume, 'Press');
					const done = await untilFinished(server.taken, async () => {
						const [items] = (await run(status, 'Press')).outputs('Bulk');
						return items?.[0]?.json as Status;
					});
					const unknown = (await statesOf(id, cluster.mailStore)).filter(
						({ state }) => state === 'unknown',
					).length;
					expect(done).toMatchObject({ sent: RECIPIENTS - unknown, unknown });
				}
				// Whoever was frozen and still sends would be heard of by now.
				await sleep(2_000);

				const states = (
					await Promise.all(campaigns.map(({ id }) => statesOf(id, cluster.mailStore)))
				).flat();
				const those = (state: string) =>
					states.filter((each) => each.state === state).map(({ address }) => address);
				const [sent, unknown] = [those('sent'), those('unknown')];
				process.stdout.write(
					`${JSON.stringify(met)} in ${campaigns.length} campaigns: ${sent.length} sent, ${unknown.length} unknown, of whom the server has ${unknown.filter((address) => server.taken.has(address)).length}\n`,
				);
				expect({
					twice: [...server.taken].filter(([, times]) => times > 1),
					lost: states.filter(({ state }) => state !== 'sent' && state !== 'unknown'),
					sentButNotThere: sent.filter((address) => !server.taken.has(address)),
					unknownButNeverAsked: unknown.filter((address) => !asked.has(address)),
				}).toEqual({ twice: [], lost: [], sentButNotThere: [], unknownButNeverAsked: [] });
				expect(states).toHaveLength(RECIPIENTS * campaigns.length);
				// Those on the wire: an execution has five connections, a worker five executions at the most.
				expect(unknown.length).toBeLessThanOrEqual(25 * BLOWS);
			} finally {
				await server.close();
			}
		},
		420_000 + BLOWS * 60_000,
	);
});

const RESUME_EVERY_MS = 45_000;

/**
 * Waits for some more, so that a blow falls on a campaign that is being sent. Redis hands an execution
 * to a frozen worker as to any other, and n8n gives it up some time later: only the next Resume goes on.
 */
async function mailsGoOut(
	taken: ReadonlyMap<string, number>,
	resume: () => Promise<void>,
): Promise<void> {
	const before = taken.size;
	let resumedAt = Date.now();
	await eventually(
		async () => {
			if (taken.size >= before + 20) return true;
			if (Date.now() > resumedAt + RESUME_EVERY_MS) {
				resumedAt = Date.now();
				await resume();
			}
			return undefined;
		},
		'mails to go out',
		240_000,
	);
}

/** @throws Error when no mail has gone out for longer than n8n takes to give an execution up */
async function untilFinished(
	taken: ReadonlyMap<string, number>,
	look: () => Promise<Status>,
): Promise<Status> {
	let last = { size: taken.size, at: Date.now() };
	for (;;) {
		const now = await look();
		if (now.state === 'finished') return now;
		if (taken.size > last.size) last = { size: taken.size, at: Date.now() };
		if (Date.now() > last.at + 100_000)
			throw new Error(`${taken.size} mails are out, and the campaign: ${JSON.stringify(now)}`);
		await sleep(1_000);
	}
}

/** What the ledger says of everybody, read without our own code. */
async function statesOf(
	campaign: string,
	{
		port,
		database,
		user,
		schema,
	}: { port: number; database: string; user: string; schema: string },
): Promise<{ address: string; state: string }[]> {
	const sql = postgres({ host: '127.0.0.1', port, database, user, max: 1 });
	try {
		return await sql`
			SELECT address, recipient.state
			FROM ${sql(schema)}.recipient JOIN ${sql(schema)}.campaign ON campaign.id = recipient.campaign
			WHERE name = ${campaign}`;
	} finally {
		await sql.end();
	}
}
