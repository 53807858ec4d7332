import fc from 'fast-check';
import type { LedgerState } from '../../../../mail/model/outcome';
import type { Claim, Ledger, LedgerEntry, Settlement } from '../../../../mail/store/store';
import type { MakePlace } from '../contract';
import { deferred, failed, keysOf, Scene, sent, unknown } from './scene';

/*
 * Random lives of a campaign: three owners in two processes, who claim, freeze, come back late and
 * answer out of turn. The ledger is compared with a model of it after every step, and what no model
 * may excuse is checked by itself: who may dispatch, and which way a state may go.
 */

const KEYS = ['a', 'b', 'c', 'd', 'e'] as const;
const OWNERS = ['one', 'two', 'three'] as const;
const OUTCOMES = ['sent', 'deferred', 'failed', 'failedByContent', 'unknown'] as const;

type Step =
	| { do: 'enqueue'; keys: string[]; reopenUnknown: boolean }
	| { do: 'claim'; owner: string; limit: number; leaseMs: number; only?: string[] }
	| { do: 'dispatch'; claims: number[] }
	| { do: 'settle'; claim: number; outcome: (typeof OUTCOMES)[number]; inMs: number }
	| { do: 'release'; claim: number }
	| { do: 'heartbeat'; owner: string; leaseMs: number }
	| { do: 'expire' }
	| { do: 'wait'; ms: number };

const owner = fc.constantFrom(...OWNERS);
const keys = fc.subarray([...KEYS], { minLength: 1 });
/** One of the claims ever handed out, the lost ones too; counted from the latest. */
const oneClaim = fc.oneof(fc.constant(0), fc.nat(7));
/** Few and round, so that times meet exactly. */
const ms = fc.constantFrom(1, 10, 20, 30);

const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 2,
		arbitrary: fc.record({
			do: fc.constant('enqueue' as const),
			keys,
			reopenUnknown: fc.boolean(),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record(
			{
				do: fc.constant('claim' as const),
				owner,
				limit: fc.integer({ min: 1, max: 4 }),
				leaseMs: ms,
				only: keys,
			},
			{ requiredKeys: ['do', 'owner', 'limit', 'leaseMs'] },
		),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant('dispatch' as const),
			claims: fc.uniqueArray(oneClaim, { minLength: 1, maxLength: 3 }),
		}),
	},
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constant('settle' as const),
			claim: oneClaim,
			outcome: fc.constantFrom(...OUTCOMES),
			inMs: ms,
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), claim: oneClaim }) },
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant('heartbeat' as const), owner, leaseMs: ms }),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms }) },
);

/** What the model knows of one recipient. */
interface Row {
	key: string;
	state: LedgerState;
	order: number;
	queuedAt: number;
	/** queued, deferred: due from then on; claimed, dispatched: the end of the lease */
	until: number;
	owner?: string;
	fence: number;
	attempts: number;
	payload?: string;
	blame?: string;
}

/** Ways that a state may go between two steps; whatever is not here is a fault. */
const WAYS: Readonly<Record<LedgerState, readonly LedgerState[]>> = {
	queued: ['claimed'],
	claimed: ['queued', 'dispatched', 'sent', 'deferred', 'failed', 'unknown'],
	dispatched: ['sent', 'deferred', 'failed', 'unknown'],
	deferred: ['queued', 'claimed'],
	// Never mailed again, by nobody.
	sent: [],
	// Taken in again, where it was not the recipient's fault.
	failed: ['queued'],
	// The true sender's late word, or the user's decision to mail once more.
	unknown: ['queued', 'sent', 'deferred', 'failed'],
};

/** The ledger as a person would describe it: no index, no SQL. */
class Model {
	readonly rows = new Map<string, Row>();

	enqueue(names: readonly string[], reopenUnknown: boolean, payload: string, now: number): void {
		for (const key of names) {
			const row = this.rows.get(key);
			if (!row) {
				const order = this.rows.size;
				const times = { queuedAt: now, until: now };
				this.rows.set(key, {
					...{ key, order, state: 'queued', fence: 0, attempts: 0, payload },
					...times,
				});
			} else if (
				row.state === 'queued' ||
				row.state === 'deferred' ||
				(row.state === 'claimed' && row.until <= now) ||
				(row.state === 'failed' && row.blame !== 'recipient') ||
				(row.state === 'unknown' && reopenUnknown)
			) {
				const wasFinal = row.state === 'failed' || row.state === 'unknown';
				row.until = wasFinal ? now : Math.min(row.until, now);
				row.state = 'queued';
				row.payload = payload;
			}
		}
	}

