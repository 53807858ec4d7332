import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { openStore } from '../../../mail/index';
import type { MailStore } from '../../../mail/index';
import { parseItems } from '../../../nodes/BounceParser/parse-items';

const REPORT = [
	'Return-Path: <>',
	'From: MAILER-DAEMON@mx.example.test',
	'To: me@example.test',
	'Subject: Undelivered Mail Returned to Sender',
	'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
	'',
	'--b1',
	'Content-Type: text/plain',
	'',
	'Sorry.',
	'--b1',
	'Content-Type: message/delivery-status',
	'',
	'Reporting-MTA: dns; mx.example.test',
	'',
	'Final-Recipient: rfc822; ada@example.org',
	'Action: failed',
	'Status: 5.1.1',
	'',
	'Final-Recipient: rfc822; bob@example.org',
	'Action: failed',
	'Status: 5.2.2',
	'',
	'--b1--',
	'',
].join('\r\n');
const BODY = REPORT.slice(REPORT.indexOf('\r\n\r\n') + 4);

let folder: string;
let store: MailStore;
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'bounce-parser-'));
	store = await openStore({ path: path.join(folder, 'mail.sqlite'), masterKey: 'key' });
});
afterAll(async () => {
	await store.close();
	rmSync(folder, { recursive: true });
});

function run(
	items: (INodeExecutionData & { files?: Record<string, Buffer> })[],
	parameters: IDataObject,
	more: { continueOnFail?: boolean; leaveOutOther?: boolean } = {},
) {
	const context = {
		getInputData: () => items,
		getNode: () => ({ name: 'Bounce Parser', type: 'test', parameters, typeVersion: 1 }),
		continueOnFail: () => more.continueOnFail ?? false,
		getNodeParameter: (name: string, index: number, otherwise: unknown) =>
			name === 'text' ? items[index]?.json.raw : (parameters[name] ?? otherwise),
		helpers: {
			getBinaryDataBuffer: (index: number, name: string) =>
				Promise.resolve(items[index]?.files?.[name]),
		},
	} as unknown as IExecuteFunctions;
	return parseItems(context, {
		store,
		suppress: true,
		leaveOutOther: more.leaveOutOther ?? false,
	});
}

const eml = (text: string, field = 'data', mimeType = 'message/rfc822') => ({
	json: {},
	binary: { [field]: { data: '', mimeType } },
	files: { [field]: Buffer.from(text) },
});
const told = (items: INodeExecutionData[]) =>
	items.map(({ json, pairedItem }) => [json.recipient, json.event, pairedItem]);
const BOTH = [
	['ada@example.org', 'hardBounce', { item: 0 }],
	['bob@example.org', 'softBounce', { item: 0 }],
];

describe('a report', () => {
	it('in a file gives one item a recipient, each paired with its input', async () => {
		expect(told(await run([eml(REPORT)], {}))).toEqual(BOTH);
		const second = await run([eml('From: a@b.test\n\nHi'), eml(REPORT)], {});
		expect(second.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 1 },
		]);
	});

	it.each([
		['as it came', REPORT],
		['in base64', Buffer.from(REPORT).toString('base64')],
		['in the base64 of URLs', Buffer.from(REPORT).toString('base64url')],
		['without its header, as Email Trigger (IMAP) gives it', BODY],
	])('in a text field is read %s', async (_, raw) => {
		expect(told(await run([{ json: { raw } }], { messageIn: 'text' }))).toEqual(BOTH);
	});

	it('taken apart by a mail node is read from its pieces', async () => {
		const simple = { textPlain: 'Sorry.', from: 'MAILER-DAEMON@mx.example.test', metadata: {} };
		const status = BODY.slice(BODY.indexOf('Reporting-MTA'), BODY.indexOf('--b1--'));
		const item = { ...eml(status, 'attachment_1', 'message/delivery-status'), json: simple };
		expect(told(await run([item], { messageIn: 'item' }))).toEqual(BOTH);
	});

	it('that nobody signed is told, and suppresses nobody', async () => {
		const [item] = await run([eml(REPORT)], {});
		expect(item?.json).toMatchObject({ verified: false, suppressed: false });
		expect((await store.suppressions.check(['ada@example.org'])).size).toBe(0);
	});
});

describe('an automatic answer taken apart by a mail node', () => {
	it('is known by its headers, as whole lines or as values', async () => {
		for (const more of [
			{ headers: { 'auto-submitted': 'Auto-Submitted: auto-replied' } },
			{ metadata: { 'auto-submitted': 'auto-replied' } },
		]) {
			const json = {
				text: 'I am away.',
				from: { text: 'Ada <ada@example.org>' },
				subject: 'Re: x',
				...more,
			};
			const [item] = await run([{ json }], { messageIn: 'item' });
			expect(item?.json).toMatchObject({ event: 'autoReplied', recipient: 'ada@example.org' });
		}
	});

	it('cannot add a header by a line break in a field', async () => {
		const json = {
			text: 'Hi',
			from: 'Ada <ada@example.org>\r\nAuto-Submitted: auto-replied',
			subject: 'x',
		};
		const [item] = await run([{ json }], { messageIn: 'item' });
		expect(item?.json.event).toBe('other');
	});
});

describe('a mail that reports nothing', () => {
	const letter = eml('From: Ada <ada@example.org>\nSubject: Hello\n\nHow are you?');

	it('is the event other, with its own From and subject', async () => {
		const [item] = await run([letter], {});
		expect(item?.json).toMatchObject({
			event: 'other',
			message: { from: 'Ada <ada@example.org>', subject: 'Hello' },
		});
	});

	it('gives no item where the user leaves it out', async () => {
		expect(await run([letter], {}, { leaveOutOther: true })).toEqual([]);
	});
});

describe('an item without a mail', () => {
	it('stops the node with what the item has instead', async () => {
		const error = (await run([eml(REPORT, 'attachment_0')], {}).catch(
			(thrown: unknown) => thrown,
		)) as { message: string; description: string };
		expect(error.message).toContain('no file in the binary field "data"');
		expect(error.description).toContain('attachment_0');
	});

	it('carries its error in its place where the workflow goes on', async () => {
		const items = await run(
			[{ json: {} }, { json: { raw: REPORT } }],
			{ messageIn: 'text' },
			{
				continueOnFail: true,
			},
		);
		expect(items.map(({ error }) => Boolean(error))).toEqual([true, false, false]);
		expect(items[0]?.pairedItem).toEqual({ item: 0 });
	});
});
