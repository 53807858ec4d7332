import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkDkim } from '../../../mail/deliverability/dkim';
import { checkDmarc } from '../../../mail/deliverability/dmarc';
import { openDns } from '../../../mail/deliverability/dns';
import { checkDomain } from '../../../mail/deliverability/domain';
import type { DomainQuestion } from '../../../mail/deliverability/domain';
import type { Finding } from '../../../mail/deliverability/finding';
import { asNodeResolver } from '../../../mail/deliverability/node-resolver';
import { evaluateSpf } from '../../../mail/deliverability/spf-evaluate';
import { tempFolder } from '../../support/child-server';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';
import type { NameServer, ZoneRecord } from '../../support/zone-server';
import { adviseFile, followAdvice, toBeMended } from './follow-advice';
import { startPolicyServers } from './policy-servers';
import type { PolicyServers } from './policy-servers';
import { ZOO } from './zoo';

describeWithNameServer('a zoo of domains', () => {
	let broken: NameServer;
	let mended: NameServer;
	const found = new Map<string, Finding[]>();
	const policies = new Map<string, string>();
	let servers: PolicyServers;
	const check = (question: DomainQuestion, names: NameServer) =>
		checkDomain(
			{ ...question, fetchPolicy: servers.fetchPolicy },
			openDns({ servers: [names.address] }),
		);

	beforeAll(async () => {
		broken = await startNameServer(ZOO.flatMap(({ records }) => records));
		servers = await startPolicyServers(
			ZOO.map(({ domain }) => `mta-sts.${domain}`),
			policies,
		);
		for (const { domain, policy } of ZOO) setPolicy(policies, domain, policy);
		const published: ZoneRecord[] = [];
		for (const { domain, question, records, policy } of ZOO) {
			const findings = await check(question, broken);
			setPolicy(policies, domain, adviseFile(policy, toBeMended(findings)));
			found.set(domain, findings);
			published.push(...followAdvice(records, toBeMended(findings)));
		}
		mended = await startNameServer(published);
	}, 120_000);
	afterAll(async () => {
		await broken.stop();
		await mended.stop();
		await servers.stop();
	});

	it('has ten good domains and more than sixty with a fault', () => {
		expect(ZOO.filter(({ faults }) => faults.length === 0)).toHaveLength(10);
		expect(ZOO.filter(({ faults }) => faults.length > 0).length).toBeGreaterThanOrEqual(60);
	});

	it.each(ZOO.map((each) => [each.domain, each.faults] as const))(
		'%s: %j is named, and nothing else complained about',
		(domain, faults) => {
			const findings = found.get(domain) ?? [];
			expect(toBeMended(findings).map(({ id }) => id)).toEqual(faults);
			expect(
				findings.filter(({ status }) => status === 'unknown' && !isSelectorUnknown(domain)),
			).toEqual([]);
		},
	);

	it.each(
		ZOO.filter((each) => each.faults.length > 0 && !each.noRecord).map(
			({ domain, question }) => [domain, question] as const,
		),
	)('%s: what the advice prints, published, makes the check pass', async (_domain, question) => {
		expect(toBeMended(await check(question, mended))).toEqual([]);
	});

	it.each(ZOO.filter((each) => each.noRecord).map(({ domain }) => [domain]))(
		'%s: says in words what to do where no record mends it',
		(domain) => {
			for (const { id, fixes } of toBeMended(found.get(domain) ?? []))
				expect([id, fixes.length > 0]).toEqual([id, true]);
		},
	);
});