	due(limit: number, only: readonly string[] | undefined, now: number): Row[] {
		return [...this.rows.values()]
			.filter(({ state }) => state === 'queued' || state === 'deferred' || state === 'claimed')
			.filter(({ until, payload }) => until <= now && payload !== undefined)
			.filter(({ key }) => only?.includes(key) ?? true)
			.sort((a, b) => a.until - b.until || a.order - b.order)
			.slice(0, limit);
	}

	/** The row that a claim is still good for, in one of these states. */
	held(claim: Claim, ...states: LedgerState[]): Row | undefined {
		const row = this.rows.get(claim.key);
		const holds =
			row?.owner === claim.owner && row.fence === claim.fence && states.includes(row.state);
		return holds ? row : undefined;
	}

	settle(row: Row, result: Settlement): void {
		if (row.state === 'claimed') row.attempts += 1;
		row.state = result.state;
		if (result.state === 'deferred') {
			row.until = result.retryAt;
			// Given up meanwhile: its true sender still knows what to mail.
			row.payload ??= result.claim.payload;
		} else delete row.payload;
		row.blame = 'blame' in result ? result.blame : undefined;
	}
}

/** Takes the steps on two connections and on the model, and compares. */
class Play {
	readonly #claims: Claim[] = [];
	readonly #model = new Model();
	readonly #states = new Map<string, LedgerState>();
	/** Every dispatch that was allowed: of which claim, and when. */
	readonly #dispatches: { key: string; fence: number }[] = [];
	#payloads = 0;

	constructor(
		private readonly scene: Scene,
		private readonly ledgers: Readonly<Record<string, Ledger>>,
		private readonly campaign: string,
	) {}

	async take(step: Step): Promise<void> {
		await this.#perform(step);
		await this.#compare();
	}

