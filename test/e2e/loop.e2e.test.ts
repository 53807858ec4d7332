import type { Dovecot } from '../support/dovecot';
import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { Postfix } from '../support/postfix';
import { canRunPostfix, startPostfix } from '../support/postfix';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const missing = canRunDovecot() ?? canRunPostfix();
const suite = missing ? describe.skip : describe;
if (missing) console.warn(`The loop over Postfix and Dovecot is skipped: ${missing}.`);

interface Delivered {
	delivery: { outcome: string; skipReason?: string };
}

const people = Array.from({ length: 40 }, (_, index) => ({
	name: `Person ${index}`,
	email: index === 7 || index === 31 ? `gone${index}@example.test` : `person${index}@example.test`,
}));

suite('a campaign over real Postfix and Dovecot', () => {
	let dovecot: Dovecot;
	let postfix: Postfix;
	let n8n: TestN8n;
	let campaign: string;
	let bounces: string;

	beforeAll(async () => {
		const users = people.map(({ email }) => email).filter((email) => !email.startsWith('gone'));
		dovecot = await startDovecot({
			users: [...users, 'bounces@example.test', 'news@example.test'],
		});
		postfix = await startPostfix({ dovecot });
		n8n = await startTestN8n();
		const { api } = n8n.server;
		const smtp = await api.putCredential('Postfix', 'smtpAccount', {
			service: 'own',
			host: '127.0.0.1',
			port: postfix.smtpPort,
			security: 'starttls',
			certificate: 'ownCa',
			caCertificate: dovecot.caPem,
			authentication: 'password',
			user: 'news@example.test',
			password: dovecot.password,
		});
		const imap = await api.putCredential('Dovecot', 'imapAccount', {
			service: 'own',
			host: '127.0.0.1',
			port: dovecot.imapsPort,
			security: 'tls',
			certificate: 'ownCa',
			caCertificate: dovecot.caPem,
			user: 'bounces@example.test',
			password: dovecot.password,
		});
		bounces = (
			await api.createWorkflow(
				chain('Bounces', [
					{
						name: 'Bounce Trigger',
						type: 'n8n-nodes-smtp-suite.bounceTrigger',
						parameters: { afterReading: 'move', moveTo: 'Handled' },
						credentials: { imapAccount: { id: imap, name: 'Dovecot' } },
					},
					{ name: 'Done', type: 'n8n-nodes-base.noOp' },
				]),
			)
		).id as string;
		await api.activate(bounces);
		campaign = (
			await api.createWorkflow(
				chain('Campaign', [
					PRESS,
					...itemsOf(people),
					{
						name: 'Bulk',
						type: 'n8n-nodes-smtp-suite.smtpBulkSend',
						parameters: {
							campaignId: 'loop-1',
							fromEmail: 'News <news@example.test>',
							bounceAddress: 'bounces@example.test',
							subject: 'Hello {{name}}',
							html: '<p>Dear {{name}}</p>',
						},
						credentials: { smtpAccount: { id: smtp, name: 'Postfix' } },
					},
				]),
			)
		).id as string;
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await postfix.stop();
		await dovecot.stop();
	}, 60_000);

	const press = async (): Promise<Delivered[][]> => {
		const { api } = n8n.server;
		const execution = await api.finished(await api.execute(campaign, 'Press'));
		expect(execution.error).toBeUndefined();
		return execution
			.outputs('Bulk')
			.map((items) => items.map(({ json }: { json: Delivered }) => json));
	};

	it('names both that bounce with their campaign, suppresses them, and repeats nobody', async () => {
		const [sent = []] = await press();
		expect(sent).toHaveLength(40);

		const events = await eventually(
			async () => {
				const executions = await n8n.server.api.executions(bounces);
				if (executions.length < 2) return undefined;
				const read = await Promise.all(
					executions.map(({ id }: { id: string }) => n8n.server.api.finished(id)),
				);
				return read.flatMap((each) => each.outputs('Bounce Trigger')[0] ?? []);
			},
			'both bounces',
			60_000,
		);
		expect(events).toHaveLength(2);
		for (const { json } of events)
			expect(json).toMatchObject({
				event: 'hardBounce',
				campaignId: 'loop-1',
				verified: true,
				suppressed: true,
			});
		const named = events.map(({ json }: { json: { recipient: string } }) => json.recipient);
		expect(named.sort()).toEqual(['gone31@example.test', 'gone7@example.test']);

		const [again = [], deferred, failed, skipped = []] = await press();
		expect([again, deferred, failed]).toEqual([[], [], []]);
		const reasons = skipped.map(({ delivery }) => delivery.skipReason);
		expect(reasons.filter((reason) => reason === 'alreadySent')).toHaveLength(38);
		expect(reasons.filter((reason) => reason === 'suppressed')).toHaveLength(2);

		// Each of the 38 has the mail once, with their own name in it.
		const count = async (user: string, ...query: string[]) =>
			(await dovecot.doveadm('search', '-u', user, ...query)).trim().split('\n').filter(Boolean)
				.length;
		for (const { name, email } of people.filter((person) => !person.email.startsWith('gone'))) {
			expect(await count(email, 'all')).toBe(1);
			expect(await count(email, 'subject', `Hello ${name}`)).toBe(1);
		}
		// What was read was moved.
		expect(await count('bounces@example.test', 'mailbox', 'INBOX')).toBe(0);
		expect(await count('bounces@example.test', 'mailbox', 'Handled')).toBe(2);
	}, 120_000);

	it('goes on after a kill of n8n without telling a bounce twice', async () => {
		await n8n.restart('kill');
		await new Promise((resolve) => setTimeout(resolve, 4_000));
		expect(await n8n.server.api.executions(bounces)).toHaveLength(2);
	}, 60_000);
});
