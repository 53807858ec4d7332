import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { MailStore } from '../../../mail/store/store';
import { campaignRun, containing, memoryStore, outcomes, people, tally } from './campaign';
import { scriptedPool } from '../../support/scripted-pool';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await store.close();
});

describe('a run that is stopped', () => {
	it('begins nothing new, and leaves the rest queued for the next run', async () => {
		const stop = new AbortController();
		const pool = scriptedPool((address) => {
			if (address === 'r20@example.com') stop.abort();
			return 'accept' as const;
		});
		const all = await outcomes(
			campaignRun({ store, pool, recipients: people(500), signal: stop.signal }),
		);
		const { sent = 0, deferred = 0, ...others } = tally(all);
		expect(others).toEqual({});
		expect(sent).toBe(pool.taken.length);
		expect(sent).toBeLessThan(30);
		expect(sent + deferred).toBe(500);
		expect(all[499]).toMatchObject({ attempts: 0, reason: containing('stopped') });
		expect(await store.ledger.counts('spring')).toMatchObject({
			sent,
			queued: deferred,
			claimed: 0,
			dispatched: 0,
		});
		const rest = await outcomes(campaignRun({ store, pool, recipients: people(500) }));
		expect(tally(rest)).toEqual({ alreadySent: sent, sent: deferred });
		expect(new Set(pool.taken).size).toBe(500);
		expect(pool.taken).toHaveLength(500);
	});

	it('finishes what is on the wire', async () => {
		const stop = new AbortController();
		const pool = scriptedPool(async (address) => {
			if (address === 'r2@example.com') stop.abort();
			await new Promise((resolve) => setTimeout(resolve, 300));
			return 'accept' as const;
		});
		const all = await outcomes(
			campaignRun({ store, pool, recipients: people(50), concurrency: 3, signal: stop.signal }),
		);
		expect(tally(all)).toEqual({ sent: 3, deferred: 47 });
	});

	it.each(['hang', 'deaf'] as const)(
		'cuts off what does not end in two seconds (%s): not sent before the dot, unknown after it',
		async (way) => {
			const stop = new AbortController();
			const pool = scriptedPool((address) => {
				const when = address === 'r0@example.com' ? 'beforeDot' : 'dot';
				return way === 'hang' ? { hang: when } : { deaf: when };
			});
			setTimeout(() => {
				stop.abort();
			}, 100);
			const start = Date.now();
			const all = await outcomes(
				campaignRun({ store, pool, recipients: people(10), concurrency: 2, signal: stop.signal }),
			);
			expect(Date.now() - start).toBeLessThan(4_500);
			expect(tally(all)).toEqual({ deferred: 9, unknown: 1 });
			expect(all[1]).toMatchObject({ outcome: 'unknown' });
			expect(await store.ledger.counts('spring')).toMatchObject({ queued: 9, unknown: 1 });
		},
	);

	it('before it began mails nobody, and still takes everybody in', async () => {
		const pool = scriptedPool();
		const all = await outcomes(
			campaignRun({ store, pool, recipients: people(10), signal: AbortSignal.abort() }),
		);
		expect(tally(all)).toEqual({ deferred: 10 });
		expect(pool.begun).toEqual([]);
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 10 });
	});

	it('by a caller who leaves the loop gives back what it had claimed', async () => {
		const pool = scriptedPool();
		for await (const outcome of campaignRun({ store, pool, recipients: people(500) }))
			if (outcome.index >= 10) break;
		const { sent, queued, claimed, dispatched } = await store.ledger.counts('spring');
		expect(sent).toBe(pool.taken.length);
		expect({ all: sent + queued, claimed, dispatched }).toEqual({
			all: 500,
			claimed: 0,
			dispatched: 0,
		});
	});

	it('keeps the server’s words for those whom it had put off', async () => {
		const stop = new AbortController();
		const reply = '450 4.2.0 Greylisted, try again in 20 seconds';
		const pool = scriptedPool(() => ({ reply }));
		setTimeout(() => {
			stop.abort();
		}, 200);
		const all = await outcomes(
			campaignRun({ store, pool, recipients: people(3), patienceMs: 60_000, signal: stop.signal }),
		);
		expect(all).toMatchObject(people(3).map(() => ({ outcome: 'deferred', reply, attempts: 1 })));
	});
});

