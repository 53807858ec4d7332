import { countingServer } from '../support/counting-smtp-server';
import type { CountingServer } from '../support/counting-smtp-server';
import { fullestWindow } from '../support/fullest-window';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const PER_SECOND = 10;
const LETTERS = 60;
const ORDERS = 20;

interface Told {
	earlier?: true;
	outcome?: string;
}

/** An account with limits, as its two senders keep them; the server's own log is the judge. */
describe('the sending limits of an account', () => {
	let n8n: TestN8n;
	let server: CountingServer;
	const servers: CountingServer[] = [];

	beforeAll(async () => {
		n8n = await startTestN8n();
	}, 180_000);
	// Connections stay warm: the servers are rid of them when n8n has gone.
	afterAll(async () => {
		await n8n.stop();
		for (const each of servers) await each.close();
	}, 60_000);

	// An account without a user is known by its server and port.
	beforeEach(async () => {
		server = await countingServer({ answerAfterMs: 3 });
		servers.push(server);
	});

	const account = async (name: string, limits: object) => ({
		name,
		id: await n8n.server.api.putCredential(name, 'smtpAccount', {
			...{ service: 'own', host: '127.0.0.1', port: server.port, security: 'none' },
			...{ authentication: 'none', pace: 'own', ...limits },
		}),
	});
	const people = (name: string, count: number) =>
		Array.from({ length: count }, (_, index) => ({ email: `${name}-${index}@example.test` }));

	async function workflow(items: readonly object[], node: object): Promise<string> {
		const made = await n8n.server.api.createWorkflow(
			chain('Pace', [PRESS, ...itemsOf(items), { name: 'Mail', type: '', ...node }]),
		);
		return made.id as string;
	}
	const sendNode = (smtpAccount: object, options: object = {}, more: object = {}) => ({
		type: 'n8n-nodes-smtp-suite.smtpSend',
		parameters: {
			...{ fromEmail: 'shop@example.test', toEmail: '={{ $json.email }}', subject: 'Your order' },
			...{ emailFormat: 'text', text: 'Thank you.', options },
		},
		credentials: { smtpAccount },
		...more,
	});
	const press = async (id: string) => await n8n.server.api.execute(id, PRESS.name);

	it('hold over SMTP Bulk Send and SMTP Send together, and single mails need not wait for a campaign', async () => {
		const smtpAccount = await account('shared', { perSecond: PER_SECOND });
		const [letters, orders] = [people('letter', LETTERS), people('order', ORDERS)];
		const bulk = await workflow(letters, {
			type: 'n8n-nodes-smtp-suite.smtpBulkSend',
			parameters: {
				...{ campaignId: 'pace-1', fromEmail: 'News <news@example.test>', subject: 'News' },
				html: '<p>News</p>',
			},
			credentials: { smtpAccount },
		});
		const send = await workflow(orders, sendNode(smtpAccount));
		const campaign = await press(bulk);
		await eventually(() => Promise.resolve(server.log[0]), 'the first letter');
		const single = await n8n.server.api.finished(await press(send));
		const lettersThen = letters.filter(({ email }) => server.times.has(email)).length;
		const ended = await n8n.server.api.finished(campaign, 120_000);

		expect([single.status, ended.status]).toEqual(['success', 'success']);
		const all = [...letters, ...orders];
		expect(all.map(({ email }) => server.times.get(email))).toEqual(all.map(() => 1));
		const times = server.log.map(({ at }) => at);
		expect(fullestWindow(times, 1_000).count).toBeLessThanOrEqual(PER_SECOND);
		expect(lettersThen).toBeLessThan(LETTERS);
	}, 120_000);

	it('by provider hold one domain back in SMTP Bulk Send, and the others go ahead', async () => {
		const smtpAccount = await account('domains', { perSecond: 0 });
		const at = (domain: string, count: number) =>
			people('reader', count).map(({ email }) => ({ email: email.replace('@', `@${domain}.`) }));
		const [slow, fast] = [at('slow', 3 * PER_SECOND), at('fast', LETTERS)];
		const id = await workflow([...slow, ...fast], {
			type: 'n8n-nodes-smtp-suite.smtpBulkSend',
			parameters: {
				...{ campaignId: 'pace-2', fromEmail: 'News <news@example.test>', subject: 'News' },
				...{ html: '<p>News</p>', pace: 'own', limits: {} },
				providerLimits: {
					rule: [{ provider: 'slow.example.test', count: PER_SECOND, per: 'second' }],
				},
			},
			credentials: { smtpAccount },
		});
		const { status } = await n8n.server.api.finished(await press(id), 60_000);

		expect(status).toBe('success');
		const timesOf = (those: readonly { email: string }[]) =>
			server.log
				.filter(({ to: [email] }) => those.some((one) => one.email === email))
				.map((mail) => mail.at);
		expect([timesOf(slow), timesOf(fast)].map(({ length }) => length)).toEqual([
			slow.length,
			fast.length,
		]);
		expect(fullestWindow(timesOf(slow), 1_000).count).toBeLessThanOrEqual(PER_SECOND);
		expect(Math.max(...timesOf(fast))).toBeLessThan(Math.max(...timesOf(slow)));
	}, 90_000);

	it('let a mail fail at once that would wait too long; a retry sends it when there is room', async () => {
		const smtpAccount = await account('hourly', { perHour: 2 });
		const items = people('hourly', 4);
		const id = await workflow(items, sendNode(smtpAccount));
		const failed = await n8n.server.api.finished(await press(id));
		expect(failed.status).toBe('error');
		expect(failed.error.message).toBe(
			'The sending limit of the account is reached (2 an hour), so the mail was not sent.',
		);
		expect(failed.error.description).toMatch(/The next mail may leave in (59|60|61) minutes\./);
		expect(failed.error.description).toContain('2 mails of this run were sent before.');

		await account('hourly', { perHour: 100 });
		const [{ id: last }] = await n8n.server.api.executions(id);
		await n8n.server.api.request('POST', `/executions/${last}/retry`, {});
		const [newest] = await n8n.server.api.executions(id);
		const retried = await n8n.server.api.finished(newest.id);
		expect(retried.status).toBe('success');
		const told: Told[] = (retried.outputs('Mail')[0] ?? []).map(({ json }: { json: Told }) => json);
		expect(told.map(({ outcome }) => outcome)).toEqual(items.map(() => 'sent'));
		expect(told.filter(({ earlier }) => earlier)).toHaveLength(2);
		expect(items.map(({ email }) => server.times.get(email))).toEqual([1, 1, 1, 1]);
	}, 60_000);

	it('give out what must wait too long by the error output, and the others as sent', async () => {
		const smtpAccount = await account('outputs', { perMinute: 3 });
		const items = people('outputs', 5);
		const id = await workflow(
			items,
			sendNode(smtpAccount, { longestWait: 0 }, { onError: 'continueErrorOutput' }),
		);
		const { status, outputs } = await n8n.server.api.finished(await press(id));
		expect(status).toBe('success');
		const [sent, late] = outputs('Mail');
		expect(sent).toHaveLength(3);
		expect(late).toHaveLength(2);
		expect(late?.[0].json.error).toContain('The sending limit of the account is reached');
		expect(items.filter(({ email }) => server.times.has(email))).toHaveLength(3);
	}, 60_000);

	it('are waited for within patience', async () => {
		const smtpAccount = await account('patient', { perSecond: 2 });
		const items = people('patient', 6);
		const { status } = await n8n.server.api.finished(
			await press(await workflow(items, sendNode(smtpAccount))),
		);
		expect(status).toBe('success');
		const times = server.log.map(({ at }) => at);
		expect(times).toHaveLength(6);
		expect(fullestWindow(times, 1_000).count).toBeLessThanOrEqual(2);
	}, 60_000);

	it('a mail with nothing in it leaves with a hint', async () => {
		const smtpAccount = await account('empty', { perSecond: 0 });
		const node = sendNode(smtpAccount);
		const id = await workflow(people('empty', 2), {
			...node,
			parameters: { ...node.parameters, text: '={{ $json.nothing }}' },
		});
		const execution = await n8n.server.api.finished(await press(id));
		expect(execution.status).toBe('success');
		const [task] = execution.data.resultData.runData.Mail as { hints?: { message: string }[] }[];
		expect(task?.hints?.map(({ message }) => message)).toEqual([
			expect.stringContaining('2 mails, of item 0 and others, have no text and no attachment.'),
		]);
	}, 60_000);
});
