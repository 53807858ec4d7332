import { addressOf } from '../addresses';
import { first } from '../headers';
import type { Dialect } from './dialect';

/** Google Groups greets the sender and names the group alone, in the user's language. */
export const googleGroups: Dialect = {
	name: 'Google Groups',
	read({ message, notice, original }) {
		if (!/groups\.google\.com\/support|Google Groups/i.test(notice.text)) return [];
		const failed = first(message.headers, 'x-failed-recipients');
		const address = addressOf(failed) || addressOf(first(original, 'to'));
		return address === '' ? [] : [{ address, words: notice.text.slice(0, 1_000) }];
	},
};
