import { addressOf } from '../addresses';
import type { Dialect } from './dialect';

const FIELD = /^\s{0,10}error-(for|code|text|end)\s{0,10}:\s{0,10}(.*)$/i;

/** LSMTP and LISTSERV: "Error-for: ada@example.org", "Error-Text: …", for programs to read. */
export const codedList: Dialect = {
	name: 'LSMTP',
	read({ notice }) {
		const named: { address: string; words: string }[] = [];
		let isText = false;
		for (const line of notice.lines) {
			const [, field = '', value = ''] = FIELD.exec(line) ?? [];
			const current = named.at(-1);
			if (field.toLowerCase() === 'for') named.push({ address: addressOf(value), words: '' });
			else if (current && field.toLowerCase() === 'text') current.words = value;
			else if (current && isText && field === '' && line.trim() !== '')
				current.words += ` ${line.trim()}`;
			isText = field === '' ? isText && line.trim() !== '' : field.toLowerCase() === 'text';
		}
		return named.filter(({ address }) => address !== '').slice(0, 1_000);
	},
};
