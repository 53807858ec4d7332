import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../../mail/store/open';
import { Database } from '../../../mail/store/sqlite/database';
import { createLedger } from '../../../mail/store/sqlite/ledger';
import { MIGRATIONS } from '../../../mail/store/sqlite/migrations';
import type { MailStore } from '../../../mail/store/store';
import { StoreError } from '../../../mail/store/store-error';
import { storeContract } from './contract';
import { CAMPAIGN, failed, keyOf, LEASE_MS, recipient, sent, unknown } from './contract/scene';
import { filePlace } from './file-place';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const newFile = () => path.join(folder(), randomUUID(), 'mail.sqlite');

storeContract('a file', () => filePlace(newFile()), { lives: 40 });

describe('a store in memory', () => {
	it('works, and ends with its closing', async () => {
		const store = await openStore({ path: ':memory:', masterKey: 'k' });
		await store.ledger.enqueue(CAMPAIGN, [recipient('ada')]);
		await store.close();
		const next = await openStore({ path: ':memory:', masterKey: 'k' });
		expect(await next.ledger.counts(CAMPAIGN)).toMatchObject({ queued: 0 });
		await next.close();
	});
});

describe('the file of a store', () => {
	it('is made with its folders, for its owner alone, and so are its log and index', async () => {
		const before = process.umask(0);
		const file = path.join(folder(), randomUUID(), 'deep', 'mail.sqlite');
		try {
			const store = await open(file);
			await store.ledger.enqueue(CAMPAIGN, [recipient('ada')]);
			const modes = readdirSync(path.dirname(file)).map((name) => [
				name,
				statSync(path.join(path.dirname(file), name)).mode & 0o777,
			]);
			expect(modes).toEqual([
				['mail.sqlite', 0o600],
				['mail.sqlite-shm', 0o600],
				['mail.sqlite-wal', 0o600],
			]);
			for (const made of [path.dirname(file), path.dirname(path.dirname(file))])
				expect(statSync(made).mode & 0o777).toBe(0o700);
			await store.close();
		} finally {
			process.umask(before);
		}
	});

	it('keeps everything over closing and opening', async () => {
		const file = newFile();
		const store = await open(file);
		await store.ledger.enqueue(CAMPAIGN, [recipient('ada')]);
		const key = await store.signingKeys.current();
		await store.close();
		const again = await open(file);
		expect(await again.ledger.counts(CAMPAIGN)).toMatchObject({ queued: 1 });
		expect(await again.signingKeys.current()).toEqual(key);
		await again.close();
	});

	it('shows no signing key to whoever reads its bytes, nor the master key', async () => {
		const file = newFile();
		const store = await open(file, { masterKey: 'a master key to look for' });
		const { secret } = await store.signingKeys.current();
		for (const end of ['', '-wal']) {
			const bytes = readFileSync(`${file}${end}`);
			if (end) expect(bytes.includes('signing_key')).toBe(true);
			for (const form of [
				secret,
				secret.toString('hex'),
				secret.toString('base64'),
				'a master key to look for',
			])
				expect(bytes.includes(form)).toBe(false);
		}
		await store.close();
		expect(readFileSync(file).includes(secret)).toBe(false);
	});

	it('does not open a key that was moved to another id, or altered', async () => {
		const file = newFile();
		const store = await open(file);
		const { id } = await store.signingKeys.current();
		const raw = new DatabaseSync(file);
		raw.exec(`UPDATE signing_key SET id = '${id === 'a' ? 'b' : 'a'}'`);
		expect(await store.signingKeys.all()).toEqual([]);
		raw.exec(`UPDATE signing_key SET id = '${id}'`);
		expect(await store.signingKeys.all()).toHaveLength(1);
		raw.exec(`UPDATE signing_key SET sealed = CAST(substr(sealed, 1, 59) || X'00' AS BLOB)`);
		expect(await store.signingKeys.all()).toEqual([]);
		raw.exec(`UPDATE signing_key SET sealed = X'00'`);
		expect(await store.signingKeys.all()).toEqual([]);
		raw.close();
		await store.close();
	});

	it('forgets the payload with a final outcome, and keeps it before', async () => {
		const file = newFile();
		let now = 1_000;
		const store = await open(file, { clock: () => now });
		const names = ['queued', 'claimed', 'dispatched', 'sent', 'failed', 'unknown', 'expired'];
		await store.ledger.enqueue(
			CAMPAIGN,
			names.map((name) => recipient(name)),
		);
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'one',
			limit: 9,
			leaseMs: LEASE_MS,
			only: names.slice(1).map(keyOf),
		});
		const [, dispatched, served, refused, lost, expired] = claims;
		await store.ledger.dispatch([expired!, served!, refused!, lost!]);
		await store.ledger.settle([sent(served!), failed(refused!), unknown(lost!)]);
		now += LEASE_MS;
		await store.ledger.expireDispatched(CAMPAIGN);
		expect(dispatched!.key).toBe(keyOf('dispatched'));
		expect(payloadsIn(file)).toEqual(
			['queued', 'claimed', 'dispatched'].map((name) => recipient(name).payload),
		);
		await store.close();
	});
});

