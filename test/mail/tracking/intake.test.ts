import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { buildSync } from 'esbuild';

import { HitIntake } from '../../../mail/tracking/intake';
import type { Hit } from '../../../mail/tracking/intake';

const HIT: Hit = {
	mail: { reference: 'r1', campaignId: 'spring' },
	event: 'opened',
	link: 0,
	at: 0,
};

const store = {
	tracking: {
		record: (events: readonly object[]) =>
			Promise.resolve(events.map(() => ({ result: 'recorded', first: true }))),
	},
};

describe('hits that wait to be written', () => {
	it('listen for the end of the process once, however many stores there are', async () => {
		const before = process.listenerCount('SIGTERM');
		const intakes = Array.from({ length: 20 }, () => new HitIntake(store as never));
		const judged = intakes.map((intake) => intake.add(HIT));
		expect(process.listenerCount('SIGTERM')).toBe(before + 1);
		await Promise.all(intakes.map((intake) => intake.flush()));
		expect(await Promise.all(judged)).toHaveLength(20);
	});

	it('are written when the process is asked to end, which then ends', async () => {
		const built = buildSync({
			entryPoints: ['mail/tracking/intake.ts'],
			bundle: true,
			platform: 'node',
			format: 'iife',
			globalName: 'intake',
			write: false,
		});
		const source = `
			${built.outputFiles[0]!.text}
			const record = async (events) => {
				console.log('wrote ' + events.length);
				return events.map(() => ({ result: 'recorded', first: true }));
			};
			for (let stores = 0; stores < 2; stores += 1)
				void new intake.HitIntake({ tracking: { record } }).add(${JSON.stringify(HIT)});
			console.log('ready');`;
		const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
		let said = '';
		child.stdout.on('data', (chunk: Buffer) => {
			said += chunk.toString();
			if (said === 'ready\n') child.kill('SIGTERM');
		});
		const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
		expect({ code, signal, said }).toEqual({
			code: null,
			signal: 'SIGTERM',
			said: 'ready\nwrote 1\nwrote 1\n',
		});
	});
});
