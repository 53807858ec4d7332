import { readFileSync } from 'node:fs';
import path from 'node:path';

import { REASONS } from '../../../mail/model/reasons';

const PAGE = readFileSync(path.resolve(__dirname, '../../../docs/bounce-reasons.md'), 'utf8');

/** The cells of the rows that begin with a name in code, of the section of that heading. */
function table(heading: string): string[][] {
	const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
	return [...section.matchAll(/^\| `.*\|$/gm)].map(([row]) =>
		row
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim().replaceAll('`', '')),
	);
}

describe('docs/bounce-reasons.md', () => {
	it('shows the taxonomy as the reader has it', () => {
		expect(table('Reasons')).toEqual(
			Object.entries(REASONS).map(([reason, { meaning, severity, blame, advice }]) => [
				reason,
				meaning,
				severity,
				blame ?? '–',
				advice,
			]),
		);
	});

	it('explains every blame and every advice that is given', () => {
		const names = (heading: string) =>
			table(heading)
				.map(([name]) => name)
				.sort();
		const given = (of: 'blame' | 'advice') =>
			[...new Set(Object.values(REASONS).flatMap((row) => row[of] ?? []))].sort();
		expect(names('Blame')).toEqual(given('blame'));
		expect(names('Advice')).toEqual(given('advice'));
	});
});
