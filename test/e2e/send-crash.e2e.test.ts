import { setTimeout as sleep } from 'node:timers/promises';

import { countingServer } from '../support/counting-smtp-server';
import type { CountingServer } from '../support/counting-smtp-server';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

/** How often n8n is killed; at length by hand. */
const KILLS = Number(process.env.SMTP_SUITE_KILLS ?? 1);
const ITEMS = 50;

/** Of an execution that was started in the editor and crashed, n8n keeps nothing to retry. */
const WEBHOOK = {
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	webhookId: 'crash',
	parameters: { path: 'crash' },
};

let n8n: TestN8n;
let server: CountingServer;
let account: { id: string; name: string };

beforeAll(async () => {
	server = await countingServer({ answerAfterMs: 40 });
	n8n = await startTestN8n();
	const id = await n8n.server.api.putCredential('Account', 'smtpAccount', {
		service: 'own',
		host: '127.0.0.1',
		port: server.port,
		security: 'none',
		authentication: 'none',
	});
	account = { id, name: 'Account' };
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await server.close();
}, 60_000);

/** Presses Retry on the newest execution, whose answer comes with its end. */
async function retry(workflowId: string): Promise<string> {
	const { api } = n8n.server;
	// n8n looks after a crash, and marks what has crashed, on its own time.
	const failed = await eventually(async () => {
		const [newest] = await api.executions(workflowId);
		return newest?.status === 'running' ? undefined : (newest as { id: string } | undefined);
	}, 'the crashed execution');
	void api.request('POST', `/executions/${failed.id}/retry`, {}).catch(() => undefined);
	return await eventually(async () => {
		const [newest] = await api.executions(workflowId);
		return newest && newest.id !== failed.id ? (newest.id as string) : undefined;
	}, 'the retry');
}

it(
	'n8n killed in the middle of a run and the execution retried: nobody twice, nobody lost',
	async () => {
		const name = `r${Date.now()}`;
		const people = Array.from({ length: ITEMS }, (_, index) => `${name}-${index}@example.test`);
		const { id } = (await n8n.server.api.createWorkflow(
			chain('Crash', [
				WEBHOOK,
				...itemsOf(people.map((to) => ({ to }))),
				{
					name: 'Send',
					type: 'n8n-nodes-smtp-suite.smtpSend',
					parameters: {
						fromEmail: 'a@example.test',
						toEmail: '={{ $json.to }}',
						subject: 'Hello',
						emailFormat: 'text',
						text: 't',
					},
					onError: 'continueErrorOutput',
					credentials: { smtpAccount: account },
				},
			]),
		)) as { id: string };

		await n8n.server.api.activate(id);
		await fetch(`${n8n.server.url}/webhook/crash`);
		let execution = '';
		for (let kill = 0; kill < KILLS; kill += 1) {
			// Somewhere in what is left; the last kills come while others are waited for.
			const before = server.times.size;
			const more = 1 + Math.floor(Math.random() * Math.max(1, (ITEMS - before) / 2));
			await eventually(
				() => Promise.resolve(server.times.size >= before + more || undefined),
				`${more} more mails`,
				40_000,
			).catch(() => undefined);
			await sleep(Math.random() * 60);
			await n8n.restart('kill');
			execution = await retry(id);
		}
		const { status, outputs } = await n8n.server.api.finished(execution, 120_000);

		expect(status).toBe('success');
		const [sent = [], failed = []] = outputs('Send');
		const twice = [...server.times].filter(([, times]) => times > 1);
		expect(twice).toEqual([]);
		// Whose fate nobody knows says so, and was in the server's hands or on the way there.
		for (const { json } of failed) expect(json.error).toMatch(/Nobody knows whether the mail/);
		const unknown = people.filter((to) => failed.some(({ json }) => json.error.includes(to)));
		expect(failed).toHaveLength(unknown.length);
		expect(unknown.length).toBeLessThanOrEqual(5 * KILLS);
		expect(unknown.filter((to) => !server.bodies.has(to))).toEqual([]);
		expect(sent).toHaveLength(ITEMS - unknown.length);
		expect(people.filter((to) => !server.times.has(to) && !unknown.includes(to))).toEqual([]);
		// The crash was in the middle: what went before it came out as the receipt of then.
		expect(sent.filter(({ json }) => json.earlier).length).toBeGreaterThan(0);
		console.info(`${KILLS} kills: ${sent.length} sent once, ${unknown.length} unknown`);
	},
	60_000 + KILLS * 60_000,
);

it('an equal mail of a run that ended well is sent by the retry of a later one', async () => {
	let fails = false;
	server.refuse = (to) => fails && to.startsWith('second');
	const workflow = chain('Equal', [
		PRESS,
		...itemsOf([{ to: 'first@equal.test' }, { to: 'second@equal.test' }]),
		{
			name: 'Send',
			type: 'n8n-nodes-smtp-suite.smtpSend',
			parameters: {
				fromEmail: 'a@example.test',
				toEmail: '={{ $json.to }}',
				subject: 'Daily',
				emailFormat: 'text',
				text: 'The same each day',
			},
			credentials: { smtpAccount: account },
		},
	]);
	const { api } = n8n.server;
	const { id } = (await api.createWorkflow(workflow)) as { id: string };
	const times = () => ['first', 'second'].map((name) => server.times.get(`${name}@equal.test`));
	expect((await api.finished(await api.execute(id, 'Press'))).status).toBe('success');
	expect(times()).toEqual([1, 1]);
	fails = true;
	const failed = await api.finished(await api.execute(id, 'Press'));
	expect(failed.status).toBe('error');
	expect(failed.error.description).toContain('Retry of this execution');
	expect(times()).toEqual([2, 1]);
	fails = false;
	const retried = await api.finished(await retry(id));
	expect(retried.status).toBe('success');
	expect(retried.outputs('Send')[0]?.map(({ json }) => Boolean(json.earlier))).toEqual([
		true,
		false,
	]);
	expect(times()).toEqual([2, 2]);
}, 60_000);
