import type { DkimKey } from '../message/dkim-key';
import { checkDkim } from './dkim';
import { checkDmarc } from './dmarc';
import type { Dns } from './dns';
import { dnsName } from './dns';
import { ALWAYS } from './finding';
import type { Finding } from './finding';
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
	const brand = await checkBrand(domain, dmarc.policy, dns);
	return [
		...unauthenticated(domain, spf, dkim.findings),
		...spf,
		...dkim.findings,
		...dmarc.findings,
		...mx,
		...bounces,
		...receiving,
		...brand,
	];
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
			fixes: [{ kind: 'setting', text: 'Do what is said below on SPF; then on DKIM.' }],
			evidence: [],
			source: 'Gmail, Yahoo, Microsoft and Apple sender guidelines',
		},
	];
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
