import type { IDataObject } from 'n8n-workflow';

import { readTracking } from '../../../nodes/shared/tracking-fields';
import { executeContext } from '../execute-context';

const read = (tracking: IDataObject, options: IDataObject = {}) =>
	readTracking(executeContext([{}], { tracking, options }), 'news');

describe('Tracking and Unsubscribe', () => {
	it('asks for nothing unless it is told to', () => {
		expect(read({})).toEqual({});
		expect(read({ anonymous: true, scope: 'everything', unsubscribe: 'none' })).toEqual({});
	});

	it('is one choice for each of its fields', () => {
		expect(
			read({
				opens: true,
				anonymous: true,
				unsubscribe: 'line',
				words: 'Abmelden',
				mailto: 'u@x.test',
			}),
		).toEqual({
			wishes: {
				opens: true,
				clicks: false,
				anonymous: true,
				unsubscribe: { list: 'news', mailto: 'u@x.test' },
			},
			line: 'Abmelden',
		});
		expect(read({ unsubscribe: 'header', scope: 'everything' })).toEqual({
			wishes: { opens: false, clicks: false, anonymous: false, unsubscribe: { list: '' } },
		});
	});

	it('refuses what would be overlooked: an address without the link, two of one header', () => {
		expect(() => read({ mailto: 'u@x.test' })).toThrow('goes with Unsubscribe Link');
		expect(() => read({ unsubscribe: 'line', mailto: 'nobody' })).toThrow(
			'Unsubscribe by Mail Too',
		);
		expect(() =>
			read({ unsubscribe: 'line' }, { listUnsubscribe: { link: { url: 'https://x.test/u' } } }),
		).toThrow('Remove one of them');
	});
});