describeWithNameServer('SPF, evaluated', () => {
	const about = ZOO.flatMap(({ domain, spf }) =>
		spf === undefined ? [] : [[domain, spf] as const],
	);
	let server: NameServer;

	beforeAll(async () => {
		server = await startNameServer(ZOO.flatMap(({ records }) => records));
	});
	afterAll(() => server.stop());

	const evaluate = async (domain: string) => {
		const resolver = asNodeResolver(openDns({ servers: [server.address] }));
		const { result } = await evaluateSpf({
			...{ ip: '192.0.2.25', helo: domain, mailFrom: `a@${domain}` },
			resolver,
		});
		return result;
	};

	it.each(about)('%s: %s', async (domain, expected) => {
		expect(await evaluate(domain)).toBe(expected);
	});

	const hasPyspf = existsSync('/usr/lib/python3/dist-packages/spf.py');
	(hasPyspf ? it : it.skip)('of every domain as pyspf does (Debian: python3-spf)', async () => {
		const records = ZOO.flatMap((each) => each.records);
		const domains = ZOO.map(({ domain }) => domain);
		const results = execFileSync('/usr/bin/python3', [join(__dirname, 'evaluate-with-pyspf.py')], {
			input: JSON.stringify({ records, domains }),
			encoding: 'utf8',
		});
		const ours: Record<string, string> = {};
		for (const domain of domains) ours[domain] = await evaluate(domain);
		expect(JSON.parse(results)).toEqual(ours);
	});
});

describeWithNameServer('DMARC, evaluated', () => {
	let server: NameServer;
	const folder = tempFolder('smtp-suite-suffixes-');

	beforeAll(async () => {
		server = await startNameServer(ZOO.flatMap(({ records }) => records));
	});
	afterAll(async () => {
		await server.stop();
		folder.remove();
	});

	const hasOpenDmarc = existsSync('/usr/sbin/opendmarc');
	(hasOpenDmarc ? it : it.skip)(
		'as OpenDMARC does (Debian: opendmarc), but for what is explained',
		async () => {
			const mails: { domain: string; returnPath: string; signers: string[] }[] = [];
			const ours: Record<string, { policy: string | null; passes: boolean }> = {};
			for (const { domain, question } of ZOO) {
				const dns = openDns({ servers: [server.address] });
				const returnPath = question.returnPathDomain ?? domain;
				const { signingDomains: signers } = await checkDkim(
					{ domain, selectors: question.selectors ?? [] },
					dns,
				);
				const { findings, policy } = await checkDmarc(
					{ domain, returnPathDomain: returnPath, signingDomains: signers },
					dns,
				);
				const isRead = policy && !findings.some(({ id }) => id === 'dmarc.invalidPolicy');
				const fails = findings.some(({ id }) => NOT_PASSING.has(id));
				ours[domain] = {
					policy: isRead ? (policy.tags.get('p')?.toLowerCase() ?? null) : null,
					passes: isRead === true && !fails,
				};
				mails.push({ domain, returnPath, signers });
			}
			const suffixes = join(folder.path, 'suffixes.dat');
			writeFileSync(suffixes, '// what the zoo stands under\ntest\nexample\n');
			const results = execFileSync(
				'/usr/bin/python3',
				[join(__dirname, 'evaluate-with-opendmarc.py')],
				{ input: JSON.stringify({ server: server.address, suffixes, mails }), encoding: 'utf8' },
			);
			const theirs = JSON.parse(results) as typeof ours;
			for (const { domain, openDmarc } of ZOO) {
				const { because, ...otherwise } = openDmarc ?? { because: 'as ours' };
				const expected = openDmarc ? otherwise : ours[domain];
				expect([domain, because, theirs[domain]]).toEqual([domain, because, expected]);
				if (openDmarc) expect([domain, ours[domain]]).not.toEqual([domain, otherwise]);
			}
		},
		60_000,
	);
});

function setPolicy(policies: Map<string, string>, domain: string, policy?: string): void {
	if (policy !== undefined) policies.set(`mta-sts.${domain}`, policy);
}

/** Findings that say that no mail of the domain passes DMARC as it is sent. */
const NOT_PASSING = new Set(['dmarc.notAligned', 'dmarc.strictAlignment']);

/** Rows that send without a known selector. */
function isSelectorUnknown(domain: string): boolean {
	return ZOO.some((each) => each.domain === domain && each.question.selectors?.length === 0);
}
