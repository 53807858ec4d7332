import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import type { Finding } from '../../../mail/deliverability/finding';
import { scanMessage } from '../../../mail/deliverability/scan-message';
import { rspamdAt } from '../../../mail/deliverability/scan-rspamd';
import { spamAssassinAt } from '../../../mail/deliverability/scan-spamassassin';

const MAIL = Buffer.from(
	'From: News <news@example.com>\r\nTo: Ada <ada@example.net>, zoe@example.net\r\nSubject: Hello\r\n\r\nHello\r\n',
);

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
	for (const socket of sockets) socket.destroy();
	for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<string> {
	servers.push(server);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const summary = ({ id, status, requiredBy }: Finding) => {
	expect(requiredBy).toEqual({});
	return `${id} ${status}`;
};

describe('rspamd, asked about a mail', () => {
	const answering = async (listener: RequestListener) =>
		`http://${await listening(createHttpServer(listener))}`;
	const saying = async (answer: object) =>
		await answering((request, response) => {
			request.resume().on('end', () => response.end(JSON.stringify(answer)));
		});
	const ask = async (address: string, timeoutMs?: number) => {
		const { findings, scans } = await scanMessage(MAIL, [rspamdAt(address, timeoutMs)]);
		return { finding: findings[0]!, scan: scans[0]!.scan };
	};

	it('gets the mail as it is, with its envelope', async () => {
		const seen: unknown[] = [];
		const address = await answering((request, response) => {
			const pieces: Buffer[] = [];
			request.on('data', (piece: Buffer) => pieces.push(piece));
			request.on('end', () => {
				const { method, url, headers } = request;
				seen.push(method, url, headers.from, headers.rcpt, Buffer.concat(pieces).equals(MAIL));
				response.end('{}');
			});
		});
		await ask(address);
		expect(seen).toEqual([
			...['POST', '/checkv2', 'news@example.com', 'ada@example.net, zoe@example.net', true],
		]);
	});

	it.each([
		['no action', 'filter.good pass'],
		['greylist', 'filter.wait info'],
		['soft reject', 'filter.wait info'],
		['add header', 'filter.spam warning'],
		['rewrite subject', 'filter.spam warning'],
		['reject', 'filter.refused fail'],
	])('says "%s": %s', async (action, expected) => {
		const { finding } = await ask(await saying({ score: 4.25, required_score: 15, action }));
		expect(summary(finding)).toBe(expected);
		expect(finding.title).toContain('4.3 points');
	});

	it('that lets one rule alone decide, and counts no points, is believed', async () => {
		const { finding } = await ask(
			await saying({ is_skipped: true, score: 0, required_score: 0, action: 'reject' }),
		);
		expect(summary(finding)).toBe('filter.refused fail');
	});

	it('names its rules by their words, the heaviest first, and those about the way apart', async () => {
		const { finding, scan } = await ask(
			await saying({
				...{ score: 7, required_score: 15, action: 'add header' },
				symbols: {
					RDNS_NONE: { score: 2, description: 'The host has no name' },
					MIME_HTML_ONLY: { score: 0.2, description: 'Message has only an HTML part' },
					PHISHING: { score: 5 },
					GOOD: { score: -0.2, description: 'All is well' },
					NOTHING: { score: 0, description: 'Counts nothing' },
				},
			}),
		);
		expect(finding.evidence).toEqual([
			'+5 PHISHING',
			'+2 RDNS_NONE: The host has no name (about the way it came)',
			'+0.2 MIME_HTML_ONLY: Message has only an HTML part',
			'-0.2 GOOD: All is well',
		]);
		expect(finding.why).toContain('2 of them are about the way the mail came');
		expect(finding.fixes).toEqual([
			{
				kind: 'setting',
				text: 'Change first what gave most points: PHISHING; Message has only an HTML part (MIME_HTML_ONLY).',
			},
		]);
		expect(scan).toMatchObject({ outcome: 'judged', action: 'add header', threshold: 15 });
	});

	it.each<[string, RequestListener]>([
		['another page', (_, response) => response.end('<!doctype html>')],
		['other JSON', (_, response) => response.end('[1]')],
		['null', (_, response) => response.end('null')],
		['403', (_, response) => response.writeHead(403).end()],
		['a redirect', (_, response) => response.writeHead(302, { location: '/' }).end()],
		[
			'that it passed over it',
			(_, response) => response.end('{"is_skipped":true,"score":0,"action":"no action"}'),
		],
		['nothing', (_, response) => response.destroy()],
		[
			'without an end',
			(_, response) => {
				const more = () => {
					while (!response.destroyed && response.write(' '.repeat(65_536)));
				};
				response.on('drain', more);
				more();
			},
		],
	])('that answers %s proves nothing', async (_, listener) => {
		const address = await answering((request, response) => {
			request.resume();
			listener(request, response);
		});
		expect(summary((await ask(address)).finding)).toBe('filter.unknown unknown');
	});

	it('that is silent ends the wait', async () => {
		const { finding } = await ask(await answering(() => undefined), 300);
		expect(finding.title).toContain('did not answer in time');
	});

	it.each(['', 'ftp://rspamd', 'http://', 'http://user:password@rspamd', 'rspamd:port'])(
		'"%s" is no address of it',
		(address) => {
			expect(() => rspamdAt(address)).toThrow('is no address of rspamd');
		},
	);
});

const REPORT = `Spam detection software, running on the system "mx",

Content preview:  Look:
   pts rule name              description
---- ---------------------- --------------------------------------------------
 9.9 FORGED_BY_THE_MAIL     The mail wrote this

Content analysis details:   (5.2 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 2.7 MISSING_DATE           Missing Date: header
 0.8 RDNS_NONE              Delivered to internal network by a host with no
                            rDNS
 1.7 HTML_IMAGE_ONLY_04     BODY: HTML: images with 0-400 bytes of words
-1.0 GOOD_ONE               It is good

`;

describe('SpamAssassin, asked about a mail', () => {
	const answering = async (answer: string, onAsked: (question: string) => void = () => undefined) =>
		await listening(
			createServer({ allowHalfOpen: true }, (socket) => {
				const pieces: Buffer[] = [];
				socket.on('data', (piece) => pieces.push(piece));
				socket.on('end', () => {
					onAsked(Buffer.concat(pieces).toString());
					socket.end(answer);
				});
			}),
		);
	const ask = async (address: string, timeoutMs?: number) => {
		const { findings, scans } = await scanMessage(MAIL, [spamAssassinAt(address, timeoutMs)]);
		return { finding: findings[0]!, scan: scans[0]!.scan };
	};

	it('gets the mail with its length, and is understood', async () => {
		let asked = '';
		const address = await answering(
			`SPAMD/1.1 0 EX_OK\r\nContent-length: ${REPORT.length}\r\nSpam: True ; 5.2 / 5.0\r\n\r\n${REPORT}`,
			(question) => {
				asked = question;
			},
		);
		const { finding, scan } = await ask(address);
		expect(asked).toBe(
			`REPORT SPAMC/1.5\r\nContent-length: ${MAIL.length}\r\nUser: nobody\r\n\r\n${MAIL.toString()}`,
		);
		expect(summary(finding)).toBe('filter.spam warning');
		expect(finding.title).toContain('5.2 points; it takes it for spam from 5 on');
		expect(finding.evidence).toEqual([
			'+2.7 MISSING_DATE: Missing Date: header',
			'+1.7 HTML_IMAGE_ONLY_04: HTML: images with 0-400 bytes of words',
			'+0.8 RDNS_NONE: Delivered to internal network by a host with no rDNS (about the way it came)',
			'-1 GOOD_ONE: It is good',
		]);
		expect(scan).toMatchObject({ outcome: 'judged', score: 5.2, threshold: 5 });
	});

	it('that thinks well of it is told as well', async () => {
		const address = await answering('SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.1 / 5.0\r\n\r\n\n');
		expect(summary((await ask(address)).finding)).toBe('filter.good pass');
	});

	it.each([
		['an error', 'SPAMD/1.0 76 Bad header line: (EX_PROTOCOL)\r\n\r\n'],
		['something else', '220 mail.example.com ESMTP\r\n'],
		['no score', 'SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\n\r\n'],
		['nothing', ''],
		['without an end', `SPAMD/1.1 0 EX_OK\r\n${'x'.repeat(2_000_000)}`],
	])('that answers %s proves nothing', async (_, answer) => {
		expect(summary((await ask(await answering(answer))).finding)).toBe('filter.unknown unknown');
	});

	it('that is silent ends the wait', async () => {
		const address = await listening(createServer(() => undefined));
		expect((await ask(address, 300)).finding.title).toContain('did not answer in time');
	});

	it('that is not there proves nothing', async () => {
		const address = await answering('');
		const [server] = servers;
		server!.close();
		await once(server!, 'close');
		expect(summary((await ask(address)).finding)).toBe('filter.unknown unknown');
	});

	it.each(['', 'http://mail', 'mail:783/x', 'a b', 'mail:99999', 'u:p@mail'])(
		'"%s" is no address of it',
		(address) => {
			expect(() => spamAssassinAt(address)).toThrow('is no address of SpamAssassin');
		},
	);
});
