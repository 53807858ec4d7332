import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';

import { dnsName, openDns } from '../../../mail/deliverability/dns';
import { checkDomain } from '../../../mail/deliverability/domain';
import { deliverabilityPage, verdictChart } from '../../../mail/deliverability/report';
import { judge } from '../../../mail/deliverability/verdict';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';
import type { ZoneRecord } from '../../support/zone-server';

/** A name server that does with each question what it likes. */
async function hostileServer(react: (question: Buffer) => Buffer | undefined) {
	const socket: Socket = createSocket('udp4');
	let questions = 0;
	socket.on('message', (question, from) => {
		questions += 1;
		const answer = react(question);
		if (answer) socket.send(answer, from.port, from.address);
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	return {
		address: `127.0.0.1:${socket.address().port}`,
		questions: () => questions,
		close: () => socket.close(),
	};
}

/** The question sent back as an answer without records, with this RCODE (RFC 1035 section 4.1.1). */
function refuse(code: number) {
	return (question: Buffer) => {
		const answer = Buffer.from(question);
		answer.writeUInt16BE(0x8180 | code, 2);
		return answer;
	};
}

const quick = { timeoutMs: 200, tries: 1, totalMs: 4_000 };

describe('a name server', () => {
	it.each<[string, (question: Buffer) => Buffer | undefined]>([
		['that says nothing', () => undefined],
		['that reports a failure', refuse(2)],
		['that refuses', refuse(5)],
		['that knows no such kind', refuse(4)],
		['that sends rubbish', () => Buffer.from('rubbish')],
	])('%s makes everything unknown, and nothing a fault', async (_name, react) => {
		const server = await hostileServer(react);
		const dns = openDns({ servers: [server.address], ...quick });
		const findings = await checkDomain({ domain: 'example.test', selectors: ['s1'] }, dns);
		server.close();
		expect(findings.filter(({ status }) => status === 'fail' || status === 'warning')).toEqual([]);
		for (const profile of ['bulk', 'transactional'] as const)
			expect(judge(findings, profile).overall).toBe('unknown');
	});

	it('is asked each question once, and no more than the limit', async () => {
		const server = await hostileServer(refuse(3));
		const dns = openDns({ servers: [server.address], ...quick, maxQuestions: 20 });
		for (let n = 0; n < 50; n += 1) {
			await dns.lookUp('same.test', 'A');
			await dns.lookUp(`n${n}.test`, 'A');
		}
		expect(dns.asked).toHaveLength(20);
		expect(await dns.lookUp('more.test', 'A')).toMatchObject({ outcome: 'unknown' });
		server.close();
	});

	it('that cannot be one is told at once', () => {
		expect(() => openDns({ servers: ['no address'] })).toThrow('no list of name servers');
	});
});

describe('a name', () => {
	it.each([
		['Example.COM.', 'example.com'],
		['_dmarc.example.com', '_dmarc.example.com'],
		['bücher.example', 'xn--bcher-kva.example'],
		['', undefined],
		['a..b', undefined],
		['a b.example', undefined],
		[`${'a'.repeat(64)}.example`, undefined],
		[`${'a.'.repeat(200)}example`, undefined],
	])('%j: %j', (given, expected) => {
		expect(dnsName(given)).toBe(expected);
	});
});

describeWithNameServer('a hostile zone', () => {
	const chain = Array.from({ length: 60 }, (_, n): ZoneRecord => [
		`c${n}.chain.test`,
		'TXT',
		`v=spf1 ${Array.from({ length: 8 }, (__, m) => `include:c${n + m + 1}.chain.test`).join(' ')} ~all`,
	]);
	const giant = `v=spf1 ${Array.from({ length: 900 }, (_, n) => `ip4:192.0.2.${n % 256}`).join(' ')} ~all`;
	const evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';
	const records: ZoneRecord[] = [
		['chain.test', 'TXT', 'v=spf1 include:c0.chain.test ~all'],
		...chain,
		['ring.test', 'TXT', 'v=spf1 redirect=ring2.test'],
		['ring2.test', 'TXT', 'v=spf1 redirect=ring.test'],
		['giant.test', 'TXT', giant],
		[
			'_dmarc.giant.test',
			'TXT',
			`v=DMARC1; p=none; rua=${Array.from({ length: 300 }, (_, n) => `mailto:a${n}@r${n}.example`).join(',')}`,
		],
		['evil.test', 'TXT', `v=spf1 ${evil.replaceAll(' ', '')} ~all`],
		['_dmarc.evil.test', 'TXT', `v=DMARC1; p=${evil}; rua=mailto:${evil}`],
		['s1._domainkey.evil.test', 'TXT', `v=DKIM1; k=${evil}; p=AAAA`],
		['alias.test', 'CNAME', 'alias2.test.'],
		['alias2.test', 'CNAME', 'alias.test.'],
	];

	it('costs a bounded number of questions, and ends', async () => {
		const server = await startNameServer(records);
		try {
			for (const domain of ['chain.test', 'ring.test', 'giant.test', 'alias.test']) {
				const dns = openDns({ servers: [server.address] });
				const findings = await checkDomain({ domain, selectors: ['s1'] }, dns);
				expect(findings.length).toBeGreaterThan(0);
				expect(dns.asked.length).toBeLessThanOrEqual(300);
			}
		} finally {
			await server.stop();
		}
	}, 60_000);

	it('writes nothing of its own into the page and the picture', async () => {
		const server = await startNameServer(records);
		const dns = openDns({ servers: [server.address] });
		const findings = await checkDomain({ domain: 'evil.test', selectors: ['s1', evil] }, dns);
		await server.stop();
		const report = {
			subject: evil,
			findings,
			verdict: judge(findings, 'bulk'),
			at: 0,
			zone: 'UTC',
		};
		expect(findings.some(({ evidence }) => evidence.join('').includes('<script>'))).toBe(true);
		expect(deliverabilityPage(report)).not.toMatch(/<script|<img|onerror=alert\(1\)>/);
		expect(verdictChart(report).svg).not.toMatch(/<script|<img/);
	});
});
