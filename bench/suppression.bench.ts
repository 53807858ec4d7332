import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../mail/store/open';
import type { MailStore, NewSuppression } from '../mail/store/store';
import { importSuppressions } from '../mail/store/suppression-import';
import { compare } from './report';
import type { Benchmark } from './report';

const ADDRESSES = Number(process.env.BENCH_ADDRESSES ?? 1_000_000);
const CHECKED = 10_000;
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const BATCH = 5_000;

/** A million suppressed addresses: taken in, and asked for. */
export const benchmark: Benchmark = {
	about: `${ADDRESSES} suppressed addresses in a file: import in batches of ${BATCH}, and the check of ${CHECKED} addresses, of which half are suppressed.`,
	async *run() {
		const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-bench-'));
		let files = 0;
		const newFile = () => path.join(folder, `${(files += 1)}.sqlite`);
		let store: MailStore | undefined;
		let plain: PlainTable | undefined;
		try {
			yield await compare({
				measure: 'suppression import',
				unit: 's',
				peerName: 'plain SQLite insert',
				runs: RUNS,
				lessIsBetter: true,
				ours: async () => {
					await store?.close();
					const made = (store = await openStore({ path: newFile(), masterKey: 'bench' }));
					return await seconds(() => importSuppressions(made.suppressions, [...batches()].flat()));
				},
				peer: async () => {
					plain?.close();
					const made = (plain = new PlainTable(newFile()));
					return await seconds(() => {
						for (const batch of batches()) made.insert(batch);
					});
				},
			});
			const keys = Array.from({ length: CHECKED }, (_, index) =>
				addressOf(index % 2 === 0 ? index * 7 : ADDRESSES + index),
			);
			yield await compare({
				measure: `suppression check of ${CHECKED}`,
				unit: 's',
				peerName: 'plain SQLite select',
				runs: RUNS,
				lessIsBetter: true,
				ours: () => seconds(() => store?.suppressions.check(keys)),
				peer: () => seconds(() => plain?.select(keys)),
			});
		} finally {
			await store?.close();
			plain?.close();
			rmSync(folder, { recursive: true, force: true });
		}
	},
};

async function seconds(work: () => unknown): Promise<number> {
	const start = performance.now();
	await work();
	return (performance.now() - start) / 1_000;
}

/** In an order that is not that of the keys, as lists come. */
function addressOf(index: number): string {
	return `${((index * 2_654_435_761) % 4_294_967_296).toString(36)}.${index}@example${index % 500}.com`;
}

function* batches(): Generator<NewSuppression[]> {
	for (let start = 0; start < ADDRESSES; start += BATCH)
		yield Array.from({ length: Math.min(BATCH, ADDRESSES - start) }, (_, index) => {
			const address = addressOf(start + index);
			return { key: address, address, reason: 'hardBounce', detail: '550 5.1.1 User unknown' };
		});
}

/** The least that a program would do with the same library: no merging, no lists, no expiry. */
class PlainTable {
	readonly #database: DatabaseSync;

	constructor(file: string) {
		this.#database = new DatabaseSync(file);
		this.#database.exec(
			`PRAGMA journal_mode = WAL;
			CREATE TABLE suppression (key TEXT PRIMARY KEY, address TEXT, reason TEXT, detail TEXT, created_at INTEGER) WITHOUT ROWID;
			CREATE INDEX by_age ON suppression (created_at, key)`,
		);
	}

	insert(batch: readonly NewSuppression[]): void {
		const write = this.#database.prepare('INSERT INTO suppression VALUES (?, ?, ?, ?, ?)');
		this.#database.exec('BEGIN');
		for (const { key, address, reason, detail = '' } of batch)
			write.run(key, address, reason, detail, Date.now());
		this.#database.exec('COMMIT');
	}

	select(keys: readonly string[]): number {
		const read = this.#database.prepare('SELECT * FROM suppression WHERE key = ?');
		return keys.filter((key) => read.get(key)).length;
	}

	close(): void {
		this.#database.close();
	}
}
