import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { Dovecot } from '../support/dovecot';
import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const missing = canRunDovecot();
if (missing !== undefined) console.warn(`Copies in Sent are not tested in n8n: ${missing}`);

(missing === undefined ? describe : describe.skip)('SMTP Send with a mailbox', () => {
	let n8n: TestN8n;
	let server: ScriptedServer;
	let dovecot: Dovecot;
	let credentials: Record<string, { id: string; name: string }>;

	beforeAll(async () => {
		server = await scriptedServer({});
		dovecot = await startDovecot({ users: ['ada'] });
		await dovecot.doveadm('mailbox', 'create', '-u', 'ada', 'Sent');
		n8n = await startTestN8n();
		const put = async (type: string, data: object) => ({
			name: type,
			id: await n8n.server.api.putCredential(type, type, data),
		});
		const host = { service: 'own', host: '127.0.0.1', security: 'none' };
		credentials = {
			smtpAccount: await put('smtpAccount', {
				...{ ...host, port: server.port, user: 'ada', password: 'secret' },
			}),
			imapAccount: await put('imapAccount', {
				...{ ...host, port: dovecot.imapPort, user: 'ada', password: dovecot.password },
			}),
		};
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await server.close();
		await dovecot.stop();
	}, 60_000);

	async function run(parameters: object) {
		const { api } = n8n.server;
		const mail = {
			name: 'Mail',
			type: 'n8n-nodes-smtp-suite.smtpSend',
			parameters,
			credentials,
		};
		const { id } = await api.createWorkflow(chain('Sent', [PRESS, ...itemsOf([{}]), mail]));
		const execution = await api.finished(await api.execute(id as string, 'Press'));
		const [task] = execution.data.resultData.runData.Mail as { hints?: { message: string }[] }[];
		return {
			status: execution.status,
			hints: task?.hints,
			item: execution.outputs('Mail')[0]?.[0],
		};
	}

	const form = (options: object) => ({
		...{ fromEmail: 'ada@example.com', toEmail: 'grace@example.net', subject: 'Hello' },
		...{ emailFormat: 'text', text: 'Hi', options: { copyInSent: 'imapAccount', ...options } },
	});

	it('keeps the sent bytes in Sent', async () => {
		const { status, item } = await run(form({}));
		expect(status).toBe('success');
		expect(item?.json.sentCopy).toEqual({ kept: true, folder: 'Sent' });
		const stored = await dovecot.doveadm('fetch', '-u', 'ada', 'text', 'mailbox', 'Sent');
		const sent = server.accepted.at(-1) ?? 'nothing';
		expect(stored.replaceAll('\r\n', '\n')).toContain(sent.replaceAll('\r\n', '\n').trimEnd());
	}, 60_000);

	it('has sent the mail when the copy fails, and says so in the output and as a hint', async () => {
		const { status, item, hints } = await run(form({ sentFolder: 'Nowhere' }));
		expect(status).toBe('success');
		expect(item?.json).toMatchObject({ outcome: 'sent', sentCopy: { kept: false } });
		expect(hints?.map(({ message }) => message).join()).toContain('"Nowhere"');
	}, 60_000);

	it('verifies the account', async () => {
		const { status, item } = await run({ operation: 'verify' });
		expect(status).toBe('success');
		expect(item?.json).toMatchObject({ signInMethod: 'PLAIN', maxMessageSize: 1_000_000 });
	}, 60_000);
});
