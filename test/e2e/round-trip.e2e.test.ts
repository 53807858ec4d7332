import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { Dovecot } from '../support/dovecot';
import { canRunPostfix, startPostfix } from '../support/postfix';
import type { Postfix } from '../support/postfix';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

const missing = canRunDovecot() ?? canRunPostfix();
if (missing !== undefined) console.warn(`Round trips are skipped: ${missing}`);

const ADA = 'ada@example.test';

(missing === undefined ? describe : describe.skip)('Round Trip in a real n8n', () => {
	let n8n: TestN8n;
	let dovecot: Dovecot;
	let postfix: Postfix;
	let smtpAccount: { id: string; name: string };
	let imapAccount: { id: string; name: string };
	let strangers: { id: string; name: string };

	beforeAll(async () => {
		dovecot = await startDovecot({ users: [ADA] });
		[postfix, n8n] = await Promise.all([
			startPostfix({ dovecot, domains: ['example.test'] }),
			startTestN8n(),
		]);
		smtpAccount = await plainAccount(n8n, postfix.smtpPort, 'Server');
		imapAccount = await mailbox('Mailbox', dovecot.password);
		strangers = await mailbox('Mailbox of others', 'wrong-password');
	}, 180_000);
	afterAll(async () => {
		await n8n.stop();
		await postfix.stop();
		await dovecot.stop();
	}, 60_000);

	async function mailbox(name: string, password: string) {
		const id = await n8n.server.api.putCredential(name, 'imapAccount', {
			...{ service: 'own', host: '127.0.0.1', port: dovecot.imapPort, security: 'none' },
			...{ user: ADA, password },
		});
		return { id, name };
	}

	async function run(options: object, imap = imapAccount, before: NodeBefore[] = []) {
		const { api } = n8n.server;
		const { id } = await api.createWorkflow(
			chain('Trip', [
				PRESS,
				...before,
				{
					name: 'Check',
					type: 'n8n-nodes-smtp-suite.deliverabilityCheck',
					parameters: {
						operation: 'roundTrip',
						fromEmail: 'News <news@sender.test>',
						toEmail: ADA,
						roundTripOptions: { minutes: 1, ...options },
					},
					credentials: { smtpAccount, imapAccount: imap },
				},
			]),
		);
		const execution = await api.finished(await api.execute(id as string, 'Press'));
		const json = execution.outputs('Check')[0]?.[0]?.json as Told | undefined;
		return { json, error: execution.error as { message: string } | undefined };
	}

	const stored = async () =>
		await dovecot.doveadm('fetch', '-u', ADA, 'text', 'mailbox', 'INBOX', 'all');

	it('tells where the mail landed, how it came, and what it was', async () => {
		const { json, error } = await run({});
		expect(error).toBeUndefined();
		expect(json).toMatchObject({
			checked: `news@sender.test to ${ADA}`,
			roundTrip: { outcome: 'arrived', folder: 'INBOX', cameFrom: '127.0.0.1', tls: false },
		});
		expect(json?.findings.map(({ id, status }) => `${id} ${status}`)).toEqual(
			expect.arrayContaining([
				'roundTrip.inbox pass',
				'roundTrip.unchanged pass',
				'received.withoutTls warning',
			]),
		);
		expect(await stored()).toContain('Subject: Test mail');
	}, 60_000);

	it('sends the mail that Preview made, byte for byte, and removes it afterwards', async () => {
		const before = await stored();
		const { json } = await run({ messageField: 'data', remove: true }, imapAccount, [
			{
				name: 'Preview',
				type: 'n8n-nodes-smtp-suite.smtpSend',
				parameters: {
					...{ operation: 'preview', fromEmail: 'news@sender.test', toEmail: ADA },
					...{ subject: 'Grüße', emailFormat: 'html', html: '<p>Hello {{name}}</p>' },
				},
			},
		]);
		expect(json?.roundTrip.outcome).toBe('arrived');
		expect(json?.findings.map(({ id }) => id)).toContain('roundTrip.unchanged');
		expect(await stored()).toBe(before);
	}, 60_000);

	it('tried again by Retry On Fail, does not send the first item’s mail another time', async () => {
		const { api } = n8n.server;
		const mails = async () => (await stored()).match(/^X-Round-Trip:/gm)?.length ?? 0;
		const before = await mails();
		const { id } = await api.createWorkflow(
			chain('Tried again', [
				PRESS,
				...itemsOf([{ file: '' }, { file: 'missing' }]),
				{
					name: 'Check',
					type: 'n8n-nodes-smtp-suite.deliverabilityCheck',
					parameters: {
						operation: 'roundTrip',
						fromEmail: 'News <news@sender.test>',
						toEmail: ADA,
						roundTripOptions: { minutes: 1, messageField: '={{ $json.file }}' },
					},
					credentials: { smtpAccount, imapAccount },
					retryOnFail: true,
					maxTries: 3,
					waitBetweenTries: 100,
				},
			]),
		);
		const execution = await api.finished(await api.execute(id as string, 'Press'));
		expect((execution.error as { message: string }).message).toContain('"missing"');
		expect(await mails()).toBe(before + 1);
	}, 90_000);

	it('sends nothing when the mailbox cannot be opened, and says why', async () => {
		const before = postfix.log().length;
		const { error } = await run({}, strangers);
		expect(error?.message).toMatch(/password/i);
		expect(error?.message).not.toContain('wrong-password');
		expect(postfix.log().slice(before)).not.toContain('client=');
	}, 60_000);
});

type NodeBefore = Parameters<typeof chain>[1][number];

interface Told {
	checked: string;
	roundTrip: { outcome: string };
	findings: { id: string; status: string }[];
}