describe('a store that fails', () => {
	it('lets nothing more leave; what was sent is told, and then the error', async () => {
		const pool = scriptedPool();
		const dispatch = store.ledger.dispatch.bind(store.ledger);
		let dispatched = 0;
		const failing: MailStore = {
			...store,
			ledger: {
				...store.ledger,
				dispatch: (claims) =>
					(dispatched += claims.length) > 10
						? Promise.reject(new Error('The disk is full.'))
						: dispatch(claims),
			},
		};
		const told: string[] = [];
		const run = async () => {
			for await (const outcome of campaignRun({ store: failing, pool, recipients: people(100) }))
				told.push(outcome.outcome);
		};
		await expect(run()).rejects.toThrow('The disk is full.');
		expect(pool.taken.length).toBeLessThanOrEqual(10);
		expect(told).toEqual(pool.taken.map(() => 'sent'));
		const { sent, queued, claimed, deferred } = await store.ledger.counts('spring');
		expect({ sent, open: queued + claimed + deferred }).toEqual({
			sent: told.length,
			open: 100 - told.length,
		});
	});

	it('to say that it wrote a dispatch down: the recipient is mailed all the same, once', async () => {
		const pool = scriptedPool();
		let answersLost = 0;
		const late: MailStore = {
			...store,
			ledger: {
				...store.ledger,
				async dispatch(claims) {
					const dispatched = await store.ledger.dispatch(claims);
					if (answersLost === 3) return dispatched;
					answersLost += 1;
					return [];
				},
			},
		};
		const all = await outcomes(campaignRun({ store: late, pool, recipients: people(10) }));
		expect(tally(all)).toEqual({ sent: 10 });
		expect(pool.taken.toSorted()).toEqual(
			people(10)
				.map(({ address }) => address)
				.toSorted(),
		);
	});

	it('when an outcome cannot be written: it is told all the same, and not sent twice', async () => {
		const pool = scriptedPool();
		const failing: MailStore = {
			...store,
			ledger: {
				...store.ledger,
				settle: () => Promise.reject(new Error('The disk is full.')),
			},
		};
		const told: string[] = [];
		const run = async () => {
			const recipients = people(20);
			for await (const outcome of campaignRun({
				store: failing,
				pool,
				recipients,
				leaseMs: 50,
			}))
				told.push(outcome.outcome);
		};
		await expect(run()).rejects.toThrow('The disk is full.');
		expect(told).toHaveLength(pool.taken.length);
		await new Promise((resolve) => setTimeout(resolve, 60));
		const again = await outcomes(campaignRun({ store, pool, recipients: people(20) }));
		expect(tally(again).outcomeUnknown).toBe(told.length);
		expect(pool.taken.toSorted()).toEqual([...new Set(pool.taken)].toSorted());
	});
});

describe('a message that cannot be made by a fault of ours', () => {
	it('ends the run with that fault, and leaves everybody owed', async () => {
		const fault = () => {
			throw new TypeError('A fault of ours.');
		};
		const message = { render: fault, renderAside: fault };
		const run = outcomes(campaignRun({ store, message, recipients: people(20) }));
		await expect(run).rejects.toThrow('A fault of ours.');
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 20, claimed: 0 });
	});
});

describe('a process that is asked to end', () => {
	it('stops its runs, and then ends by that signal when nobody else listens to it', async () => {
		expect(await endOf('')).toEqual({ code: null, signal: 'SIGTERM', said: 'stopped\n' });
	});

	it('leaves its end to whoever else listens', async () => {
		const other = "process.on('SIGTERM', () => setTimeout(() => process.exit(7), 300));";
		expect(await endOf(other)).toEqual({ code: 7, signal: null, said: 'stopped\n' });
	});

	/** What becomes of a process that has a run which needs 100 ms to stop. */
	async function endOf(listener: string) {
		const built = buildSync({
			entryPoints: ['mail/model/process-end.ts'],
			bundle: true,
			platform: 'node',
			format: 'iife',
			globalName: 'processEnd',
			write: false,
		});
		const source = `
			${built.outputFiles[0]!.text}
			${listener}
			const alive = setInterval(() => undefined, 1000);
			const over = processEnd.stopWithProcess(() => setTimeout(() => {
				console.log('stopped');
				clearInterval(alive);
				over();
			}, 100));
			console.log('ready');`;
		const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
		let said = '';
		child.stdout.on('data', (chunk: Buffer) => {
			said += chunk.toString();
			if (said === 'ready\n') child.kill('SIGTERM');
		});
		const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
		return { code, signal, said: said.replace('ready\n', '') };
	}
});
