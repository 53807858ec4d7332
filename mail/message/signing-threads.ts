import { hash, sign as signBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { DkimKey } from './dkim-key';

type SigningKey = Pick<DkimKey, 'algorithm' | 'privateKey'>;

/** What one signature is made over, and who is told of it. */
interface Job {
	text: string;
	resolve: (signature: string) => void;
	reject: (error: unknown) => void;
}

interface Thread {
	worker: Worker;
	/** What it was given at once comes back at once, in the order in which it was given. */
	batches: Job[][];
}

/**
 * Signatures of one key, made on other cores.
 *
 * A few are made in Node's own pool of threads. Where more are wanted than it makes at once, the key
 * gets threads of its own, one for each core, with work in hand and more behind it. Node's pool also
 * brings the store's log to the disk, and every final dot of a campaign waits for that: no signature
 * stands before it then, and no core is idle until the event loop has time for the next text. Measured
 * in turn, that is a tenth more mails a second where the disk is waited for, and 4 % where all cores
 * were busy anyway.
 */
export class SigningThreads {
	readonly #waiting: Job[] = [];
	/** Signatures that Node's pool is at. */
	#inPool = 0;
	#threads: Thread[] = [];
	/** Threads of our own cannot be had here, or one of them died: Node's pool has to do. */
	#withoutThreads = false;
	#idle: NodeJS.Timeout | undefined;

	readonly #key: SigningKey;

	/** @param startThread in place of a thread that signs, for tests */
	constructor(
		{ algorithm, privateKey }: SigningKey,
		private readonly startThread: (key: SigningKey) => Worker = startSigningThread,
	) {
		this.#key = { algorithm, privateKey };
	}

	/** @returns the signature of a text, base64 */
	sign(text: string): Promise<string> {
		return new Promise((resolve, reject) => {
			this.#waiting.push({ text, resolve, reject });
			if (this.#waiting.length > ENOUGH_FOR_THREADS && this.#threads.length === 0) this.#hire();
			this.#handOut();
		});
	}

	#handOut(): void {
		if (this.#threads.length === 0) {
			while (this.#inPool < POOL_AT_ONCE && this.#waiting.length > 0) this.#signInPool();
			return;
		}
		while (this.#waiting.length > 0) {
			const { worker, batches } = this.#leastBusy();
			if (batches.length >= IN_HAND) return;
			const share = Math.ceil(this.#waiting.length / this.#threads.length);
			const batch = this.#waiting.splice(0, Math.min(share, BATCH));
			// The process stays alive for the threads as long as somebody waits for them.
			if (batches.push(batch) === 1) worker.ref();
			worker.postMessage(batch.map(({ text }) => text));
		}
	}

	#leastBusy(): Thread {
		return this.#threads.reduce((least, each) =>
			each.batches.length < least.batches.length ? each : least,
		);
	}

	#signInPool(): void {
		const job = this.#waiting.shift();
		if (!job) return;
		this.#inPool += 1;
		void signInPool(this.#key, job).finally(() => {
			this.#inPool -= 1;
			this.#handOut();
		});
	}

	#hire(): void {
		if (this.#withoutThreads) return;
		try {
			const count = Math.min(availableParallelism(), MOST_THREADS);
			for (let made = 0; made < count; made += 1) this.#threads.push(this.#addThread());
		} catch {
			// Node's permission model, or a system without room for more threads.
			this.#giveUpThreads();
		}
	}

	#addThread(): Thread {
		const worker = this.startThread(this.#key);
		worker.unref();
		const thread: Thread = { worker, batches: [] };
		worker.on('message', (signatures: (string | undefined)[]) => {
			this.#takeBack(thread, signatures);
		});
		for (const ending of ['error', 'exit'])
			worker.on(ending, () => {
				if (this.#threads.includes(thread)) this.#giveUpThreads();
			});
		return thread;
	}

	#takeBack({ worker, batches }: Thread, signatures: readonly (string | undefined)[]): void {
		const batch = batches.shift() ?? [];
		this.#handOut();
		if (batches.length === 0) worker.unref();
		for (const [index, job] of batch.entries()) {
			const signature = signatures[index];
			// What cannot be signed there can be no better here, but here it says why.
			if (signature === undefined) void signInPool(this.#key, job);
			else job.resolve(signature);
		}
		this.#restLater();
	}

	/** What the threads had in hand comes first again. */
	#giveUpThreads(): void {
		this.#withoutThreads = true;
		this.#waiting.unshift(...this.#letGo());
		this.#handOut();
	}

	/** @returns what they had in hand */
	#letGo(): Job[] {
		const threads = this.#threads;
		this.#threads = [];
		for (const { worker } of threads) void worker.terminate();
		return threads.flatMap(({ batches }) => batches.splice(0).flat());
	}

	#restLater(): void {
		if (this.#idle) {
			this.#idle.refresh();
			return;
		}
		this.#idle = setTimeout(() => {
			this.#idle = undefined;
			if (this.#threads.every(({ batches }) => batches.length === 0)) this.#letGo();
		}, IDLE_MS);
		this.#idle.unref();
	}
}

