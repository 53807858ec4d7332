import { addressesIn } from '../addresses';
import type { Named } from '../naming';
import type { Dialect } from './dialect';

const VERDICT =
	/^\s{0,8}[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?<?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?\.{3}/;

/**
 * Sendmail 5: no list of addresses, only the transcript of the session. The line in which the server
 * itself ends with a recipient is "554 <ada@example.org>... User unknown"; the lines before it say why.
 */
export const transcript: Dialect = {
	name: 'Sendmail 5',
	read({ notice }) {
		if (!/transcript of session follows/i.test(notice.text)) return [];
		if (/addresses had|failed addresses/i.test(notice.text)) return [];
		const named: Named[] = [];
		let before: string[] = [];
		for (const line of notice.lines) {
			const found = VERDICT.test(line) ? addressesIn(line)[0] : undefined;
			if (!found) {
				if (/^\s*(?:>>>|<<<|[45]\d\d)/.test(line)) before.push(line.trim());
				continue;
			}
			const known = named.find(({ address }) => address === found.address);
			const words = [...before.slice(-4), line.trim()].join(' ');
			if (known) known.words += ` ${words}`;
			else named.push({ address: found.address, words });
			before = [];
		}
		return named;
	},
};
