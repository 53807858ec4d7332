import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { CAMPAIGN, keyOf, LEASE_MS, recipient } from './contract/scene';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const newFile = () => path.join(folder(), randomUUID(), 'mail.sqlite');
const NOBODY = 65_534;

let program = '';
beforeAll(async () => {
	program = path.join(folder(), 'sender-process.cjs');
	await build({
		entryPoints: [path.join(__dirname, 'sender-process.ts')],
		outfile: program,
		bundle: true,
		platform: 'node',
		target: 'node22',
	});
}, 30_000);

const running: SenderProcess[] = [];
afterEach(async () => {
	for (const sender of running.splice(0)) await sender.kill();
});

describe('several processes on one store', () => {
	it('mail every recipient once, whoever claims them', async () => {
		const file = newFile();
		const names = Array.from({ length: 600 }, (_, index) => `n${index}`);
		const store = await filled(file, names);
		const senders = ['one', 'two', 'three'].map((owner) => start('sendAll', file, owner));
		await Promise.all(senders.map((sender) => sender.end()));
		const shares = senders.map((sender) => sender.told.flatMap(({ sent }) => sent as string[]));
		expect(shares.flat().sort()).toEqual(names.map(keyOf).sort());
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ sent: names.length });
		const entries = await store.ledger.getMany(CAMPAIGN, names.map(keyOf));
		expect(entries.filter(({ attempts }) => attempts !== 1)).toEqual([]);
		await store.close();
	}, 30_000);

	it('make one file, one schema and one signing key when they all come first', async () => {
		for (let round = 0; round < 5; round += 1) {
			const file = newFile();
			const senders = ['one', 'two', 'three', 'four'].map((owner) => start('showKey', file, owner));
			await Promise.all(senders.map((sender) => sender.end()));
			const told = senders.flatMap((sender) => sender.told);
			expect(told[0]).toEqual({ key: expect.any(String) as string });
			expect(told).toEqual(Array.from({ length: 4 }, () => told[0]));
		}
	}, 30_000);
});

describe('a sender that is killed (-9)', () => {
	it('leaves what it dispatched as dispatched, then unknown; what it only claimed is mailed by another', async () => {
		const file = newFile();
		let now = Date.now();
		const store = await filled(file, ['ada', 'bob', 'cyd'], () => now);
		const sender = start('hang', file, 'one');
		expect(await sender.next()).toEqual({ dispatched: 2 });
		await sender.kill();
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ dispatched: 2, claimed: 1 });
		expect(await store.ledger.expireDispatched(CAMPAIGN)).toBe(0);
		now += 2 * 60_000;
		expect(await store.ledger.expireDispatched(CAMPAIGN)).toBe(2);
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ unknown: 2, claimed: 1 });
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'two',
			limit: 9,
			leaseMs: LEASE_MS,
		});
		expect(claims).toMatchObject([{ key: keyOf('cyd'), attempts: 0 }]);
		await store.close();
	}, 20_000);

	it('in the middle of an intake has taken in nobody, and blocks nobody', async () => {
		const file = newFile();
		const store = await filled(file, ['ada']);
		const sender = start('dieTakingIn', file, 'one');
		await sender.end();
		expect(sender.signal).toBe('SIGKILL');
		const { queued } = await store.ledger.counts(CAMPAIGN);
		expect([1, 50_001]).toContain(queued);
		await store.ledger.enqueue(CAMPAIGN, [recipient('bob')]);
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ queued: queued + 1 });
		await store.close();
	}, 20_000);
});

describe('a sender that was frozen', () => {
	it('neither sends nor writes an outcome when it comes back to what another has claimed', async () => {
		const file = newFile();
		const store = await filled(file, ['ada']);
		const sender = start('comeBackLate', file, 'zombie');
		expect(await sender.next()).toEqual({ claimed: 1 });
		sender.freeze();
		await sleep(150);
		const claims = await store.ledger.claim(CAMPAIGN, {
			owner: 'two',
			limit: 9,
			leaseMs: LEASE_MS,
		});
		expect(claims).toHaveLength(1);
		sender.goOn();
		expect(await sender.next()).toEqual({ dispatched: 0, settled: 0 });
		expect(await store.ledger.dispatch(claims)).toHaveLength(1);
		await store.close();
	}, 20_000);
});