describe('writes that come together', () => {
	it('share one transaction, and are told of only when it is written', async () => {
		const file = newFile();
		const store = await open(file);
		await store.ledger.enqueue(CAMPAIGN, people(20));
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'one',
			limit: 20,
			leaseMs: LEASE_MS,
		});
		const other = await open(file);
		const exec = jest.spyOn(DatabaseSync.prototype, 'exec');
		const states = await Promise.all(
			claims.map(async (claim) => {
				await store.ledger.dispatch([claim]);
				return (await other.ledger.get(CAMPAIGN, claim.key))?.state;
			}),
		);
		const begun = exec.mock.calls.filter(([sql]) => sql === 'BEGIN IMMEDIATE');
		exec.mockRestore();
		expect(begun).toHaveLength(1);
		expect(new Set(states)).toEqual(new Set(['dispatched']));
		await store.close();
		await other.close();
	});

	it('force a dispatch to the disk before it is told of, and a claim only to the system', async () => {
		const store = await open(newFile());
		await store.ledger.enqueue(CAMPAIGN, people(1));
		const { disk, restore } = holdTheDisk();
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'one',
			limit: 1,
			leaseMs: LEASE_MS,
		});
		const told = jest.fn();
		const dispatched = store.ledger.dispatch(claims).then(told);
		await disk.asked;
		// Others go on meanwhile, and the dispatch is not told of before the disk has it.
		expect(await store.ledger.get(CAMPAIGN, claims[0]!.key)).toMatchObject({ state: 'dispatched' });
		await store.suppressions.count();
		expect(told).not.toHaveBeenCalled();
		disk.goOn();
		await dispatched;
		expect(told).toHaveBeenCalled();
		expect(disk.syncs).toBe(1);
		await store.ledger.settle(claims.map(sent));
		expect(disk.syncs).toBe(1);
		restore();
		await store.close();
	});

	it('ask the disk for the dispatch of a single mail without waiting, unless they are to; a run ends on the disk', async () => {
		const { receipts, close } = await open(newFile());
		const claimed = async (key: string) => {
			const answer = await receipts.claim(key, { owner: 'one', leaseMs: LEASE_MS });
			if (answer.answer !== 'send') throw new Error('Not to be sent.');
			return answer.claim;
		};
		await receipts.openRun({ id: 'run', node: 'node' });
		const [first, second] = [await claimed('run:1'), await claimed('key')];
		const { disk, restore } = holdTheDisk();
		expect(await receipts.dispatch(first)).toBe(true);
		expect(disk.syncs).toBe(0);
		await disk.asked;
		const told = jest.fn();
		const waiting = Promise.all([
			receipts.dispatch(second, { onDisk: true }).then(told),
			receipts.closeRun('run').then(told),
		]);
		expect(await receipts.claim('run:1', { owner: 'two', leaseMs: LEASE_MS })).toMatchObject({
			answer: 'busy',
		});
		expect(told).not.toHaveBeenCalled();
		disk.goOn();
		await waiting;
		expect(told.mock.calls).toEqual([[true], [undefined]]);
		restore();
		await close();
	});

	it('fail when the disk does: what is not known to be kept is not told of as kept', async () => {
		const store = await open(newFile());
		await store.ledger.enqueue(CAMPAIGN, people(1));
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'one',
			limit: 1,
			leaseMs: LEASE_MS,
		});
		const { disk, restore } = holdTheDisk();
		disk.goOn(Object.assign(new Error('i/o error'), { code: 'EIO', syscall: 'fdatasync' }));
		await expect(store.ledger.dispatch(claims)).rejects.toThrow(StoreError);
		restore();
		await store.close();
	});
});

/** Stops every forced write to the disk until it is told to go on, or to fail. */
function holdTheDisk() {
	let asked: () => void = () => undefined;
	let goOn: (error: NodeJS.ErrnoException | null) => void = () => undefined;
	const free = new Promise<NodeJS.ErrnoException | null>((resolve) => (goOn = resolve));
	const disk = {
		syncs: 0,
		asked: new Promise<void>((resolve) => (asked = resolve)),
		goOn: (error: NodeJS.ErrnoException | null = null) => {
			goOn(error);
		},
	};
	const spy = jest.spyOn(fs, 'fdatasync').mockImplementation((_, done) => {
		disk.syncs += 1;
		asked();
		void free.then(done);
	});
	return {
		disk,
		restore: () => {
			spy.mockRestore();
		},
	};
}

