import type { DkimKey } from '../message/dkim-key';
import { checkDkim } from './dkim';
import { checkDmarc } from './dmarc';
import type { Dns } from './dns';
import { dnsName } from './dns';
import { organisation } from './dns-fix';
import { ALWAYS } from './finding';
import type { Finding, Fix } from './finding';
import type { FetchPolicy } from './mta-sts-fetch';
import { checkMx } from './mx';
import { checkBrand, checkReceiving } from './receiving';
import { checkSpf } from './spf';

export interface DomainQuestion {
	/** The domain of From. */
	domain: string;
	/** The domain of the envelope sender; none: the same. */
	returnPathDomain?: string;
	/** Addresses that mail leaves from, where they are known. */
	sendingAddresses?: readonly string[];
	/** DKIM selectors, where they are known. */
	selectors?: readonly string[];
	/** The key that our nodes sign with. */
	dkimKey?: DkimKey;
	/** Fetches the domain's MTA-STS policy; without it only the DNS is asked. */
	fetchPolicy?: FetchPolicy;
}

/**
 * All that the DNS says about a sender's domain, for the receivers of its mail, and the one policy that
 * it keeps on a web server. Never rejects.
 */
export async function checkDomain(question: DomainQuestion, dns: Dns): Promise<Finding[]> {
	const domain = dnsName(question.domain);
	const returnPathDomain = dnsName(question.returnPathDomain ?? question.domain);
	for (const [given, read] of [
		[question.domain, domain],
		[question.returnPathDomain ?? '', returnPathDomain],
	] as const)
		if (!read?.includes('.')) return [noDomain(given)];
	if (domain === undefined || returnPathDomain === undefined) return [];
	const { sendingAddresses = [], selectors = [], dkimKey, fetchPolicy } = question;
	const registered = organisation(domain);
	const home = await dns.lookUp(registered, 'MX');
	if (home.outcome === 'none' && !home.nameExists) return [nowhere(domain, registered)];
	const ownReturnPath = returnPathDomain !== domain;
	const [spf, dkim, mx, bounces, receiving] = await Promise.all([
		checkSpf({ domain: returnPathDomain, addresses: sendingAddresses }, dns),
		checkDkim({ domain, selectors, ...(dkimKey && { key: dkimKey }) }, dns),
		checkMx({ domain, role: 'from' }, dns),
		ownReturnPath ? checkMx({ domain: returnPathDomain, role: 'returnPath' }, dns) : [],
		checkReceiving(domain, dns, fetchPolicy),
	]);
	const dmarc = await checkDmarc(
		{ domain, returnPathDomain, signingDomains: dkim.signingDomains },
		dns,
	);
	const brand = await checkBrand(domain, dmarc.policy, dns, replacedBy(dmarc.findings));
	const findings = [
		...unauthenticated(domain, spf, dkim.findings),
		...spf,
		...dkim.findings,
		...dmarc.findings,
		...mx,
		...bounces,
		...receiving,
		...brand,
	];
	return await Promise.all(findings.map((finding) => nameAliases(finding, dns)));
}

/** Single mails need one of SPF and DKIM; who has neither is refused by all. */
function unauthenticated(
	domain: string,
	spf: readonly Finding[],
	dkim: readonly Finding[],
): Finding[] {
	const failed = (findings: readonly Finding[]) =>
		findings.length > 0 && findings.every(({ status }) => status === 'fail');
	if (!failed(spf) || !failed(dkim)) return [];
	return [
		{
			id: 'domain.unauthenticated',
			area: 'dmarc',
			subject: domain,
			status: 'fail',
			title: `Mail of ${domain} can show neither SPF nor DKIM.`,
			why: 'Gmail, Yahoo, Microsoft and Apple refuse such mail or file it as junk, single mails too.',
			requiredBy: ALWAYS,
			fixes: [{ kind: 'setting', text: 'Mend SPF first, then DKIM: each of them says how.' }],
			evidence: [],
			source: 'Gmail, Yahoo, Microsoft and Apple sender guidelines',
		},
	];
}

/** The record that is advised in the place of the one that is there. */
function replacedBy(findings: readonly Finding[]): string | undefined {
	return findings
		.flatMap(({ fixes }) => fixes)
		.flatMap((fix) => (fix.kind === 'dns' && fix.action === 'replace' ? [fix.value] : []))[0];
}

/**
 * Where a name is an alias (CNAME), no record can stand beside it: it is to be changed where it leads, by
 * whoever runs that, or the alias has to go.
 */
async function nameAliases(finding: Finding, dns: Dns): Promise<Finding> {
	const fixes = await Promise.all(
		finding.fixes.map(async (fix): Promise<Fix> => {
			if (fix.kind !== 'dns' || fix.type !== 'TXT') return fix;
			const alias = await dns.lookUp(fix.name, 'CNAME');
			const [target] = alias.outcome === 'records' ? alias.records : [];
			if (target === undefined) return fix;
			const note = `${fix.name} is an alias (CNAME) of ${target}: the record has to change there, by whoever runs it. To keep it yourself, delete the alias and publish the record in its place.`;
			return { ...fix, note: fix.note === undefined ? note : `${note} ${fix.note}` };
		}),
	);
	return { ...finding, fixes };
}

function nowhere(domain: string, registered: string): Finding {
	return {
		id: 'domain.notFound',
		area: 'mx',
		subject: domain,
		status: 'fail',
		title: `${registered} is not in the DNS: there is no such domain.`,
		why: 'Receivers refuse mail from a domain that does not exist.',
		requiredBy: ALWAYS,
		fixes: [
			{
				kind: 'setting',
				text: `Look whether ${registered} is spelt right. If you have just registered it, wait until it is in the DNS, which takes hours.`,
			},
		],
		evidence: [],
		source: 'RFC 5321 section 2.3.5',
	};
}

function noDomain(given: string): Finding {
	return {
		id: 'domain.invalid',
		area: 'mx',
		subject: given.slice(0, 200),
		status: 'fail',
		title: `"${given.slice(0, 200)}" is no domain.`,
		why: 'Nothing can be looked up for it.',
		requiredBy: ALWAYS,
		fixes: [
			{ kind: 'setting', text: 'Give the part behind the @ of the sender, such as example.com.' },
		],
		evidence: [],
		source: 'RFC 1035 section 2.3.1',
	};
}