describe('a process with an open store', () => {
	it('ends by itself, and has lost nothing', async () => {
		const file = newFile();
		const sender = start('leaveOpen', file, 'ada');
		expect(await sender.next()).toEqual({ done: true });
		await sender.end(5_000);
		expect(sender.exitCode).toBe(0);
		const store = await openStore({ path: file, masterKey: 'the master key' });
		expect(await store.ledger.counts(CAMPAIGN)).toMatchObject({ queued: 1 });
		await store.close();
	}, 20_000);
});

describe('a file that may not be written', () => {
	// Root may write everywhere, so the process under test is somebody else.
	const uid = process.getuid?.() === 0 ? NOBODY : undefined;

	it('is named, with what to do', async () => {
		chmodSync(folder(), 0o755);
		const file = newFile();
		await (await filled(file, ['ada'])).close();
		if (uid === undefined) chmodSync(file, 0o400);
		else {
			chmodSync(file, 0o444);
			chmodSync(path.dirname(file), 0o777);
		}
		const sender = start('leaveOpen', file, 'one', uid);
		expect(await sender.next()).toMatchObject(refusal(file));
	}, 20_000);

	it('is in a folder that may not be written', async () => {
		chmodSync(folder(), 0o755);
		const file = newFile();
		mkdirSync(path.dirname(file), { mode: 0o555 });
		if (uid !== undefined) chownSync(path.dirname(file), uid, uid);
		const sender = start('leaveOpen', file, 'one', uid);
		expect(await sender.next()).toMatchObject(refusal(file));
	}, 20_000);

	function refusal(file: string) {
		return {
			name: 'StoreError',
			problem: 'notWritable',
			message: expect.stringMatching(
				new RegExp(`${file} cannot be written.*write access`),
			) as string,
		};
	}
});

/** One process at work, and what it told. */
class SenderProcess {
	readonly told: Record<string, unknown>[] = [];
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #lines: AsyncIterator<string>;
	readonly #exit: Promise<unknown>;

	constructor(child: ChildProcessWithoutNullStreams) {
		this.#child = child;
		this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
		this.#exit = once(child, 'close');
		child.stderr.pipe(process.stderr);
	}

	get exitCode() {
		return this.#child.exitCode;
	}

	get signal() {
		return this.#child.signalCode;
	}

	async next(): Promise<unknown> {
		const line = await this.#lines.next();
		return line.done ? undefined : JSON.parse(line.value);
	}

	/** Waits for it to end by itself; kills it when it does not. */
	async end(withinMs = 20_000): Promise<void> {
		const late = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
		for (let told = await this.next(); told !== undefined; told = await this.next())
			this.told.push(told as Record<string, unknown>);
		await this.#exit;
		clearTimeout(late);
	}

	freeze(): void {
		this.#child.kill('SIGSTOP');
	}

	goOn(): void {
		this.#child.kill('SIGCONT');
		this.#child.stdin.write('continue\n');
	}

	async kill(): Promise<void> {
		this.#child.kill('SIGKILL');
		await this.#exit;
	}
}

function start(task: string, file: string, owner: string, uid?: number): SenderProcess {
	const child = spawn(process.execPath, [program, task, file, owner], {
		stdio: 'pipe',
		uid,
		gid: uid,
		env: { ...process.env, NODE_NO_WARNINGS: '1' },
	});
	const sender = new SenderProcess(child);
	running.push(sender);
	return sender;
}

async function filled(file: string, names: string[], clock?: () => number): Promise<MailStore> {
	const store = await openStore({ path: file, masterKey: 'the master key', clock });
	await store.ledger.enqueue(
		CAMPAIGN,
		names.map((name) => recipient(name)),
	);
	return store;
}
