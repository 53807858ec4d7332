import { createServer as createWebServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { countingServer } from '../support/counting-smtp-server';
import type { CountingServer } from '../support/counting-smtp-server';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

/** How often n8n is killed; at length by hand. */
const KILLS = Number(process.env.SMTP_SUITE_KILLS ?? 1);
const ITEMS = 50;

/** Of an execution that was started in the editor and crashed, n8n keeps nothing to retry. */
const WEBHOOK = {
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
};

const sendNode = (mail: { toEmail: string; subject: string; text: string }) => ({
	name: 'Send',
	type: 'n8n-nodes-smtp-suite.smtpSend',
	parameters: { fromEmail: 'a@example.test', emailFormat: 'text', ...mail },
	credentials: { smtpAccount: account },
});

let n8n: TestN8n;
let server: CountingServer;
let account: { id: string; name: string };

beforeAll(async () => {
	server = await countingServer({ answerAfterMs: 40 });
	n8n = await startTestN8n();
	account = await plainAccount(n8n, server.port);
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await server.close();
}, 60_000);

/** Waits for the end of the newest execution, if only by a crash that n8n has yet to notice. */
async function newestEnded(workflowId: string): Promise<{ id: string; status: string }> {
	return await eventually(async () => {
		const [newest] = await n8n.server.api.executions(workflowId);
		return newest?.status === 'running'
			? undefined
			: (newest as { id: string; status: string } | undefined);
	}, 'the end of the execution');
}

/** Presses Retry on the newest execution, whose answer comes with its end. */
async function retry(workflowId: string): Promise<string> {
	const { api } = n8n.server;
	const failed = await newestEnded(workflowId);
	let refusal: Error | undefined;
	api.request('POST', `/executions/${failed.id}/retry`, {}).catch((error: unknown) => {
		// The connection breaks when n8n is killed; an answer of n8n is another thing.
		if (error instanceof Error && error.message.startsWith('n8n answered')) refusal = error;
	});
	return await eventually(async () => {
		if (refusal) throw refusal;
		const [newest] = await api.executions(workflowId);
		return newest && newest.id !== failed.id ? (newest.id as string) : undefined;
	}, 'the retry');
}

/** A run over fifty people, killed so often unless it is through before. @returns how often it was */
async function round(kills: number): Promise<number> {
	const name = `r${Date.now()}`;
	const people = Array.from({ length: ITEMS }, (_, index) => `${name}-${index}@example.test`);
	const taken = () => people.filter((to) => server.times.has(to)).length;
	const { id } = (await n8n.server.api.createWorkflow(
		chain('Crash', [
			{ ...WEBHOOK, webhookId: name, parameters: { path: name } },
			...itemsOf(people.map((to) => ({ to }))),
			{
				...sendNode({ toEmail: '={{ $json.to }}', subject: 'Hello', text: 't' }),
				onError: 'continueErrorOutput',
			},
		]),
	)) as { id: string };

	await n8n.server.api.activate(id);
	await fetch(`${n8n.server.url}/webhook/${name}`);
	let done = 0;
	while (done < kills) {
		const aim = taken() + 1 + Math.floor((Math.random() * (ITEMS - taken())) / 2);
		await eventually(
			async () =>
				taken() >= aim || (await n8n.server.api.executions(id))[0]?.status === 'success'
					? true
					: undefined,
			`${aim} mails`,
			40_000,
		);
		await sleep(Math.random() * 60);
		await n8n.restart('kill');
		done += 1;
		if ((await newestEnded(id)).status === 'success') break;
		await retry(id);
	}
	const [newest] = await n8n.server.api.executions(id);
	const { status, outputs } = await n8n.server.api.finished(newest.id as string, 120_000);

	expect(status).toBe('success');
	const [sent = [], failed = []] = outputs('Send');
	const twice = people.filter((to) => (server.times.get(to) ?? 0) > 1);
	expect(twice).toEqual([]);
	// Whose fate nobody knows says so, and was in the server's hands or on the way there.
	for (const { json } of failed) expect(json.error).toMatch(/Nobody knows whether the mail/);
	const unknown = people.filter((to) => failed.some(({ json }) => json.error.includes(`${to} `)));
	expect(failed).toHaveLength(unknown.length);
	expect(unknown.length).toBeLessThanOrEqual(5 * done);
	expect(unknown.filter((to) => !server.bodies.has(to))).toEqual([]);
	expect(sent).toHaveLength(ITEMS - unknown.length);
	expect(people.filter((to) => !server.times.has(to) && !unknown.includes(to))).toEqual([]);
	const earlier = sent.filter(({ json }) => json.earlier).length;
	console.info(`${done} kills: ${sent.length} sent, ${earlier} earlier, ${unknown.length} unknown`);
	return done;
}

it(
	'n8n killed in the middle of a run and the execution retried: nobody twice, nobody lost',
	async () => {
		for (let left = KILLS; left > 0;) left -= await round(Math.min(left, 3));
	},
	60_000 + KILLS * 90_000,
);

it('n8n killed after the node has ended well, in a later one: the retry mails nobody again', async () => {
	const { api } = n8n.server;
	// Takes requests, and never answers.
	const asked: Socket[] = [];
	const silent = createServer((socket) => {
		asked.push(socket);
		socket.on('error', () => undefined);
	});
	await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
	try {
		const people = ['one', 'two', 'three'].map((name) => `${name}@later.test`);
		const { id } = (await api.createWorkflow(
			chain('Later', [
				{ ...WEBHOOK, webhookId: 'later', parameters: { path: 'later' } },
				...itemsOf(people.map((to) => ({ to }))),
				sendNode({ toEmail: '={{ $json.to }}', subject: 'Hello', text: 't' }),
				{
					name: 'Hangs',
					type: 'n8n-nodes-base.httpRequest',
					typeVersion: 4.2,
					parameters: {
						url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
						options: { timeout: 600_000 },
					},
					executeOnce: true,
				},
			]),
		)) as { id: string };
		await api.activate(id);
		await fetch(`${n8n.server.url}/webhook/later`);
		await eventually(() => Promise.resolve(asked.length > 0 || undefined), 'the later node');
		expect(people.map((to) => server.times.get(to))).toEqual([1, 1, 1]);
		await n8n.restart('kill');
		const known = asked.length;
		await retry(id);
		await eventually(() => Promise.resolve(asked.length > known || undefined), 'it once more');
		expect(people.map((to) => server.times.get(to))).toEqual([1, 1, 1]);
	} finally {
		for (const socket of asked) socket.destroy();
		await new Promise((resolve) => silent.close(resolve));
	}
}, 120_000);

it('n8n killed in the third round of a loop with equal mails: the retry sends each round once', async () => {
	const { api } = n8n.server;
	let requests = 0;
	let hangs = true;
	const web = createWebServer((_, response) => {
		requests += 1;
		if (requests < 3 || !hangs) response.end('{}');
	});
	await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
	try {
		const workflow = chain('Rounds', [
			{ ...WEBHOOK, webhookId: 'rounds', parameters: { path: 'rounds' } },
			...itemsOf([{ n: 1 }, { n: 2 }, { n: 3 }]),
			{ name: 'Loop', type: 'n8n-nodes-base.splitInBatches', typeVersion: 3 },
			sendNode({ toEmail: 'rounds@later.test', subject: 'Reminder', text: 'The same each time' }),
			{
				name: 'Asks',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				parameters: {
					url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/`,
					options: {},
				},
			},
		]);
		const { id } = (await api.createWorkflow({
			...workflow,
			connections: {
				...workflow.connections,
				Loop: { main: [[], [{ node: 'Send', type: 'main', index: 0 }]] },
				Asks: { main: [[{ node: 'Loop', type: 'main', index: 0 }]] },
			},
		})) as { id: string };
		await api.activate(id);
		await fetch(`${n8n.server.url}/webhook/rounds`);
		await eventually(() => Promise.resolve(requests === 3 || undefined), 'the third round');
		expect(server.times.get('rounds@later.test')).toBe(3);
		await n8n.restart('kill');
		hangs = false;
		const { status, data } = await n8n.server.api.finished(await retry(id));
		expect(status).toBe('success');
		expect(data.resultData.runData.Send.length).toBeGreaterThanOrEqual(3);
		expect(server.times.get('rounds@later.test')).toBe(3);
	} finally {
		web.closeAllConnections();
		await new Promise((resolve) => web.close(resolve));
	}
}, 120_000);

it('an equal mail of a run that ended well is sent by the retry of a later one', async () => {
	let fails = false;
	server.refuse = (to) => fails && to.startsWith('second');
	const workflow = chain('Equal', [
		PRESS,
		...itemsOf([{ to: 'first@equal.test' }, { to: 'second@equal.test' }]),
		sendNode({ toEmail: '={{ $json.to }}', subject: 'Daily', text: 'The same each day' }),
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