describe('what is no store of ours', () => {
	it.each([
		['text', Buffer.from('Dear diary, this is no database at all. '.repeat(50))],
		['random bytes', Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 251))],
	])('is refused and left alone: %s', async (_, bytes) => {
		const file = newFile();
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, bytes);
		await expectProblem(open(file), 'notADatabase', file, /another path/);
		expect(readFileSync(file).equals(bytes)).toBe(true);
	});

	it('is refused and left alone: the database of another program', async () => {
		const file = newFile();
		mkdirSync(path.dirname(file), { recursive: true });
		const raw = new DatabaseSync(file);
		raw.exec('CREATE TABLE workflow_entity (id INTEGER)');
		raw.close();
		const before = readFileSync(file);
		await expectProblem(open(file), 'foreign', file, /another path/);
		expect(readFileSync(file).equals(before)).toBe(true);
	});

	it('is refused and left alone: a store of a newer version', async () => {
		const file = newFile();
		await (await open(file)).close();
		const raw = new DatabaseSync(file);
		raw.exec(`INSERT INTO schema_migration VALUES (${MIGRATIONS.length + 1}, 0)`);
		raw.close();
		const before = readFileSync(file);
		await expectProblem(open(file), 'newer', file, /Update the package/);
		expect(readFileSync(file).equals(before)).toBe(true);
	});

	it('is a folder, a path through a file, or no path', async () => {
		const file = newFile();
		await (await open(file)).close();
		await expectProblem(open(path.dirname(file)), 'unreachable', path.dirname(file), /a folder/);
		await expectProblem(open(path.join(file, 'x', 'y')), 'unreachable', file, /folder/);
		await expectProblem(open(''), 'unreachable', '""', /path/);
	});
});

describe('migrations', () => {
	it('are remembered, and done once', async () => {
		const file = newFile();
		await (await open(file, { clock: () => 1 })).close();
		await (await open(file, { clock: () => 2 })).close();
		const raw = new DatabaseSync(file);
		expect(raw.prepare('SELECT * FROM schema_migration').all()).toEqual(
			MIGRATIONS.map((_, index) => ({ version: index + 1, applied_at: 1 })),
		);
		raw.close();
	});

	it('keep who was suppressed before there were lists, and what was handed on of a mailbox', async () => {
		const file = newFile();
		mkdirSync(path.dirname(file), { recursive: true });
		const raw = new DatabaseSync(file);
		raw.exec('PRAGMA application_id = 0x534d5453');
		raw.exec('CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, applied_at INTEGER)');
		for (const [index, step] of MIGRATIONS.slice(0, 2).entries()) {
			raw.exec(step);
			raw.exec(`INSERT INTO schema_migration VALUES (${index + 1}, 1)`);
		}
		raw.exec(
			`INSERT INTO suppression VALUES ('ada@x.test', 'Ada@x.test', 'manual', 'spring', 'note', 5, NULL);
			INSERT INTO mailbox_mark VALUES ('INBOX', '7', 9, '["a","b"]', NULL, NULL, 5)`,
		);
		raw.close();
		const store = await open(file);
		expect(await store.suppressions.list({ limit: 9 })).toEqual([
			{
				key: 'ada@x.test',
				list: '',
				address: 'Ada@x.test',
				reason: 'manual',
				campaignId: 'spring',
				detail: 'note',
				createdAt: 5,
			},
		]);
		expect(await store.mailboxMarks.get('INBOX')).toEqual({ uidValidity: '7', lastUid: 9 });
		expect([...(await store.mailboxMarks.lookUp('INBOX', ['a', 'b', 'c'])).keys()]).toEqual([
			'a',
			'b',
		]);
		await store.close();
	});
});

