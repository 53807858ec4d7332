import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpPool } from '../../../mail/smtp/send-result';
import type { MailStore } from '../../../mail/store/store';
import { campaignRun, greeting, memoryStore, outcomes, people, tally } from './campaign';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { Answer, FaultServer, Moment } from '../../support/fault-smtp-server';
import { scriptedServer } from '../../support/scripted-smtp-server';

let store: MailStore;
let server: FaultServer | undefined;
let pool: SmtpPool | undefined;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await pool?.close();
	await server?.close();
	await store.close();
});

function poolTo(port: number, connections = 4): SmtpPool {
	pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections, messagesPerConnection: 100 },
	});
	return pool;
}

describe('a campaign over real connections', () => {
	it('mails everybody once, over no more connections than it may have', async () => {
		server = await startFaultServer();
		const all = await outcomes(
			campaignRun({ store, pool: poolTo(server.port, 3), recipients: people(500), concurrency: 3 }),
		);
		expect(tally(all)).toEqual({ sent: 500 });
		expect(server.taken.size).toBe(500);
		expect([...server.taken.values()].every((times) => times === 1)).toBe(true);
		expect(server.connections).toBeLessThanOrEqual(3);
	});

	it('brings each their own mail, whole, over buffers that are used again', async () => {
		const scripted = await scriptedServer();
		const message = greeting(
			`Dear {{name}}. {{#if long}}${'x'.repeat(20_000)}{{/if}} Yours, {{name}}`,
		);
		const recipients = people(300).map((one) => ({
			...one,
			data: { name: `Person ${one.index}.`, long: one.index % 7 === 0 },
		}));
		const all = await outcomes(
			campaignRun({ store, pool: poolTo(scripted.port), recipients, message }),
		);
		await pool?.close();
		await scripted.close();
		expect(tally(all)).toEqual({ sent: 300 });
		const seen = scripted.received.map((raw) => {
			const index = /^To: r(\d+)@/m.exec(raw)?.[1] ?? '';
			const names = [...raw.matchAll(/Person (\d+)\./g)].map(([, number]) => number);
			expect(names).toEqual([index, index, index]);
			return index;
		});
		expect(new Set(seen).size).toBe(300);
	}, 30_000);

	it.each<[Moment, Answer, string]>([
		['rcptTo', 'drop', 'deferred'],
		['data', 'drop', 'deferred'],
		['dot', 'drop', 'unknown'],
		['dot', 'takeAndDrop', 'unknown'],
		['rcptTo', '450 4.2.1 Try later', 'deferred'],
		['rcptTo', '550 5.1.1 No such user', 'failed'],
		['dot', '451 4.3.0 Try later', 'deferred'],
		['dot', '554 5.6.0 Content refused', 'failed'],
		['dot', '421 4.3.2 Going down', 'deferred'],
	])('at %s, %s: that recipient is %s, the others are sent', async (moment, answer, outcome) => {
		const faulty = await startFaultServer((now, address) =>
			now === moment && address === 'r5@example.com' ? answer : 'go',
		);
		server = faulty;
		const all = await outcomes(
			campaignRun({
				store,
				pool: poolTo(server.port),
				recipients: people(20),
				concurrency: 1,
				patienceMs: 1_500,
			}),
		);
		expect(tally(all)).toEqual({ sent: 19, [outcome]: 1 });
		expect(faulty.taken.get('r5@example.com') ?? 0).toBe(answer === 'takeAndDrop' ? 1 : 0);
	});

	it('sends to whom the connection was lost at MAIL FROM, after a pause', async () => {
		let mails = 0;
		server = await startFaultServer((moment) =>
			// The second try is the pool's own, on a new connection.
			moment === 'mailFrom' && [3, 4].includes(++mails) ? 'drop' : 'go',
		);
		const all = await outcomes(
			campaignRun({
				store,
				pool: poolTo(server.port),
				recipients: people(20),
				concurrency: 1,
				patienceMs: 10_000,
			}),
		);
		expect(tally(all)).toEqual({ sent: 20 });
	});

	it('goes on when the server went away in the middle and came back', async () => {
		let downSince: number | undefined;
		const faulty = await startFaultServer((moment, address) => {
			if (address === 'r50@example.com' && moment === 'rcptTo') downSince ??= Date.now();
			return downSince !== undefined && Date.now() - downSince < 1_500 ? 'drop' : 'go';
		});
		server = faulty;
		const all = await outcomes(
			campaignRun({
				store,
				pool: poolTo(server.port),
				recipients: people(200),
				patienceMs: 20_000,
			}),
		);
		const { sent = 0, unknown = 0, ...others } = tally(all);
		expect(others).toEqual({});
		expect(sent + unknown).toBe(200);
		expect(unknown).toBe(faulty.uncertain.size);
		expect([...faulty.taken.values()].every((times) => times === 1)).toBe(true);
	});
});
