import path from 'node:path';

import type { MovableStore, Row } from '../../../mail/store/move/movable';
import { cancelMove, moveStore } from '../../../mail/store/move/move';
import { openStore } from '../../../mail/store/open';
import { openMovablePostgres } from '../../../mail/store/postgres/movable';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { openMovableFile } from '../../../mail/store/sqlite/movable';
import type { MailStore } from '../../../mail/store/store';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { temporaryFolder } from './temporary-folder';

/** Columns that PostgreSQL alone has. */
const ONLY_THERE: Record<string, string[]> = {
	mailbox_mark: ['seen'],
	recipient: ['ticket'],
	signing_key: ['number'],
	tracking_link: ['digest'],
};
const MASTER_KEY = 'a key of the test';
const HOSTILE = 'a\u0000b \u0001 \'"; DROP TABLE recipient; -- \u2028 \u{1f600} \\';

describeWithPostgres('moving the store', () => {
	const folder = temporaryFolder();
	let server: PostgresServer;
	let files = 0;
	let file: string;
	let place: PostgresPlace;
	const ends: MovableStore[] = [];

	beforeAll(async () => {
		server = await startPostgres();
	}, 60_000);
	beforeEach(() => {
		file = path.join(folder(), `mail-${++files}.sqlite`);
		place = server.place();
	});
	afterEach(async () => {
		for (const end of ends.splice(0)) await end.close();
	});
	afterAll(() => server.stop());

	const embedded = () => openStore({ path: file, masterKey: MASTER_KEY });
	const shared = () => openStore({ postgres: place, masterKey: MASTER_KEY });
	async function bothEnds(): Promise<[MovableStore, MovableStore]> {
		const both: [MovableStore, MovableStore] = [
			await openMovableFile(file),
			await openMovablePostgres(place),
		];
		ends.push(...both);
		return both;
	}

	it('brings every row of every table to PostgreSQL and back, as it was', async () => {
		const store = await embedded();
		await fill(store, 2_500);
		const key = await store.signingKeys.current();
		await store.close();
		const [from, to] = await bothEnds();
		const before = await contents(from);

		const moved = await moveStore(from, to);
		expect(moved.find(({ table }) => table === 'recipient')).toEqual({
			table: 'recipient',
			rows: 2_500,
		});
		const there = await shared();
		expect(await there.signingKeys.current()).toEqual(key);
		expect(await there.ledger.counts('spring')).toMatchObject({
			sent: 1,
			deferred: 1,
			queued: 2498,
		});
		expect(await there.ledger.get('spring', HOSTILE)).toMatchObject({ key: HOSTILE });
		expect(await there.tracking.numberLinks('spring', ['https://x.test/2', HOSTILE])).toEqual([
			3, 2,
		]);
		// New rows are numbered behind those that came.
		await there.ledger.enqueue('spring', [recipient(9_999)]);
		await there.close();

		file = path.join(folder(), 'back.sqlite');
		const [back, source] = await bothEnds();
		await moveStore(source, back);
		const after = await contents(back);
		for (const [table, rows] of Object.entries(before)) {
			if (table === 'tracking_link') expect(after[table]).toHaveLength(rows.length + 1);
			else if (table === 'recipient' || table === 'payload')
				expect(after[table]?.slice(0, -1)).toEqual(rows);
			else expect([table, after[table]]).toEqual([table, rows]);
		}
		await (await embedded()).close();
	}, 60_000);

	it('goes on where it broke off', async () => {
		const store = await embedded();
		await fill(store, 3_500);
		await store.close();
		const [from, to] = await bothEnds();
		const breaks = moveStore(from, to, ({ table, rows }) => {
			if (table === 'recipient' && rows >= 2_000) throw new Error('The machine went off.');
		});
		await expect(breaks).rejects.toThrow('went off');
		const written: number[] = [];
		await moveStore(from, to, ({ table, rows }) => {
			if (table === 'recipient') written.push(rows);
		});
		expect(written).toEqual([3_000, 3_500]);
		expect(await contents(to)).toEqual(await contents(from));
	});

	it('leaves a store behind that nobody can use, who has it open already as little', async () => {
		const open = await embedded();
		await fill(open, 3);
		const [from, to] = await bothEnds();
		await moveStore(from, to);
		await expect(open.ledger.enqueue('spring', [recipient(4)])).rejects.toMatchObject({
			problem: 'moved',
		});
		await open.close();
		await expect(embedded()).rejects.toMatchObject({
			problem: 'moved',
			message: expect.stringContaining('was moved to PostgreSQL (postgres on 127.0.0.1') as string,
		});
		await expect(moveStore(from, to)).resolves.not.toHaveLength(0); // said twice, done once

		const there = await shared();
		file = path.join(folder(), 'elsewhere.sqlite');
		const [back, source] = await bothEnds();
		await moveStore(source, back);
		await expect(there.ledger.enqueue('spring', [recipient(4)])).rejects.toMatchObject({
			problem: 'moved',
		});
		await expect(shared()).rejects.toMatchObject({ problem: 'moved' });
		await there.close();
	});

	it('lets nobody use either end while it is under way, and can be given up', async () => {
		const store = await embedded();
		await fill(store, 1_500);
		await store.close();
		const [from, to] = await bothEnds();
		const breaks = moveStore(from, to, () => {
			throw new Error('Enough.');
		});
		await expect(breaks).rejects.toThrow('Enough');
		await expect(embedded()).rejects.toMatchObject({ problem: 'moving' });
		await expect(shared()).rejects.toMatchObject({ problem: 'moving' });

		await cancelMove(from, to);
		const again = await embedded();
		await again.ledger.enqueue('spring', [recipient(9_999)]);
		await again.close();
		const empty = await shared();
		expect((await empty.ledger.counts('spring')).queued).toBe(0);
		await empty.close();
		await moveStore(from, to);
	});

	it('does not begin while mails are on their way', async () => {
		const store = await embedded();
		await fill(store, 5);
		const claims = await store.ledger.claim('spring', { owner: 'run', limit: 1, leaseMs: 60_000 });
		const [from, to] = await bothEnds();
		await expect(moveStore(from, to)).rejects.toMatchObject({ problem: 'inUse' });
		await store.ledger.release(claims);
		await store.close();
		await moveStore(from, to);

		const there = await shared();
		await there.ledger.claim('spring', { owner: 'run', limit: 1, leaseMs: 60_000 });
		await there.close();
		file = path.join(folder(), 'later.sqlite');
		const [back, source] = await bothEnds();
		await expect(moveStore(source, back)).rejects.toMatchObject({ problem: 'inUse' });
	});

	it('does not mix two stores', async () => {
		for (const open of [embedded, shared]) {
			const store = await open();
			await store.suppressions.add([{ key: 'a@x.test', address: 'a@x.test', reason: 'manual' }]);
			await store.close();
		}
		const [from, to] = await bothEnds();
		await expect(moveStore(from, to)).rejects.toMatchObject({ problem: 'notEmpty' });
		await (await embedded()).close();
	});

	it('knows every table and column of both backends', async () => {
		const [from, to] = await bothEnds();
		const columns = async (end: MovableStore) =>
			(await end.tables()).map(({ name, columns }) => ({ name, columns: columns.toSorted() }));
		const expected = (await columns(from)).map(({ name, columns: own }) => ({
			name,
			columns: [...own, ...(ONLY_THERE[name] ?? [])].toSorted(),
		}));
		expect(await columns(to)).toEqual(expected);
	});
});

