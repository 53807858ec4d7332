import fc from 'fast-check';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { createSmtpPool } from '../../../mail/smtp/pool';

const RUNS = Number(process.env.NONSENSE_RUNS ?? 150);
const MESSAGE = Buffer.from('Subject: x\r\n\r\nHello\r\n');
const STEPS = ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'dot'] as const;
type Step = (typeof STEPS)[number];

const PROPER: Record<Step, string> = {
	greeting: '220 x ESMTP\r\n',
	EHLO: '250-x\r\n250 PIPELINING\r\n',
	MAIL: '250 Ok\r\n',
	RCPT: '250 Ok\r\n',
	DATA: '354 Go on\r\n',
	dot: '250 Ok\r\n',
};

/** Any bytes, and those out of which replies are made, in any order. */
const nonsense = fc.oneof(
	fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
	fc
		.array(
			fc.constantFrom(
				...['220', '250', '354', '421', '550', '999', '-', ' ', '5.1.1', 'Ok', '\r', '\n', '\r\n'],
				...[
					'\0',
					'é',
					'<a@b>',
					'250-'.repeat(50),
					'x'.repeat(3_000),
					'250 Ok\r\n',
					'354 Go on\r\n',
				],
			),
			{ maxLength: 40 },
		)
		.map((parts) => Buffer.from(parts.join(''))),
);

let server: Server;
let now: { at: Step; words: Buffer; gotTheDot: boolean };

/** Answers properly up to a step, says its words there, and hangs up. */
function serve(socket: Socket): void {
	// What of it comes late is not the next one's.
	const own = now;
	socket.on('error', () => undefined);
	const say = (step: Step) => {
		if (own.at === step) socket.end(own.words);
		else socket.write(PROPER[step]);
	};
	let rest = '';
	let inBody = false;
	socket.on('data', (chunk: Buffer) => {
		rest += chunk.toString('latin1');
		for (;;) {
			const mark = inBody ? '\r\n.\r\n' : '\r\n';
			const end = rest.indexOf(mark);
			if (end < 0) return;
			const verb = rest.slice(0, 4);
			rest = rest.slice(end + mark.length);
			if (inBody) own.gotTheDot = true;
			const step = inBody ? 'dot' : STEPS.find((each) => each === verb);
			inBody = !inBody && step === 'DATA';
			if (step) say(step);
		}
	});
	say('greeting');
}

beforeAll(async () => {
	server = createServer(serve);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
	await new Promise((resolve) => server.close(resolve));
});

describe('a server that speaks nonsense', () => {
	it('at any step ends in an outcome that is true, and in no other way', async () => {
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...STEPS), nonsense, async (at, words) => {
				const own = { at, words, gotTheDot: false };
				now = own;
				const pool = createSmtpPool({
					host: '127.0.0.1',
					port: (server.address() as AddressInfo).port,
					security: 'none',
					tls: {},
					limits: { connections: 1, messagesPerConnection: 100 },
				});
				const { result } = await pool.send({ from: 'a@x.test', to: ['b@x.test'] }, MESSAGE);
				await pool.close();
				expect(['accepted', 'refused', 'notSent', 'unknown']).toContain(result);
				// A server that says yes too early is believed; what it has is never called unsent.
				if (result === 'notSent') expect(own.gotTheDot).toBe(false);
			}),
			{ numRuns: RUNS },
		);
	}, 120_000);
});
