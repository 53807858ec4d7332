import fc from 'fast-check';

import { composeMessage } from '../../../mail/message/compose';
import type { Draft } from '../../../mail/message/draft';
import { cleanFileName } from '../../../mail/message/file-name';
import { oneLine } from '../../../mail/message/headers';
import { brokenRules, flat, readByMailparser, readByPostalMime } from './round-trip';

const OPTIONS = { messageId: '<m@example.com>', date: new Date('2026-11-25T04:00:00Z') };
/** A thousand mails with both readers; more by hand. */
const RUNS = Number(process.env.ROUND_TRIPS ?? 500);

function draft(more: Partial<Draft> = {}): Draft {
	return {
		from: { name: 'Ada', address: 'ada@example.com' },
		to: [{ name: '', address: 'grace@example.net' }],
		cc: [],
		bcc: [],
		replyTo: [],
		subject: 'Hello',
		attachments: [],
		...more,
	};
}

const compose = (more: Partial<Draft>) => composeMessage(draft(more), OPTIONS);
const readers = [
	['mailparser', readByMailparser],
	['postal-mime', readByPostalMime],
] as const;

describe('a random mail comes back as it was asked for', () => {
	const words = fc.oneof(
		fc.string({ unit: 'grapheme' }),
		fc.string({ unit: 'binary' }),
		fc.constantFrom(
			'',
			' ',
			'=?',
			'=?UTF-8?Q?x?=',
			'😀'.repeat(300),
			'x'.repeat(2_000),
			'日本 '.repeat(200),
		),
		fc
			.array(fc.constantFrom('a', 'é', '"', '\\', ',', ';', '(', '<', '  ', '\t', '\r\n', '😀'), {
				maxLength: 90,
			})
			.map((all) => all.join('')),
	);
	const file = fc.record({
		fileName: words,
		contentType: fc.constantFrom(
			'application/pdf',
			'text/plain; charset=utf-8',
			'image/png',
			'',
			'x\r\nBcc: e',
			'message/rfc822',
			'multipart/mixed',
		),
		content: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
	});
	const mail = fc.record({
		subject: words,
		name: words,
		text: fc.option(words, { nil: undefined }),
		html: fc.option(
			words.map((text) => `<p>${text.replace(/[<>&]/g, '')}</p>`),
			{ nil: undefined },
		),
		attachments: fc.array(file, { maxLength: 3 }),
	});

	it.each(readers)(
		'(read by %s)',
		async (_, read) => {
			await fc.assert(
				fc.asyncProperty(mail, async ({ subject, name, text, html, attachments }) => {
					const from = { name, address: 'ada@example.com' };
					const { raw } = await compose({ from, subject, text, html, attachments });
					expect(brokenRules(raw)).toEqual([]);
					const found = await read(raw);
					expect(flat(found.subject)).toBe(flat(oneLine(subject)));
					expect(flat(found.from)).toBe(flat(oneLine(name)));
					if (text !== undefined) expect(flat(found.text)).toBe(flat(text.toWellFormed()));
					if (html !== undefined) expect(flat(found.html)).toBe(flat(html.toWellFormed()));
					expect(found.files.map((each) => flat(each.name))).toEqual(
						attachments.map(({ fileName }) => flat(cleanFileName(fileName))),
					);
					found.files.forEach((each, index) => {
						if (each.type !== 'message/rfc822')
							expect(each.content.equals(attachments[index]!.content)).toBe(true);
					});
				}),
				{ numRuns: RUNS },
			);
		},
		600_000,
	);
});
