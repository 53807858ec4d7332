import { countingServer } from '../support/counting-smtp-server';
import type { CountingServer } from '../support/counting-smtp-server';
import { startFaultProxy } from '../support/fault-proxy';
import type { FaultProxy } from '../support/fault-proxy';
import { chain, eventually, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

const EXECUTIONS = 100;
const AT_ONCE = 4;

/** As a shop does it that posts each order to a webhook: an execution, and a mail, for each. */
describe('executions that follow one another', () => {
	let n8n: TestN8n;
	let server: CountingServer;
	let proxy: FaultProxy;

	beforeAll(async () => {
		server = await countingServer({ answerAfterMs: 5 });
		proxy = await startFaultProxy(server.port);
		n8n = await startTestN8n();
		const { id } = (await n8n.server.api.createWorkflow(
			chain('Orders', [
				{
					name: 'Webhook',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					webhookId: 'orders',
					parameters: { path: 'orders', responseMode: 'lastNode' },
				},
				{
					name: 'Send',
					type: 'n8n-nodes-smtp-suite.smtpSend',
					parameters: {
						...{ fromEmail: 'shop@example.test', toEmail: '={{ $json.query.to }}' },
						...{ subject: 'Your order', emailFormat: 'text', text: 'Thank you.' },
					},
					credentials: { smtpAccount: await plainAccount(n8n, proxy.port) },
				},
			]),
		)) as { id: string };
		await n8n.server.api.activate(id);
	}, 180_000);
	afterAll(async () => {
		await n8n.stop();
		await proxy.close();
		await server.close();
	}, 60_000);

	const order = async (to: string) =>
		await eventually(async () => {
			const answer = await fetch(`${n8n.server.url}/webhook/orders?to=${to}`);
			// n8n takes a moment to register a webhook after the workflow is published.
			return answer.status === 404 ? undefined : answer.status;
		}, `the mail to ${to}`);

	it('share their connections: never more than ran at once', async () => {
		const customers = Array.from({ length: EXECUTIONS }, (_, index) => `c${index}@example.test`);
		const waiting = [...customers];
		const client = async () => {
			for (let to = waiting.shift(); to !== undefined; to = waiting.shift())
				expect(await order(to)).toBe(200);
		};
		await Promise.all(Array.from({ length: AT_ONCE }, client));
		expect(customers.map((to) => server.times.get(to))).toEqual(customers.map(() => 1));
		expect(proxy.totalConnections).toBeLessThanOrEqual(AT_ONCE);
	}, 120_000);

	it('notice that a connection died meanwhile, and send each mail once', async () => {
		proxy.reset();
		expect(await order('after@example.test')).toBe(200);
		expect(server.times.get('after@example.test')).toBe(1);
	}, 60_000);
});