describe('trouble', () => {
	it('a lock that another program keeps: waits, lets the event loop go on, then says what to do', async () => {
		const file = newFile();
		const store = await open(file, { patienceMs: 150 });
		const raw = new DatabaseSync(file);
		raw.exec('BEGIN IMMEDIATE');
		let turns = 0;
		const turning = setInterval(() => (turns += 1), 5);
		await expectProblem(
			store.ledger.enqueue(CAMPAIGN, people(1)),
			'locked',
			file,
			/locked by another program.*try again/,
		);
		clearInterval(turning);
		expect(turns).toBeGreaterThan(2);
		const waiting = store.ledger.enqueue(CAMPAIGN, people(1));
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ queued: 0 });
		setTimeout(() => {
			raw.exec('COMMIT');
		}, 50);
		expect(await waiting).toHaveLength(1);
		raw.close();
		await store.close();
	});

	it('a full disk: nothing of it is written, what was there stays, and it goes on when there is room', async () => {
		const file = newFile();
		const database = await Database.open(file, { clock: Date.now, patienceMs: 100 });
		const ledger = createLedger(database, Date.now);
		await ledger.enqueue(CAMPAIGN, people(1));
		database.execute('PRAGMA max_page_count = 60');
		await expectProblem(
			ledger.enqueue(CAMPAIGN, people(5_000)),
			'full',
			file,
			/full.*Free some space/,
		);
		expect(await ledger.counts(CAMPAIGN)).toMatchObject({ queued: 1 });
		database.execute('PRAGMA max_page_count = 1000000');
		expect(await ledger.enqueue(CAMPAIGN, people(5_000))).toHaveLength(5_000);
		await database.close();
	});

	it('a full disk in the middle of shared writes: each caller is told what became of theirs', async () => {
		const database = await Database.open(newFile(), { clock: Date.now, patienceMs: 100 });
		const ledger = createLedger(database, Date.now);
		await ledger.enqueue(CAMPAIGN, people(50));
		const claims = await ledger.claim(CAMPAIGN, { owner: 'one', limit: 50, leaseMs: LEASE_MS });
		database.execute('PRAGMA max_page_count = 60');
		const results = await Promise.allSettled(
			claims.map((claim) =>
				ledger.settle([
					{ claim, messageId: '<m@example.com>', state: 'sent', reply: 'x'.repeat(20_000) },
				]),
			),
		);
		const { sent: written } = await ledger.counts(CAMPAIGN);
		const told = results.filter(({ status }) => status === 'fulfilled').length;
		expect(told).toBe(written);
		expect(told).toBeLessThan(50);
		await database.close();
	});

	it('an error that undoes the whole transaction fails all who share it, and writes nothing', async () => {
		const database = await Database.open(newFile(), { clock: Date.now, patienceMs: 100 });
		const ledger = createLedger(database, Date.now);
		await ledger.enqueue(CAMPAIGN, people(2));
		const [before, after] = await ledger.claim(CAMPAIGN, {
			owner: 'one',
			limit: 2,
			leaseMs: LEASE_MS,
		});
		// What SQLite does by itself when the disk fails under it.
		const failing = () =>
			database.share('kill', () => {
				database.execute('ROLLBACK');
				throw new Error('The disk is gone.');
			});
		const results = await Promise.allSettled([
			ledger.settle([sent(before!)]),
			failing(),
			ledger.settle([sent(after!)]),
		]);
		expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
		expect(await ledger.counts(CAMPAIGN)).toMatchObject({ claimed: 2, sent: 0 });
		await database.close();
	});

	it('a damaged file: says so, and how to save what can be saved', async () => {
		const file = newFile();
		const store = await open(file);
		await store.ledger.enqueue(CAMPAIGN, people(2_000));
		await store.close();
		const bytes = readFileSync(file);
		// Behind the schema, which opening reads.
		bytes.fill(0x5a, 200_000);
		writeFileSync(file, bytes);
		const damaged = await open(file);
		await expectProblem(damaged.ledger.counts(CAMPAIGN), 'damaged', file, /backup/);
		await damaged.close();
	});

	it('no master key: refused before a file is made', async () => {
		const file = newFile();
		await expectProblem(open(file, { masterKey: '' }), 'noMasterKey', file, /encryption key/);
		expect(existsSync(file)).toBe(false);
	});
});

function open(
	file: string,
	options: { clock?: () => number; masterKey?: string; patienceMs?: number } = {},
): Promise<MailStore> {
	return openStore({ path: file, masterKey: 'the master key', ...options });
}

function people(count: number) {
	return Array.from({ length: count }, (_, index) => recipient(`n${index}`));
}

function payloadsIn(file: string): unknown[] {
	const raw = new DatabaseSync(file);
	const rows = raw.prepare('SELECT content FROM payload ORDER BY recipient').all();
	raw.close();
	return rows.map(({ content }) => content);
}

/** A StoreError that names the file, says what to do, and keeps its cause where it has one. */
async function expectProblem(
	failing: Promise<unknown>,
	problem: string,
	file: string,
	advice: RegExp,
): Promise<void> {
	await expect(failing).rejects.toMatchObject({
		name: 'StoreError',
		problem,
		message: expect.stringMatching(advice) as string,
		place: expect.stringContaining(file) as string,
	});
	await failing.catch((error: unknown) => {
		const { message, place } = error as { message: string; place: string };
		expect(message).toContain(place);
	});
}
