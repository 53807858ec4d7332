import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const REPORT = [
	'From: MAILER-DAEMON@mx.example.test',
	'Subject: Undelivered Mail Returned to Sender',
	'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
	'',
	'--b1',
	'Content-Type: message/delivery-status',
	'',
	'Reporting-MTA: dns; mx.example.test',
	'',
	...['ada', 'bob'].flatMap((name) => [
		`Final-Recipient: rfc822; ${name}@example.org`,
		'Action: failed',
		'Status: 5.1.1',
		'',
	]),
	'--b1--',
	'',
].join('\r\n');
const ITEMS = [
	{ raw: REPORT },
	{ raw: '' },
	{ raw: 'From: Ada <ada@example.org>\nSubject: Hi\n\nHello' },
];

let n8n: TestN8n;
beforeAll(async () => {
	n8n = await startTestN8n();
}, 180_000);
afterAll(async () => {
	await n8n.stop();
}, 60_000);

async function parse(onError: string, parameters: object, before: object[] = []) {
	const { api } = n8n.server;
	const { id } = await api.createWorkflow(
		chain('Parse', [
			PRESS,
			...itemsOf(ITEMS),
			...(before as { name: string; type: string }[]),
			{
				name: 'Parser',
				type: 'n8n-nodes-smtp-suite.bounceParser',
				parameters,
				onError,
			},
		]),
	);
	const execution = await api.finished(await api.execute(id as string, 'Press'));
	return { ...execution, outputs: execution.outputs('Parser') };
}

interface Parsed {
	json: { event?: string; recipient?: string; error?: string };
	pairedItem: { item: number };
}
const told = (items: Parsed[] = []) =>
	items.map(({ json, pairedItem }) => [json.recipient ?? json.event ?? 'error', pairedItem.item]);

describe('Bounce Parser in a real n8n', () => {
	it('reads each mail, one item a recipient, and a failed item carries its error in its place', async () => {
		const { outputs } = await parse('continueRegularOutput', { messageIn: 'text' });
		expect(told(outputs[0])).toEqual([
			['ada@example.org', 0],
			['bob@example.org', 0],
			['error', 1],
			['other', 2],
		]);
	});

	it('leads what holds no mail to the error output', async () => {
		const { outputs } = await parse('continueErrorOutput', { messageIn: 'text' });
		expect(told(outputs[0])).toEqual([
			['ada@example.org', 0],
			['bob@example.org', 0],
			['other', 2],
		]);
		expect(outputs[1]).toHaveLength(1);
	});

	it('stops with what to do', async () => {
		const { status, error } = await parse('stopWorkflow', { messageIn: 'text' });
		expect(status).toBe('error');
		expect(error.message).toContain('The raw message is empty');
		expect(error.description).toContain('Email Trigger (IMAP)');
	});

	it('reads files that another node made', async () => {
		const { outputs } = await parse('continueRegularOutput', { binaryField: 'mail' }, [
			{
				name: 'File',
				type: 'n8n-nodes-base.convertToFile',
				typeVersion: 1.1,
				parameters: {
					operation: 'toText',
					sourceProperty: 'raw',
					binaryPropertyName: 'mail',
					options: {},
				},
				onError: 'continueRegularOutput',
			},
		]);
		expect(told(outputs[0]).slice(0, 2)).toEqual([
			['ada@example.org', 0],
			['bob@example.org', 0],
		]);
	});
});
