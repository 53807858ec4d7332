import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SendOptions, SendResult, SmtpPool } from '../../../mail/smtp/send-result';
import { cuttingServer } from '../../support/cutting-smtp-server';
import type { CuttingServer, Cutting } from '../../support/cutting-smtp-server';

const SHORT = Buffer.from('Subject: x\r\n\r\nHello\r\n');

let server: CuttingServer;
let pool: SmtpPool;

async function stop(): Promise<void> {
	await pool.close();
	await server.close();
}

async function start(cutting: Cutting = {}): Promise<void> {
	server = await cuttingServer(cutting);
	pool = createSmtpPool({
		host: '127.0.0.1',
		port: server.port,
		security: 'none',
		tls: {},
		limits: { connections: 1, messagesPerConnection: 100 },
	});
}

function sendTo(name: string, options: SendOptions = {}, raw = SHORT): Promise<SendResult> {
	return pool.send({ from: 'a@x.test', to: [`${name}@x.test`] }, raw, options);
}

/** So many messages at once, each of which may ride behind another. */
function sendAll(count: number, options: SendOptions = {}): Promise<SendResult[]> {
	return Promise.all(
		Array.from({ length: count }, (_, index) =>
			sendTo(`r${index}`, { mayFollow: true, ...options }),
		),
	);
}

/** What is said of a message against what the server knows of it. */
function expectTruth(results: readonly SendResult[]): void {
	for (const [index, { result }] of results.entries()) {
		const address = `r${index}@x.test`;
		const times = server.received.filter((each) => each === address).length;
		expect({ address, times, result }).toEqual({
			address,
			times: result === 'accepted' ? 1 : result === 'notSent' ? 0 : Math.min(times, 1),
			result: server.confirmed.includes(address)
				? 'accepted'
				: times === 1
					? 'unknown'
					: (expect.stringMatching(/^(notSent|unknown)$/) as string),
		});
	}
}

describe('a connection that is cut', () => {
	/** What a dialogue of three messages costs, to know where it can be cut. */
	async function lengths(): Promise<{ in: number; out: number }> {
		await start();
		await sendAll(3);
		const bytes = { ...server.bytes };
		await stop();
		return bytes;
	}

	it.each(['afterIn', 'afterOut'] as const)(
		'(%s) at any byte says of each message what is true',
		async (direction) => {
			const bytes = await lengths();
			const length = direction === 'afterIn' ? bytes.in : bytes.out;
			expect(length).toBeGreaterThan(150);
			for (let at = 1; at < length; at += 1) {
				await start({ [direction]: at });
				let granted = 0;
				const results = await sendAll(3, {
					beforeFinalDot: () => {
						granted += 1;
						return Promise.resolve(true);
					},
				});
				expectTruth(results);
				const out = results.filter(({ result }) => result === 'accepted' || result === 'unknown');
				expect(out.length).toBeLessThanOrEqual(granted);
				await stop();
			}
		},
		60_000,
	);
});
