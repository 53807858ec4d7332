import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { parseBounce } from '../mail/bounce/read';
import { compare } from './report';
import type { Benchmark } from './report';

/** It has no types of its own. */
const { BounceHandler } = createRequire(path.resolve('bench'))('bounce-handler') as {
	BounceHandler: new () => { parse_email(mail: string): unknown };
};

const FOLDER = process.env.BENCH_MAILS ?? '../../shared/bounce-corpus/mails';
const RUNS = Number(process.env.BENCH_RUNS ?? 5);

/** Reports read from their bytes, in one process, warm. */
export const benchmark: Benchmark = {
	about: `every mail in ${FOLDER} (BENCH_MAILS), from raw bytes: recipients, status, reason.`,
	async *run() {
		const mails = globSync('**/*.eml', { cwd: FOLDER }).map((file) =>
			readFileSync(path.join(FOLDER, file)),
		);
		const ours = () =>
			rate(mails, async (mail) => {
				await parseBounce(mail);
			});
		const handler = new BounceHandler();
		const peer = () => rate(mails, (mail) => handler.parse_email(mail.toString()));
		await ours();
		await peer();
		yield await compare({
			measure: 'bounces read',
			unit: 'mails/s',
			peerName: 'bounce-handler',
			runs: RUNS,
			ours,
			peer,
		});
	},
};

async function rate(mails: readonly Buffer[], read: (mail: Buffer) => unknown): Promise<number> {
	const start = performance.now();
	for (const mail of mails)
		try {
			await read(mail);
		} catch {
			// A reader that throws has spent its time too.
		}
	return mails.length / ((performance.now() - start) / 1_000);
}
