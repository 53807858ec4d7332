import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

const SECONDS = 2;

/** Made again and again without looking at anything else. */
const SIGN = `
const { sign } = require('node:crypto');
const { parentPort, workerData: { privateKey, seconds } } = require('node:worker_threads');
const text = Buffer.alloc(1_200, 'x');
const until = performance.now() + seconds * 1_000;
let made = 0;
for (; performance.now() < until; made += 1) sign('sha256', text, privateKey);
parentPort.postMessage(made);`;

/** Signatures a second where every core does nothing else: no signed campaign can be faster. */
export async function signaturesAlone(privateKey: KeyObject): Promise<number> {
	const one = () =>
		new Promise<number>((resolve, reject) => {
			const worker = new Worker(SIGN, {
				eval: true,
				workerData: { privateKey, seconds: SECONDS },
			});
			worker.once('message', resolve);
			worker.once('error', reject);
		});
	const made = await Promise.all(Array.from({ length: availableParallelism() }, one));
	return made.reduce((sum, each) => sum + each, 0) / SECONDS;
}