/**
 * Node's pool has four threads, and also reads files, asks the DNS and brings the store's log to the
 * disk: with as many signatures at once as it has threads, what else comes to it waits for one
 * signature, not for a queue of them.
 */
const POOL_AT_ONCE = 4;
/** So many wait only where mails are made faster than Node's pool signs them. */
const ENOUGH_FOR_THREADS = 8;
/** Four threads sign more than one event loop can send. */
const MOST_THREADS = 4;
/** Texts given to a thread at once: a way there and back costs a twentieth of a signature. */
const BATCH = 4;
/** Batches that it has, so that it need not wait for the next. */
const IN_HAND = 2;
/** After so long without work the threads end, in ms. */
const IDLE_MS = 2_000;

/**
 * How far a thread stands back (`nice`): the event loop, and what brings the ledger to the disk, get a
 * core before it. Only Linux counts this for each thread; elsewhere it would be n8n that stands back.
 */
const NICE = 5;

/** A thread gets the key itself, not its text, and answers texts with their signatures. */
const THREAD = `
const { hash, sign } = require('node:crypto');
const { setPriority } = require('node:os');
const { parentPort, workerData: { algorithm, privateKey } } = require('node:worker_threads');
if (process.platform === 'linux') try { setPriority(${NICE}); } catch {}
function signed(text) {
	try {
		const signature = algorithm === 'rsa-sha256'
			? sign('sha256', Buffer.from(text), privateKey)
			: sign(null, hash('sha256', text, 'buffer'), privateKey);
		return signature.toString('base64');
	} catch {}
}
parentPort.on('message', (texts) => {
	parentPort.postMessage(texts.map(signed));
});`;

/** A thread that signs the texts it is sent, one after the other. */
export function startSigningThread(key: SigningKey): Worker {
	return new Worker(THREAD, {
		eval: true,
		workerData: key,
		// It needs nothing of what the process was started with, least of all its secrets.
		argv: [],
		execArgv: [],
		env: {},
		resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
	});
}

/** @returns the signature of a text, base64, made here and now */
export function signText({ algorithm, privateKey }: SigningKey, text: string): string {
	return signBytes(digestName(algorithm), toSign(algorithm, text), privateKey).toString('base64');
}

function signInPool(
	{ algorithm, privateKey }: SigningKey,
	{ text, resolve, reject }: Job,
): Promise<void> {
	return new Promise((done) => {
		signBytes(digestName(algorithm), toSign(algorithm, text), privateKey, (error, signature) => {
			if (error) reject(error);
			else resolve(signature.toString('base64'));
			done();
		});
	});
}

/** Ed25519 signs the hash and not the bytes (RFC 8463 section 3); Node hashes for RSA. */
function toSign(algorithm: DkimKey['algorithm'], text: string): Buffer {
	return algorithm === 'rsa-sha256' ? Buffer.from(text) : hash('sha256', text, 'buffer');
}

function digestName(algorithm: DkimKey['algorithm']): string | null {
	return algorithm === 'rsa-sha256' ? 'sha256' : null;
}