const recipient = (number: number) => ({
	key: `${number}@x.test`,
	address: `${number}@x.test`,
	reference: `reference-${number}`,
	payload: JSON.stringify({ number }),
});

/** Something of everything. */
async function fill(store: MailStore, recipients: number): Promise<void> {
	const { ledger, tracking } = store;
	await store.campaigns.define({ id: 'spring', name: HOSTILE, account: 'news', definition: '{}' });
	await ledger.enqueue('spring', [
		{ ...recipient(0), key: HOSTILE, payload: HOSTILE },
		...Array.from({ length: recipients - 1 }, (_, index) => recipient(index + 1)),
	]);
	const [sent, deferred] = await ledger.claim('spring', {
		owner: 'run',
		limit: 2,
		leaseMs: 60_000,
	});
	if (sent && deferred) {
		await ledger.dispatch([sent, deferred]);
		await ledger.settle([
			{ claim: sent, messageId: '<m@x.test>', state: 'sent', reply: '250 Ok' },
			{
				claim: deferred,
				messageId: '<n@x.test>',
				state: 'deferred',
				reason: 'Later.',
				retryAt: 9e12,
			},
		]);
		await ledger.recordFeedback('spring', sent.key, { event: 'softBounce', at: 5 });
	}
	await store.suppressions.add([
		{ key: HOSTILE, address: HOSTILE, reason: 'complained', list: 'news', detail: HOSTILE },
		{ key: 'b@x.test', address: 'b@x.test', reason: 'manual', expiresAt: 9e12 },
	]);
	await store.suppressions.countSoftBounce({ key: 'b@x.test', mail: 'r', at: 7 }, 0);
	await store.signingKeys.current();
	await store.mailboxMarks.set('box', { uidValidity: '1', lastUid: 5 }, [HOSTILE]);
	const answer = await store.receipts.claim('mail', { owner: 'run', leaseMs: 60_000 });
	if (answer.answer === 'send')
		await store.receipts.settle(answer.claim, { state: 'sent', receipt: '{}' });
	await store.paceBook.revise(['account'], () => ({ pages: ['{"sent":5}'], result: undefined }));
	await store.checkMemory.revise('check', 'run', () => ({ content: HOSTILE, result: undefined }));
	await tracking.openSite({ id: 'site', url: 'https://t.test' });
	await tracking.setCampaign('spring', { list: 'news' });
	await tracking.numberLinks('spring', ['https://x.test/1', HOSTILE]);
	await tracking.addMails([
		{ reference: 'single', campaignId: 'spring', recipient: { key: 'c', address: 'c' } },
	]);
	const event = { campaignId: 'spring', reference: 'single', at: 3_600_000 };
	await tracking.record([
		{
			...event,
			event: 'opened',
			link: 0,
			machine: 'fetcher' as never,
			ip: '::1',
			userAgent: HOSTILE,
		},
		{ ...event, event: 'clicked', link: 1 },
	]);
}

async function contents(end: MovableStore): Promise<Record<string, Row[]>> {
	const all: Record<string, Row[]> = {};
	for (const { name, columns, key } of await end.tables()) {
		const shown = columns.filter((column) => !ONLY_THERE[name]?.includes(column));
		const rows = await end.read({ name, columns: shown, key }, { limit: 10_000 });
		all[name] = rows.map((row) =>
			Object.fromEntries(
				Object.entries(row).map(([column, value]) => [
					column,
					value instanceof Uint8Array
						? Buffer.from(value).toString('hex')
						: typeof value === 'boolean'
							? Number(value)
							: value,
				]),
			),
		);
	}
	return all;
}
