import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { buildSync } from 'esbuild';

const CORPUS = path.resolve(__dirname, '../../../../shared/bounce-corpus');
const suite = existsSync(path.join(CORPUS, 'score.mjs')) ? describe : describe.skip;

/** Floors, a little under what the reader reaches: a change that reads worse shows here. */
const FLOORS: Record<string, number> = {
	kind: 99,
	recipients: 99,
	'recipients, no delivery-status part': 99,
	'4 or 5': 99,
	status: 98,
	'hard or soft': 98,
	reason: 92,
	'ordinary mail left alone': 100,
};

suite('real bounces (a corpus beside the checkout; skipped where there is none)', () => {
	it('are read as well as they were', () => {
		const folder = mkdtempSync(path.join(tmpdir(), 'corpus-'));
		const outfile = path.join(folder, 'reader.cjs');
		buildSync({
			entryPoints: [path.resolve(__dirname, '../../../mail/bounce/read.ts')],
			outfile,
			bundle: true,
			platform: 'node',
			format: 'cjs',
		});
		const { stdout } = spawnSync(process.execPath, [path.join(CORPUS, 'score.mjs'), outfile], {
			encoding: 'utf8',
		});
		rmSync(folder, { recursive: true });
		for (const [measure, floor] of Object.entries(FLOORS)) {
			const line = stdout.split('\n').find((each) => each.startsWith(`${measure} `)) ?? '';
			expect(`${measure} ${Number(/([\d.]+) %/.exec(line)?.[1] ?? 0) >= floor}`).toBe(
				`${measure} true`,
			);
		}
		expect(stdout).toContain('thrown 0');
	}, 60_000);
});
