import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SendOptions, SendResult, SmtpPool } from '../../../mail/smtp/send-result';
import { ReplyReader } from '../../../mail/smtp/reply-reader';
import { asWireMessage } from '../../../mail/smtp/wire-message';
import { cuttingServer } from '../../support/cutting-smtp-server';
import type { CuttingServer, Cutting } from '../../support/cutting-smtp-server';

const SHORT = Buffer.from('Subject: x\r\n\r\nHello\r\n');

let server: CuttingServer;
let pool: SmtpPool;

afterEach(async () => {
	await pool.close();
	await server.close();
});

async function start(cutting: Cutting = {}, messagesPerConnection = 100): Promise<void> {
	server = await cuttingServer(cutting);
	pool = createSmtpPool({
		host: '127.0.0.1',
		port: server.port,
		security: 'none',
		tls: {},
		limits: { connections: 1, messagesPerConnection },
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

describe('the envelope of the next message', () => {
	it('is on its way before the reply to the last one comes', async () => {
		await start({ thinksMs: 30 });
		const results = await sendAll(3);
		expect(results.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted']);
		expect(server.early.slice(0, 3)).toEqual([
			'MAIL FROM:<a@x.test>',
			'RCPT TO:<r1@x.test>',
			'DATA',
		]);
		expect(server.received).toHaveLength(3);
		expect(server.connections).toBe(1);
	});

	it('costs one round trip a message, not two: none but the first waits for a reply', async () => {
		await start({ thinksMs: 20 });
		await sendAll(10);
		expect(server.early.filter((line) => line.startsWith('MAIL'))).toHaveLength(9);
	});

	it('waits for the reply where nobody said that it may follow', async () => {
		await start({ thinksMs: 5 });
		await Promise.all([sendTo('r0'), sendTo('r1')]);
		expect(server.heard.filter((line) => line === '.')).toHaveLength(2);
		expect(server.confirmed).toHaveLength(2);
	});

	it('follows no message that is the last of its connection', async () => {
		await start({}, 2);
		const results = await sendAll(5);
		expect(results.every(({ result }) => result === 'accepted')).toBe(true);
		expect(server.connections).toBe(3);
	});

	it('takes no harm from a refusal of the message before it', async () => {
		let messages = 0;
		await start({ replies: { '.': () => (++messages === 1 ? '554 5.6.0 No' : '250 Ok') } });
		const results = await sendAll(2);
		expect(results.map(({ result }) => result)).toEqual(['refused', 'accepted']);
		expect(server.received).toEqual(['r1@x.test']);
	});

	it('goes over another connection when the one before it ended with a 421', async () => {
		let messages = 0;
		await start({ replies: { '.': () => (++messages === 1 ? '421 4.3.2 Bye' : '250 Ok') } });
		const results = await sendAll(2);
		expect(results.map(({ result }) => result)).toEqual(['refused', 'accepted']);
		expect(server.connections).toBe(2);
	});
});

describe('a connection that is cut', () => {
	it('in the middle of a large message ends the wait for a slow reader', async () => {
		await start({ afterIn: 3_000_000, readsPerMs: 100_000 });
		const large = Buffer.concat([SHORT, Buffer.alloc(12_000_000, 'lorem ipsum\r\n')]);
		expect(await sendTo('r0', {}, large)).toMatchObject({ result: 'notSent', stage: 'body' });
		expect(server.received).toEqual([]);
	});
});

describe('a large message', () => {
	it('arrives whole at a slow reader, its end held back until it may leave', async () => {
		await start({ readsPerMs: 100_000 });
		const large = Buffer.concat([SHORT, Buffer.alloc(3_000_000, 'lorem ipsum\r\n')]);
		let inAtGate = 0;
		const result = await sendTo(
			'r0',
			{
				beforeFinalDot: async () => {
					while (inAtGate < server.bytes.in) {
						inAtGate = server.bytes.in;
						await new Promise((resolve) => setTimeout(resolve, 60));
					}
					return true;
				},
			},
			large,
		);
		expect(result).toMatchObject({ result: 'accepted' });
		expect(inAtGate).toBeGreaterThan(2_800_000);
		expect(inAtGate).toBeLessThan(large.length);
		expect(server.bytes.in).toBeGreaterThan(large.length);
	});
});

describe('what a server says', () => {
	it('is understood however its bytes come', async () => {
		await start({ dribble: true, replies: { RCPT: '250-2.1.5 Many\r\n250-lines\r\n250 Ok' } });
		const results = await sendAll(3);
		expect(results.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted']);
	});

	it('is waited for, command by command, where it knows no pipelining', async () => {
		await start({ pipelining: false });
		const results = await sendAll(3);
		expect(results.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted']);
		expect(server.heard.join(' ')).not.toMatch(/\. MAIL.* DATA MAIL/);
	});

	it.each([true, false])(
		'no to a recipient: what it keeps of the envelope is cleared before the next (pipelining: %s)',
		async (pipelining) => {
			await start({
				pipelining,
				replies: {
					RCPT: (line) => (line.includes('bad') ? '550 5.1.1 Unknown' : '250 Ok'),
					DATA: () =>
						server.heard.at(-2)?.includes('bad') ? '554 5.5.1 No valid recipients' : '354 Go on',
				},
			});
			expect(await sendTo('bad')).toMatchObject({ result: 'refused', stage: 'rcptTo' });
			expect(await sendTo('good')).toMatchObject({ result: 'accepted' });
			expect(server.connections).toBe(1);
			expect(server.heard).toContain('RSET');
		},
	);

	it('yes to DATA after it refused every recipient: gets no message, not even an empty one', async () => {
		await start({ replies: { RCPT: '550 5.1.1 Unknown' } });
		expect(await sendTo('r0')).toMatchObject({ result: 'refused', reply: '550 5.1.1 Unknown' });
		expect(server.heard).not.toContain('.');
		expect(server.received).toEqual([]);
	});

	it('without being asked is not taken for the answer to the next message', async () => {
		await start({ replies: { '.': '250 Ok\r\n250 Ok\r\n250 Ok\r\n354 Go on\r\n250 Ok' } });
		expect(await sendTo('r0')).toMatchObject({ result: 'accepted' });
		expect(await sendTo('r1')).toMatchObject({ result: 'accepted' });
		expect(server.connections).toBe(2);
		expect(server.received).toEqual(['r0@x.test', 'r1@x.test']);
	});

	it('with a yes before the message is out has not taken it', async () => {
		await start({ replies: { DATA: '354 Go on\r\n250 Ok' } });
		const result = await sendTo('r0', {
			beforeFinalDot: () => new Promise((resolve) => setTimeout(resolve, 30, true)),
		});
		expect(result).toMatchObject({ result: 'notSent', stage: 'body' });
		expect(server.received).toEqual([]);
	});

	it.each([
		['99 bottles', 'notSent'],
		['2500 Ok', 'notSent'],
		['350 Hm', 'notSent'],
	])('that is no answer to MAIL (%s) sends nothing', async (reply, result) => {
		await start({ replies: { MAIL: reply } });
		expect(await sendTo('r0')).toMatchObject({ result });
		expect(server.received).toEqual([]);
	});

	it('that is no answer to a message leaves it unknown', async () => {
		await start({ replies: { '.': '??? what' } });
		expect(await sendTo('r0')).toMatchObject({ result: 'unknown' });
	});
});

describe('an address that would end its command', () => {
	it.each(['a@x.test> SIZE=1', 'a@x.test\r\nRSET', 'a\0@x.test'])('(%j) is refused', async (to) => {
		await start();
		const result = await pool.send({ from: 'a@x.test', to: [to] }, SHORT);
		expect(result).toMatchObject({ result: 'refused', stage: 'rcptTo' });
		expect(await sendTo('r0')).toMatchObject({ result: 'accepted' });
		expect(server.received).toEqual(['r0@x.test']);
	});
});

describe('the bytes of a message', () => {
	const onTheWire = (text: string) =>
		Buffer.concat(asWireMessage(Buffer.from(text, 'latin1')).pieces).toString('latin1');

	beforeEach(() => start());

	it.each([
		['a\r\n.b\r\n', 'a\r\n..b\r\n'],
		['.a\r\n..\r\n', '..a\r\n...\r\n'],
		['a', 'a\r\n'],
		['a\n.\nb\r\n', 'a\r\n..\r\nb\r\n'],
		['a\r.\rb', 'a\r\n..\r\nb\r\n'],
		['a\r\r\n.\r\n', 'a\r\n\r\n..\r\n'],
		['', '\r\n'],
	])('%j leave as %j: nothing in them ends the message', (raw, wire) => {
		expect(onTheWire(raw)).toBe(wire);
	});

	it.each(['\n', '\r', '\r\n.'])('of a large one are seen to wherever %j stands', (odd) => {
		const line = `${'x'.repeat(76)}\r\n`;
		for (const lines of [0, 1, 838, 839, 840, 841, 2_000]) {
			const raw = `${line.repeat(lines)}x${odd}${line.repeat(900)}`;
			const wire = raw.replace(/\r\n|\r|\n/g, '\r\n').replaceAll('\n.', '\n..');
			expect(onTheWire(raw)).toBe(wire);
		}
	});

	it('that need no change are not copied', () => {
		expect(asWireMessage(SHORT).pieces[0]).toBe(SHORT);
	});
});

describe('a reply without an end', () => {
	beforeEach(() => start());

	it.each(['x'.repeat(1_000), '250-more\r\n'.repeat(100)])('is given up', (piece) => {
		const reader = new ReplyReader();
		const begun = performance.now();
		let read: string[] | 'tooLong' = [];
		for (let times = 0; times < 1_000 && read !== 'tooLong'; times += 1)
			read = reader.read(Buffer.from(piece));
		expect(read).toBe('tooLong');
		expect(performance.now() - begun).toBeLessThan(5_000);
	});
});
