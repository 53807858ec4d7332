import { composeMessage } from '../../../mail/message/compose';
import { rememberLast } from '../../../mail/message/remember-last';
import { draftTo } from '../transactional/draft';

describe('what is made of the same text', () => {
	it('is made once, until another comes', () => {
		const made: string[] = [];
		const make = rememberLast((text) => made.push(text));
		expect(['a', 'a', 'b', 'a'].map(make)).toEqual([1, 1, 2, 3]);
		expect(made).toEqual(['a', 'b', 'a']);
	});

	it('is not kept where it is large', () => {
		let times = 0;
		const make = rememberLast(() => (times += 1));
		const large = 'x'.repeat(300_000);
		make(large);
		make(large);
		expect(times).toBe(2);
	});
});

describe('mails of one run', () => {
	it('have their own text beside an HTML that is the same, and the other way round', async () => {
		const mail = async (html: string, text?: string) => {
			const draft = { ...draftTo('ada@example.com'), html, text };
			const { raw } = await composeMessage(draft, {
				messageId: '<1@example.com>',
				date: new Date(0),
			});
			return raw.toString();
		};
		const first = await mail('<p>Same</p>', 'One');
		expect(await mail('<p>Same</p>', 'Two')).toBe(first.replace('One', 'Two'));
		expect(await mail('<p>Other</p>', 'One')).toBe(first.replace('<p>Same', '<p>Other'));
		expect(await mail('<p>Same</p>', 'One')).toBe(first);
		const made = await mail('<p>Same</p>');
		expect(made).toBe(first.replace('One', 'Same'));
		expect(await mail('<p>Other</p>')).toBe(made.replaceAll('Same', 'Other'));
	});
});
