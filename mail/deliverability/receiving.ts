/*
 * Records about mail that comes to the domain: nobody refuses mail of a sender for the lack of them, so
 * they are told as worth knowing. Published and broken they can lose bounces and answers.
 */
import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import type { DmarcRecord } from './dmarc-discovery';
import { BY_NONE } from './finding';
import type { Finding } from './finding';
import { checkMtaSts } from './mta-sts';
import type { FetchPolicy } from './mta-sts-fetch';
import { readTagList } from '../message/tag-list';

const FIELD = { fixes: [], evidence: [], requiredBy: BY_NONE } as const;

/** MTA-STS (RFC 8461), TLS reports (RFC 8460) and TLSA (RFC 7672). */
export async function checkReceiving(
	domain: string,
	dns: Dns,
	fetchPolicy?: FetchPolicy,
): Promise<Finding[]> {
	const findings = await Promise.all([
		checkMtaSts(domain, dns, fetchPolicy),
		checkTlsReports(domain, dns),
		checkTlsa(domain, dns),
	]);
	return findings.flat();
}

async function checkTlsReports(domain: string, dns: Dns): Promise<Finding[]> {
	const name = `_smtp._tls.${domain}`;
	const answer = await dns.lookUp(name, 'TXT');
	if (answer.outcome !== 'records') return [];
	// A TXT record for all names of the domain (*) stands here too, and is none of these.
	const texts = answer.records.map(({ text }) => text).filter((text) => /tls-?rpt/i.test(text));
	if (texts.length === 0) return [];
	const right = texts.filter(isTlsReportRecord);
	if (right.length === 1 && texts.length === 1) return [];
	const [keep = `v=TLSRPTv1; rua=mailto:postmaster@${domain}`] = right;
	return [
		{
			...FIELD,
			area: 'receiving',
			id: 'receiving.tlsReportsBroken',
			subject: name,
			status: 'warning',
			title:
				texts.length > 1
					? `There are ${texts.length} records for reports on TLS at ${name}, so senders ignore them all.`
					: `The record for reports on TLS at ${name} cannot be read.`,
			why: 'Nobody sends you such reports.',
			fixes:
				right.length > 0
					? texts
							.toSpliced(texts.indexOf(keep), 1)
							.map((value) => dnsFix(name, { action: 'delete', type: 'TXT', value }))
					: [
							dnsFix(name, {
								action: 'replace',
								type: 'TXT',
								value: keep,
								oldValue: texts[0] ?? '',
							}),
							...texts
								.slice(1)
								.map((value) => dnsFix(name, { action: 'delete', type: 'TXT', value })),
						],
			evidence: texts,
			source: 'RFC 8460 section 3',
		},
	];
}

/** RFC 8460 section 3: one address or several, by mail or https. */
function isTlsReportRecord(text: string): boolean {
	const uris = (readTagList(text).get('rua') ?? '').split(',');
	return (
		/^v=TLSRPTv1\s*;/.test(text) &&
		uris.every((uri) => /^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/i.test(uri.trim()))
	);
}

/** RFC 7672 section 3.1: usages 0 and 1 mean nothing to mail servers. */
async function checkTlsa(domain: string, dns: Dns): Promise<Finding[]> {
	const exchangers = await dns.lookUp(domain, 'MX');
	if (exchangers.outcome !== 'records') return [];
	const findings: Finding[] = [];
	for (const { exchange } of exchangers.records.slice(0, 5)) {
		if (exchange === '') continue;
		const name = `_25._tcp.${exchange}`;
		const answer = await dns.lookUp(name, 'TLSA');
		if (answer.outcome !== 'records') continue;
		const lines = answer.records.map(
			({ usage, selector, matching, data }) => `${usage} ${selector} ${matching} ${data}`,
		);
		if (answer.records.every(({ usage }) => usage < 2))
			findings.push({
				...FIELD,
				area: 'receiving',
				id: 'receiving.tlsaUsage',
				subject: name,
				status: 'warning',
				title: `The TLSA records of ${exchange} are of kinds that mail servers do not use (0 and 1).`,
				why: 'Servers that check them may hold back answers and bounces.',
				fixes: answer.records.map(({ selector, matching, data }, index) =>
					dnsFix(name, {
						action: 'replace',
						type: 'TLSA',
						value: `3 ${selector} ${matching} ${data}`,
						oldValue: lines[index] ?? '',
					}),
				),
				evidence: lines,
				source: 'RFC 7672 section 3.1.3',
			});
	}
	return findings;
}

/**
 * A logo beside the mail (BIMI): told, and told why it would not be shown.
 *
 * @param advised the DMARC record that was advised in the place of the policy's
 */
export async function checkBrand(
	domain: string,
	policy: DmarcRecord | undefined,
	dns: Dns,
	advised?: string,
): Promise<Finding[]> {
	const name = `default._bimi.${domain}`;
	const answer = await dns.lookUp(name, 'TXT');
	if (answer.outcome !== 'records') return [];
	const texts = answer.records.map(({ text }) => text).filter((text) => /bimi/i.test(text));
	if (texts.length === 0) return [];
	const record = texts.find((text) => /^v=BIMI1\s*;/.test(text));
	const base = {
		...FIELD,
		area: 'brand',
		subject: name,
		evidence: texts,
		source: 'BIMI (draft-brand-indicators-for-message-identification)',
	} as const;
	const tags = record === undefined ? undefined : readTagList(record);
	const logo = tags?.get('l');
	const isPicture = logo !== undefined && /\.(?:png|jpe?g|gif|webp)$/i.test(logo);
	if (logo === undefined || isPicture || (logo !== '' && !/^https:\/\/\S+$/.test(logo)))
		return [
			{
				...base,
				id: 'brand.broken',
				status: 'warning',
				title: isPicture
					? `The logo in the BIMI record at ${name} is no SVG picture: ${logo.slice(0, 200)}.`
					: `The BIMI record at ${name} cannot be read: it needs "v=BIMI1;" first and an https address after "l=".`,
				why: 'Your logo is not shown.',
				fixes: [
					{
						kind: 'setting',
						text: isPicture
							? 'Have the logo made as SVG (the kind is called SVG Tiny PS), and name this file after "l=".'
							: 'Publish the record that your logo service shows, or take it away.',
					},
				],
			},
		];
	const current = advised ?? policy?.text ?? '';
	const strength = policy?.tags.get('p')?.toLowerCase();
	if (logo !== '' && strength !== 'quarantine' && strength !== 'reject')
		return [
			{
				...base,
				id: 'brand.weakPolicy',
				status: 'warning',
				title: `The logo of ${domain} is not shown: BIMI needs a DMARC policy of "quarantine" or "reject".`,
				why: 'Gmail, Yahoo and Apple show logos only where nobody else can send in your name.',
				fixes: policy
					? [
							dnsFix(`_dmarc.${policy.domain}`, {
								action: 'replace',
								type: 'TXT',
								value: current.replace(/\bp\s*=\s*none\b/i, 'p=quarantine'),
								oldValue: current,
								note: 'Only when the reports show that all your mail passes.',
							}),
						]
					: [],
			},
		];
	const hasCertificate = (tags?.get('a') ?? '') !== '';
	return [
		{
			...base,
			id: 'brand.announced',
			status: 'info',
			title: `${domain} announces a logo (BIMI)${hasCertificate ? '' : ', without a certificate for it'}.`,
			why: `Gmail and Apple show it only with a certificate (VMC or CMC)${hasCertificate ? '' : ', which the record would name after "a="'}. The logo itself is not looked at here.`,
		},
	];
}