	async #perform(step: Step): Promise<void> {
		const { now } = this.scene;
		switch (step.do) {
			case 'wait':
				this.scene.now += step.ms;
				return;
			case 'enqueue': {
				this.#payloads += 1;
				const payload = `payload ${this.#payloads}`;
				const known = new Set(this.#model.rows.keys());
				this.#model.enqueue(step.keys, step.reopenUnknown, payload, now);
				const entries = await this.#ledger().enqueue(
					this.campaign,
					step.keys.map((key) => ({
						key,
						address: key,
						reference: `${this.campaign} ${key}`,
						payload,
					})),
					{ reopenUnknown: step.reopenUnknown },
				);
				expect(entries.map(({ key, isNew }) => [key, isNew])).toEqual(
					step.keys.map((key) => [key, !known.has(key)]),
				);
				return;
			}
			case 'claim': {
				const { limit, only, leaseMs } = step;
				const due = this.#model.due(limit, only, now);
				const claims = await this.#ledger(step.owner).claim(this.campaign, step);
				expect(claims.map(({ key, payload, attempts }) => [key, payload, attempts])).toEqual(
					due.map(({ key, payload, attempts }) => [key, payload, attempts]),
				);
				for (const [index, row] of due.entries()) {
					const { fence } = claims[index]!;
					expect(fence).toBeGreaterThan(row.fence);
					Object.assign(row, { state: 'claimed', owner: step.owner, fence, until: now + leaseMs });
				}
				this.#claims.unshift(...claims);
				return;
			}
			case 'dispatch': {
				const claims = step.claims.flatMap((index) => this.#claims[index] ?? []);
				const allowed = claims.filter((claim) => {
					const row = this.#model.held(claim, 'claimed');
					if (!row || row.until <= now) return false;
					row.state = 'dispatched';
					row.attempts += 1;
					return true;
				});
				const dispatched = await this.#ledger(claims[0]?.owner).dispatch(claims);
				expect(dispatched).toEqual(allowed);
				this.#dispatches.push(...dispatched.map(({ key, fence }) => ({ key, fence })));
				return;
			}
			case 'settle': {
				const claim = this.#claims[step.claim];
				if (!claim) return;
				const result = outcome(claim, step.outcome, now + step.inMs);
				const row = this.#model.held(claim, 'claimed', 'dispatched', 'unknown');
				if (row) this.#model.settle(row, result);
				const settled = await this.#ledger(claim.owner).settle([result]);
				expect(keysOf(settled)).toEqual(row ? [claim.key] : []);
				return;
			}
			case 'release': {
				const claim = this.#claims[step.claim];
				if (!claim) return;
				const row = this.#model.held(claim, 'claimed');
				if (row) Object.assign(row, { state: 'queued', until: row.queuedAt, owner: undefined });
				await this.#ledger(claim.owner).release([claim]);
				return;
			}
			case 'heartbeat':
				for (const row of this.#model.rows.values())
					if (isHeld(row) && row.owner === step.owner && row.until > now)
						row.until = Math.max(row.until, now + step.leaseMs);
				await this.#ledger(step.owner).heartbeat(this.campaign, step.owner, step.leaseMs);
				return;
			case 'expire': {
				let expired = 0;
				for (const row of this.#model.rows.values())
					if (row.state === 'dispatched' && row.until <= now) {
						row.state = 'unknown';
						delete row.payload;
						expired += 1;
					}
				expect(await this.#ledger().expireDispatched(this.campaign)).toBe(expired);
			}
		}
	}

	#ledger(owner = 'one'): Ledger {
		return this.ledgers[owner]!;
	}

	async #compare(): Promise<void> {
		// Read through the connection that did not write, as often as through the one that did.
		const entries = await this.#ledger('two').getMany(this.campaign, KEYS);
		expect(Object.fromEntries(entries.map((entry) => [entry.key, shown(entry)]))).toEqual(
			Object.fromEntries([...this.#model.rows].map(([key, row]) => [key, expected(row)])),
		);
		const counts = await this.#ledger('one').counts(this.campaign);
		for (const [state, count] of Object.entries(counts))
			expect([state, count]).toEqual([state, entries.filter((e) => e.state === state).length]);
		expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(entries.length);
		this.#checkTheWayOf(entries);
	}

	/** What holds whatever the model says. */
	#checkTheWayOf(entries: readonly LedgerEntry[]): void {
		for (const { key, state } of entries) {
			const before = this.#states.get(key) ?? 'queued';
			if (before !== state)
				expect([before, WAYS[before]]).toEqual([before, expect.arrayContaining([state])]);
			this.#states.set(key, state);
		}
		const each = this.#dispatches.map(({ key, fence }) => `${key} ${fence}`);
		expect(new Set(each).size).toBe(each.length);
	}
}

function outcome(claim: Claim, kind: (typeof OUTCOMES)[number], retryAt: number): Settlement {
	switch (kind) {
		case 'sent':
			return sent(claim);
		case 'deferred':
			return deferred(claim, retryAt);
		case 'failed':
			return failed(claim, 'recipient');
		case 'failedByContent':
			return failed(claim, 'content');
		case 'unknown':
			return unknown(claim);
	}
}

function isHeld({ state }: { state: LedgerState }): boolean {
	return state === 'claimed' || state === 'dispatched';
}

function shown({ state, attempts, retryAt, leaseUntil }: LedgerEntry) {
	return { state, attempts, retryAt, leaseUntil };
}

function expected(row: Row) {
	return {
		state: row.state,
		attempts: row.attempts,
		retryAt: row.state === 'deferred' ? row.until : undefined,
		leaseUntil: isHeld(row) ? row.until : undefined,
	};
}

export function ledgerModelContract(makePlace: MakePlace, lives: number): void {
	describe('the ledger, whatever happens in whatever order', () => {
		it(
			'lets one holder of the lease dispatch, and changes a state only as it may',
			async () => {
				const scene = await Scene.set(makePlace);
				const other = (await scene.openAnother()).ledger;
				const ledgers = { one: scene.store.ledger, two: other, three: scene.store.ledger };
				let campaigns = 0;
				try {
					await fc.assert(
						fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
							campaigns += 1;
							const play = new Play(scene, ledgers, `campaign ${campaigns}`);
							for (const one of steps) await play.take(one);
						}),
						{ numRuns: lives },
					);
				} finally {
					await scene.end();
				}
			},
			60_000 + lives * 1_000,
		);
	});
}
