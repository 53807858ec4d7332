import { readByMailparser } from '../mail/message/round-trip';
import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

let n8n: TestN8n;
let server: ScriptedServer;
let account: { id: string; name: string };

beforeAll(async () => {
	server = await scriptedServer({});
	n8n = await startTestN8n();
	account = await plainAccount(n8n, server.port);
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await server.close();
}, 60_000);

const ORDER = {
	to: 'Grace <grace@example.net>',
	name: 'Zoë',
	total: 12.5,
	invoice: 'Ünïcode, one line',
	'message-id': '<first@example.net>',
	subject: 'Where is it?',
	from: 'Grace <grace@example.net>',
};

const FORM = {
	fromEmail: 'Shop <shop@example.com>',
	toEmail: '',
	emailFormat: 'template',
	subjectTemplate: '',
	htmlTemplate:
		'<style>p{color:red}</style><p>Hello {{name}}, {{currency total "EUR"}}</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
	attachments: 'data*',
	options: {
		replyToMessage: '={{ $json }}',
		inlineCss: true,
		priority: 'high',
		date: '2026-11-25T09:00:00Z',
		messageId: '<fixed@example.com>',
		customHeaders: { header: [{ name: 'X-Order', value: '=№ {{ $json.total }}' }] },
	},
};

/** A workflow that makes a file of each item, and gives both to SMTP Send. */
function workflow(operation: 'send' | 'preview') {
	return chain('Message', [
		PRESS,
		...itemsOf([ORDER]),
		{
			name: 'File',
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			parameters: {
				jsCode:
					"return [{ json: $input.first().json, binary: { data: { data: Buffer.from('a,b\\n1,2\\n').toString('base64'), mimeType: 'text/csv', fileName: 'Bestellung Nº 7.csv' } } }];",
			},
		},
		{
			name: 'Mail',
			type: 'n8n-nodes-smtp-suite.smtpSend',
			parameters: { operation, ...FORM },
			...(operation === 'send' ? { credentials: { smtpAccount: account } } : {}),
		},
	]);
}

async function run(operation: 'send' | 'preview') {
	const { api } = n8n.server;
	const { id } = await api.createWorkflow(workflow(operation));
	const execution = await api.finished(await api.execute(id as string, 'Press'));
	return { id: id as string, ...execution, item: execution.outputs('Mail')[0]?.[0] };
}

describe('a mail with much in it', () => {
	it('arrives as its form says, and Preview gives the same bytes without an account', async () => {
		const sent = await run('send');
		expect(sent.status).toBe('success');
		const raw = server.accepted.at(-1) ?? '';
		const mail = await readByMailparser(Buffer.from(raw, 'utf8'));
		expect(mail).toMatchObject({ subject: 'Re: Where is it?', to: ['grace@example.net'] });
		expect(mail.text).toContain('Hello Zoë, €12.50');
		expect(mail.html).toContain('color: red');
		expect(raw).toContain('In-Reply-To: <first@example.net>\r\n');
		expect(mail.files.map(({ name }) => name)).toContain('Bestellung Nº 7.csv');

		const before = server.connections;
		const shown = await run('preview');
		expect(shown.status).toBe('success');
		expect(server.connections).toBe(before);
		expect(shown.item?.json).toMatchObject({
			messageId: '<fixed@example.com>',
			subject: 'Re: Where is it?',
			envelope: { from: 'shop@example.com', to: ['grace@example.net'] },
		});
		expect(shown.item?.binary.data).toMatchObject({
			fileName: 'preview.eml',
			mimeType: 'message/rfc822',
		});
		const file = shown.item?.binary.data as { id?: string; data: string };
		if (!file.id) expect(Buffer.from(file.data, 'base64').toString()).toBe(raw);
		expect(shown.item?.json.size).toBe(Buffer.byteLength(raw));
	}, 60_000);
});
