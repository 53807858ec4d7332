import { addressesIn } from '../addresses';
import type { Named } from '../naming';
import type { Dialect } from './dialect';

const LIST =
	/(?:did not reach|could not be reached|has failed to) (?:the following|these|some or all)? ?(?:of the intended )?(?:recipient|:)?|following recipients?(?:\(s\))? (?:could not be reached|cannot be reached)/i;

/**
 * Exchange before 2007: "Your message / To: … / did not reach the following recipient(s):", and below it
 * addresses, X.400 names with the address in them ("dda:SMTP=…"), or display names alone.
 */
export const exchange: Dialect = {
	name: 'Exchange',
	read({ notice }) {
		const start = notice.lines.findIndex((line) => LIST.test(line));
		if (start < 0 || !/^\s*your message\b/im.test(notice.text)) return [];
		const named: Named[] = [];
		for (const line of notice.lines.slice(start)) {
			const [found] = addressesIn(line);
			const isName =
				found &&
				/^[\s<"']*$|dda:smtp=$|smtp:$|^[^@]{0,80}[(<]$/i.test(
					line.slice(0, found.start).replace(/smtp=$/i, 'dda:smtp='),
				);
			if (isName && !named.some(({ address }) => address === found.address))
				named.push({ address: found.address, words: line.slice(found.end).trim() });
			else {
				const last = named.at(-1);
				if (last && last.words.length < 2_000) last.words += ` ${line.trim()}`;
			}
		}
		return named;
	},
};
