import { openDns } from '../../../mail/deliverability/dns';
import { checkDomain } from '../../../mail/deliverability/domain';
import type { Finding } from '../../../mail/deliverability/finding';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';
import type { NameServer, ZoneRecord } from '../../support/zone-server';
import { followAdvice, toBeMended } from './follow-advice';
import { MESSY } from './messy';

describeWithNameServer('domains as one meets them', () => {
	let met: NameServer;
	let mended: NameServer;
	const found = new Map<string, Finding[]>();

	beforeAll(async () => {
		met = await startNameServer(MESSY.flatMap(({ records }) => records));
		const published: ZoneRecord[] = [];
		for (const { domain, question, records } of MESSY) {
			const findings = await checkDomain(question, openDns({ servers: [met.address] }));
			found.set(domain, findings);
			published.push(...followAdvice(records, toBeMended(findings)));
		}
		mended = await startNameServer(published);
	}, 120_000);
	afterAll(async () => {
		await met.stop();
		await mended.stop();
	});

	it.each(MESSY.map((each) => [each.domain, each.told] as const))('%s: %j', (domain, told) => {
		const findings = found.get(domain) ?? [];
		expect(
			findings.filter(({ status }) => status !== 'pass').map(({ status, id }) => `${status} ${id}`),
		).toEqual(told);
		for (const { id, fixes } of toBeMended(findings))
			expect([id, fixes.length > 0]).toEqual([id, true]);
	});

	it.each(
		MESSY.filter(({ advice }) => advice.length > 0).map(
			(each) => [each.domain, each.advice] as const,
		),
	)('%s: what is advised loses nothing of what was there: %j', (domain, advice) => {
		const advised = toBeMended(found.get(domain) ?? [])
			.flatMap(({ fixes }) => fixes)
			.flatMap((fix) => (fix.kind === 'dns' && fix.action !== 'delete' ? [fix.value] : []));
		expect([...new Set(advised)]).toEqual(advice);
	});

	it.each(MESSY.map((each) => [each.domain, each.stays, each.question] as const))(
		'%s: all advice followed at once leaves %j',
		async (_domain, stays, question) => {
			const findings = await checkDomain(question, openDns({ servers: [mended.address] }));
			expect(toBeMended(findings).map(({ id }) => id)).toEqual(stays);
		},
	);

	it('a domain that is not in the DNS is told so, and nothing else', async () => {
		const findings = await checkDomain(
			{ domain: 'news.no-such-domain.test' },
			openDns({ servers: [met.address] }),
		);
		expect(findings.map(({ id }) => id)).toEqual(['domain.notFound']);
	});
});
