import fc from 'fast-check';
import { randomBytes } from 'node:crypto';

import {
	checkReference,
	makeReference,
	messageIdFor,
	referencesIn,
	returnPathFor,
} from '../../../mail/message/identity';

const key = { id: 'k', secret: Buffer.alloc(32, 7) };
const reference = makeReference({ campaignId: 'news', key: 'ada@example.com' }, key);

describe('a reference', () => {
	it('is the same for the same recipient of the same campaign, and lower case', () => {
		expect(makeReference({ campaignId: 'news', key: 'ada@example.com' }, key)).toBe(reference);
		expect(reference).toMatch(/^k[a-z2-7]{27}$/);
	});

	it('is another for every other pair', () => {
		const seen = new Set<string>();
		for (let n = 0; n < 20_000; n++)
			seen.add(
				makeReference({ campaignId: `c${n % 20}`, key: `u${Math.floor(n / 20)}@x.test` }, key),
			);
		expect(seen.size).toBe(20_000);
		expect(makeReference({ campaignId: 'ab', key: 'c' }, key)).not.toBe(
			makeReference({ campaignId: 'a', key: 'bc' }, key),
		);
	});

	it('is believed in any case, and not with any one character changed', () => {
		expect(checkReference(reference.toUpperCase(), [key])).toBe(reference);
		fc.assert(
			fc.property(
				fc.nat(reference.length - 1),
				fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz234567')),
				(at, character) => {
					fc.pre(reference[at] !== character);
					const forged = reference.slice(0, at) + character + reference.slice(at + 1);
					expect(checkReference(forged, [key])).toBeUndefined();
				},
			),
		);
	});

	it('of another installation is not believed', () => {
		expect(checkReference(reference, [{ id: 'k', secret: randomBytes(32) }])).toBeUndefined();
	});

	it('is found again in return path and Message-ID', () => {
		const path = returnPathFor(reference, 'bounces@example.com');
		expect(path).toEqual({ ok: true, address: `bounces+${reference}@example.com` });
		const texts = [
			`<BOUNCES+${reference.toUpperCase()}@example.com>`,
			messageIdFor(reference, 'x.test'),
		];
		expect(referencesIn(texts)).toEqual([reference]);
	});

	it('leaves the local part at 64 octets, or says so', () => {
		expect(returnPathFor(reference, `${'b'.repeat(35)}@x.test`).ok).toBe(true);
		expect(returnPathFor(reference, `${'b'.repeat(36)}@x.test`).ok).toBe(false);
	});

	it('is looked for in linear time, and a flood of candidates is bounded', () => {
		const begun = Date.now();
		expect(referencesIn(['a'.repeat(2_000_000)])).toEqual([]);
		const flood = Array.from({ length: 10_000 }, (_, n) =>
			makeReference({ campaignId: '', key: String(n) }, key),
		);
		expect(referencesIn([flood.join(' ')]).length).toBeLessThanOrEqual(64);
		expect(Date.now() - begun).toBeLessThan(2_000);
	});
});
