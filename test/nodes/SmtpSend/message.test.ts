import type { IBinaryData, IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { composeMessage } from '../../../mail/message/compose';
import { readDraft } from '../../../nodes/SmtpSend/message';
import { readByMailparser } from '../../mail/message/round-trip';
import { executeContext } from '../execute-context';

const PARAMETERS = {
	fromEmail: 'Ada <ada@example.com>',
	toEmail: 'grace@example.net',
	subject: 'Hello',
	emailFormat: 'text',
	text: 'Hi',
};
const AT = { messageId: '<m@example.com>', date: new Date('2026-11-25T04:00:00Z') };

interface Given {
	json?: IDataObject;
	files?: Record<string, Partial<IBinaryData>>;
}

function formOf(parameters: IDataObject, { json = {}, files = {} }: Given = {}): IExecuteFunctions {
	const context = executeContext([json], { ...PARAMETERS, ...parameters });
	const [item] = context.getInputData();
	if (item) item.binary = files as Record<string, IBinaryData>;
	return Object.assign(context, { getTimezone: () => 'Europe/Paris', getExecutionId: () => '7' });
}

function read(parameters: IDataObject, given?: Given) {
	return readDraft(formOf(parameters, given), 0);
}

async function compose(parameters: IDataObject, given?: Given) {
	const { raw, envelope } = await composeMessage(await read(parameters, given), AT);
	const text = raw.toString('latin1');
	return { raw, envelope, head: text.slice(0, text.indexOf('\r\n\r\n') + 2) };
}

const file = (text: string, mimeType = 'text/plain'): Partial<IBinaryData> => ({
	data: Buffer.from(text).toString('base64'),
	mimeType,
	fileName: `${text}.bin`,
});

describe('attachments', () => {
	const files = { invoice1: file('one'), invoice2: file('two'), logo: file('three', 'image/png') };

	it.each([
		['invoice1, logo', ['one.bin', 'three.bin']],
		['invoice*', ['one.bin', 'two.bin']],
		['*wo.BIN', ['two.bin']],
		['*', ['one.bin', 'two.bin', 'three.bin']],
		['', []],
	])('by name or pattern: %p', async (attachments, names) => {
		const { raw } = await compose({ attachments }, { files });
		const mail = await readByMailparser(raw);
		expect(mail.files.map(({ name }) => name)).toEqual(names);
	});

	it.each(['invoice3', 'x*', 'constructor'])('%p that is missing fails the item', async (name) => {
		await expect(read({ attachments: name }, { files })).rejects.toThrow(
			`The attachment "${name}" is missing, so the mail was not sent.`,
		);
	});

	it('that make the mail too large are refused before any is read', async () => {
		const draft = await read(
			{ attachments: '*', options: { sizeLimit: 0.1 } },
			{ files: { big: file('x'.repeat(90_000)) } },
		);
		await expect(composeMessage(draft, AT)).rejects.toThrow(/0.1 MB, the limit set/);
	});

	it('go along as pictures where the HTML shows them by name, unasked', async () => {
		const { raw } = await compose(
			{ emailFormat: 'html', html: '<img src="cid:logo"><img src="three.bin">' },
			{ files },
		);
		const { html, files: parts } = await readByMailparser(raw);
		expect(parts).toHaveLength(1);
		expect(html.split(`cid:${parts[0]?.cid ?? ''}`)).toHaveLength(3);
	});
});

describe('a template', () => {
	const form = {
		emailFormat: 'template',
		subjectTemplate: 'For {{a}}',
		htmlTemplate: '<p>{{a}}</p>',
	};

	it('is filled in with the item, made safe in HTML only', async () => {
		expect(await read(form, { json: { a: '<O’Hara>' } })).toMatchObject({
			subject: 'For <O’Hara>',
			html: '<p>&lt;O’Hara&gt;</p>',
		});
	});

	it('is filled in with the JSON that is given', async () => {
		const draft = await read({ ...form, templateFields: '{"a":"x"}' }, { json: { a: 'y' } });
		expect(draft.subject).toBe('For x');
	});

	it.each(['[1]', 'x', '1'])('refuses %p as its fields', async (templateFields) => {
		await expect(read({ ...form, templateFields })).rejects.toThrow('no JSON object');
	});

	it('that names a missing field fails the item, or leaves the place empty', async () => {
		await expect(read(form)).rejects.toThrow('the field "a" is missing');
		const draft = await read({ ...form, options: { missingField: 'empty' } });
		expect(draft.subject).toBe('For ');
	});

	it.each([
		'{{constructor.constructor}}',
		'{{__proto__.polluted}}',
		'{{#with (lookup a "constructor")}}{{this}}{{/with}}',
		'{{lookup this "__proto__"}}',
	])('reaches no prototype: %s', async (htmlTemplate) => {
		const given = { json: { a: 'x' } };
		const draft = await read({ ...form, htmlTemplate, options: { missingField: 'empty' } }, given);
		expect(draft.html).not.toMatch(/function|native|object/i);
	});

	it('that would run for ever is stopped', async () => {
		const each = '{{#each a}}'.repeat(8) + 'x' + '{{/each}}'.repeat(8);
		const a = Array.from({ length: 60 }, () => 1);
		const nested = each.replaceAll('{{#each a}}', '{{#each @root.a}}');
		const started = Date.now();
		await expect(read({ ...form, htmlTemplate: nested }, { json: { a } })).rejects.toThrow(
			'goes round too often',
		);
		expect(Date.now() - started).toBeLessThan(3_000);
	});
});

describe('an answer', () => {
	const message = {
		'message-id': '<1@x.test>',
		references: '<0@x.test>',
		from: 'Grace <grace@x.test>',
		replyTo: 'list@x.test',
		subject: 'Question',
	};

	it('goes to Reply-To before From, with the subject, in the thread', async () => {
		const { head, envelope } = await compose({
			toEmail: '',
			subject: '',
			options: { replyToMessage: message },
		});
		expect(envelope.to).toEqual(['list@x.test']);
		expect(head).toContain('Subject: Re: Question\r\n');
		expect(head).toContain('In-Reply-To: <1@x.test>\r\n');
		expect(head).toMatch(/References: <0@x.test>\s+<1@x.test>\r\n/);
	});

	it('to a bare Message-ID needs a recipient of its own', async () => {
		const options = { replyToMessage: '<1@x.test>' };
		await expect(read({ toEmail: '', options })).rejects.toThrow('To Email is empty');
		expect((await compose({ options })).head).toContain('In-Reply-To: <1@x.test>\r\n');
	});
});

describe('line breaks', () => {
	const EVIL = 'x\r\nBcc: evil@x.test\nX-Evil: 1\r\n\r\nbody';
	const FIELDS: [string, IDataObject][] = [
		['Subject', { subject: EVIL }],
		['From Email', { fromEmail: `${EVIL} <a@x.test>` }],
		['To Email', { toEmail: `${EVIL} <a@x.test>` }],
		...(
			[
				['CC Email', { ccEmail: `"${EVIL}" <a@x.test>` }],
				['Reply-To Email', { replyTo: `"${EVIL}" <a@x.test>` }],
				['Sender Email', { sender: `"${EVIL}" <a@x.test>` }],
				['Return Path', { envelopeFrom: `a@x.test${EVIL}` }],
				['Message-ID', { messageId: `<a@x.test>${EVIL}` }],
				['Reply to This Message', { replyToMessage: `<a@x.test>${EVIL}` }],
				['Reply to a message', { replyToMessage: { messageId: '<a@b>', subject: EVIL } }],
				['Feedback-ID', { feedbackId: EVIL }],
				['List-ID', { listId: EVIL }],
				['List-Unsubscribe', { listUnsubscribe: { link: { url: `https://x.test/${EVIL}` } } }],
				['unsubscribe address', { listUnsubscribe: { link: { mailto: `a@x.test${EVIL}` } } }],
				['header name', { customHeaders: { header: [{ name: `X-A${EVIL}`, value: 'x' }] } }],
				['header value', { customHeaders: { header: [{ name: 'X-A', value: EVIL }] } }],
				['Priority', { priority: EVIL }],
				['Auto-Submitted', { autoSubmitted: EVIL }],
				['Envelope ID', { notification: { report: { envelopeId: EVIL } } }],
				['Date', { date: EVIL }],
				[
					'invitation',
					{
						invitation: {
							event: {
								title: EVIL,
								start: '2026-12-01T10:00',
								uid: EVIL,
								location: EVIL,
								url: EVIL,
							},
						},
					},
				],
			] as [string, IDataObject][]
		).map(([name, options]): [string, IDataObject] => [name, { options }]),
	];

	it.each(FIELDS)('in %s make no header, no recipient and no body', async (_, parameters) => {
		const made = await compose(parameters).catch((error: unknown) => error as Error);
		if (made instanceof Error) return;
		expect(made.head).not.toMatch(/^(?:Bcc|X-Evil)/im);
		expect(made.envelope.to).not.toContain('evil@x.test');
		expect(made.envelope.from).toMatch(/^[^\r\n]+$/);
		const mail = await readByMailparser(made.raw);
		expect(mail.text.trim()).toBe('Hi');
	});

	it('in the name and type of a file do not, either', async () => {
		const files = { f: { ...file('x', `text/plain${EVIL}`), fileName: EVIL } };
		const { raw } = await compose({ attachments: 'f' }, { files });
		expect(raw.toString('latin1')).not.toMatch(/^(?:Bcc|X-Evil)/im);
		expect((await readByMailparser(raw)).files).toHaveLength(1);
	});
});

describe('an invitation', () => {
	it('carries the event in the time zone of the workflow, with its recipients', async () => {
		const { raw } = await compose({
			options: {
				invitation: { event: { title: 'Talk', start: '2026-12-01T10:00', method: 'REQUEST' } },
			},
		});
		const ics = (await readByMailparser(raw)).files.find(({ type }) => type.includes('ics'));
		const text = ics?.content.toString().replace(/\r\n /g, '') ?? '';
		expect(text).toContain('METHOD:REQUEST');
		expect(text).toContain('DTSTART:20261201T090000Z');
		expect(text.toLowerCase()).toContain('mailto:grace@example.net');
		expect(raw.toString()).toContain('text/calendar; charset=utf-8; method=REQUEST');
	});
});

describe('a custom header', () => {
	it.each([
		['Subject', 'use the field Subject'],
		['Content-Type', 'make the mail unreadable'],
		['Received', 'only the mail servers'],
	])('%s is refused by name', async (name, why) => {
		const options = { customHeaders: { header: [{ name, value: 'x' }] } };
		await expect(compose({ options })).rejects.toThrow(why);
	});
});
