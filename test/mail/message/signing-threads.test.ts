import { generateKeyPairSync } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import type { Worker } from 'node:worker_threads';

import {
	SigningThreads,
	signText,
	startSigningThread,
} from '../../../mail/message/signing-threads';

const RSA = {
	algorithm: 'rsa-sha256',
	privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
} as const;
const ED25519 = {
	algorithm: 'ed25519-sha256',
	privateKey: generateKeyPairSync('ed25519').privateKey,
} as const;

const TEXTS = Array.from({ length: 200 }, (_, index) => `subject:Zażółć ${index}\r\n`);

/** Both kinds of signature are the same each time they are made. */
async function expectAllSigned(
	key: typeof RSA | typeof ED25519,
	...[startThread]: [] | [() => Worker]
): Promise<void> {
	const signing = new SigningThreads(key, startThread);
	const signatures = await Promise.all(TEXTS.map((text) => signing.sign(text)));
	expect(signatures).toEqual(TEXTS.map((text) => signText(key, text)));
}

/** Takes the place of a thread, and does what it is told where a thread would sign. */
class Puppet extends EventEmitter {
	ref = () => undefined;
	unref = () => undefined;
	terminate = () => Promise.resolve(0);

	constructor(readonly postMessage: (this: Puppet) => void) {
		super();
	}
}

function puppet(act: (this: Puppet) => void): Worker {
	return new Puppet(act) as unknown as Worker;
}

it.each([RSA, ED25519])('gives each text its own signature: $algorithm', async (key) => {
	await expectAllSigned(key);
});

it('has threads only where many wait', async () => {
	const startThread = jest.fn(() => puppet(() => undefined));
	const signing = new SigningThreads(RSA, startThread);
	const [few, more] = [TEXTS.slice(0, 8), TEXTS.slice(8, 13)];
	await Promise.all(few.map((text) => signing.sign(text)));
	expect(startThread).not.toHaveBeenCalled();
	for (const text of [...few, ...more]) void signing.sign(text);
	expect(startThread).toHaveBeenCalled();
});

it('signs where no thread may be made', async () => {
	await expectAllSigned(RSA, () => {
		throw new Error('ERR_ACCESS_DENIED');
	});
});

it('signs what a thread had in hand when it died', async () => {
	await expectAllSigned(RSA, () =>
		puppet(function () {
			setImmediate(() => this.emit('error', new Error('out of memory')));
		}),
	);
});

it('signs what a thread could not', async () => {
	await expectAllSigned(RSA, () =>
		puppet(function () {
			setImmediate(() => this.emit('message', []));
		}),
	);
});

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('lets everything else in the process go before its threads', async () => {
	const own = getPriority();
	const signing = new SigningThreads(RSA);
	await Promise.all(TEXTS.map((text) => signing.sign(text)));
	expect(getPriority()).toBe(own);
	expect(nicest()).toBeGreaterThan(own);
});

/** How far the thread of this process stands back that stands back the furthest. */
function nicest(): number {
	const NICE_FIELD = 16;
	const threads = readdirSync('/proc/self/task').map((id) => {
		// The name before it, in brackets, may hold anything.
		const [, fields = ''] =
			/^.*\) (.*)$/s.exec(readFileSync(`/proc/self/task/${id}/stat`, 'utf8')) ?? [];
		return Number(fields.split(' ')[NICE_FIELD]);
	});
	return Math.max(...threads);
}

it('ends its threads when nothing was signed for a while, and makes new ones', async () => {
	const threads: Worker[] = [];
	const signing = new SigningThreads(RSA, (key) => {
		const thread = startSigningThread(key);
		threads.push(thread);
		return thread;
	});
	await Promise.all(TEXTS.map((text) => signing.sign(text)));
	const first = [...threads];
	expect(first.length).toBeGreaterThan(0);
	await Promise.all(first.map((thread) => new Promise((ended) => thread.once('exit', ended))));
	await Promise.all(TEXTS.map((text) => signing.sign(text)));
	expect(threads.length).toBe(first.length * 2);
});
