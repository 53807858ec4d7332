import { addressesIn, addressOf } from '../addresses';
import { first } from '../headers';
import type { Dialect } from './dialect';

/** AOL names its users by screen name, the domain left out: "not accepting mail from you: ada". */
export const aol: Dialect = {
	name: 'AOL',
	read({ message, notice }) {
		const domain = addressOf(first(message.headers, 'from')).split('@')[1] ?? '';
		if (!/^aol\.(?:com|net)$/i.test(domain)) return [];
		const colon = /could not be delivered because[^:]{0,200}:/i.exec(notice.text);
		if (!colon) return [];
		const words = colon[0];
		return notice.text
			.slice(colon.index + words.length)
			.split(/[\s,;]+/)
			.filter((name) => /^[a-z][\w.-]{1,31}(?:@[\w.-]+)?$/i.test(name))
			.slice(0, 100)
			.map((name) => ({
				address: addressesIn(name).length > 0 ? name : `${name}@${domain}`,
				words,
			}));
	},
};
