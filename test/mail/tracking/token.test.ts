import fc from 'fast-check';
import { makeReference } from '../../../mail/message/identity';
import { makeToken, readToken } from '../../../mail/tracking/token';
import type { TrackingToken } from '../../../mail/tracking/token';

const KEY = { id: 'k', secret: Buffer.alloc(32, 7) };
const OLD = { id: 'o', secret: Buffer.alloc(32, 1) };
const reference = makeReference({ campaignId: 'spring', key: 'ada@example.com' }, KEY);

const tokens: fc.Arbitrary<TrackingToken> = fc.record(
	{
		kind: fc.constantFrom('open', 'click', 'unsubscribe'),
		reference: fc.constant(reference),
		link: fc.nat(2_000_000),
		target: fc.webUrl(),
	},
	{ requiredKeys: ['kind', 'reference', 'link'] },
);

describe('a token', () => {
	it('is read as it was made, also with a key that was renewed since', () => {
		fc.assert(
			fc.property(tokens, fc.constantFrom(KEY, OLD), (token, key) => {
				expect(readToken(makeToken(token, key), [KEY, OLD])).toEqual(token);
			}),
			{ numRuns: 300 },
		);
	});

	it('is short, of letters and digits, and holds no address and no campaign', () => {
		const text = makeToken({ kind: 'click', reference, link: 12 }, KEY);
		expect(text).toMatch(/^[a-z0-9]{44}$/);
	});

	it('means nothing once any character is changed, added or taken away', () => {
		const forged = fc.record({
			token: tokens,
			at: fc.nat(),
			character: fc.constantFrom(
				...Array.from('abcdefghijklmnopqrstuvwxyz234567.-_0189AZ%\u0000/é'),
			),
			how: fc.constantFrom('change', 'insert', 'remove'),
		});
		fc.assert(
			fc.property(forged, ({ token, at, character, how }) => {
				const text = makeToken(token, KEY);
				const place = at % (text.length + (how === 'insert' ? 1 : 0));
				const rest = text.slice(place + (how === 'insert' ? 0 : 1));
				const changed = text.slice(0, place) + (how === 'remove' ? '' : character) + rest;
				fc.pre(changed !== text);
				expect(readToken(changed, [KEY, OLD])).toBeUndefined();
			}),
			{ numRuns: 2_000 },
		);
	});

	it('is no token of another kind, of another link, of another recipient, or with another target', () => {
		const token = { kind: 'click', reference, link: 3, target: 'https://example.com/' } as const;
		const text = makeToken(token, KEY);
		const other = makeReference({ campaignId: 'spring', key: 'eve@example.com' }, KEY);
		for (const forged of [
			text.replace(/^c/, 'u'),
			text.replace(/^c/, 'o'),
			text.replace(reference, other),
			text.replace('3.', '4.'),
			text.replace(/\..*/, `.${Buffer.from('https://evil.example/').toString('base64url')}`),
			text.replace(/\..*/, ''),
			`k${text.slice(1)}`,
			`${text.slice(0, 1)}o${text.slice(2)}`,
		])
			expect(readToken(forged, [KEY, OLD])).toBeUndefined();
	});

	it.each(['', '.', 'o', 'c'.repeat(43), 'x'.repeat(1_000_000), '__proto__', 'o'.repeat(44)])(
		'is nothing that somebody made up',
		(text) => {
			expect(readToken(text, [KEY])).toBeUndefined();
		},
	);
});
