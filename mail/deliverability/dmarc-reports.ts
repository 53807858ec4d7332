import { isDmarcRecord } from './dmarc-discovery';
import type { DmarcRecord } from './dmarc-discovery';
import type { Dns } from './dns';
import { dnsName } from './dns';
import { dnsFix, organisation } from './dns-fix';
import { BY_NONE } from './finding';
import type { Finding, Fix } from './finding';

const FIELD = { area: 'dmarc', fixes: [], evidence: [], requiredBy: BY_NONE } as const;
/** RFC 9989 section 4.7: receivers need not serve more. */
const SERVED_ADDRESSES = 2;
const LOOKED_AT = 6;

/**
 * Do the reports of a DMARC record reach somebody (RFC 9990 section 4)?
 *
 * @param replacement the record as it should be
 */
export async function checkReportAddresses(
	policy: DmarcRecord,
	dns: Dns,
	replacement: readonly Fix[],
): Promise<Finding[]> {
	const name = `_dmarc.${policy.domain}`;
	const { text } = policy;
	const rua = policy.tags.get('rua');
	const base = { ...FIELD, subject: name, evidence: [text], source: 'RFC 9990 section 4' } as const;
	if (rua === undefined)
		return [
			{
				...base,
				id: 'dmarc.noReports',
				status: 'warning',
				title: `The DMARC record of ${policy.domain} asks nobody for reports (rua).`,
				why: 'Without reports you do not see who sends in your name, nor whether your own mail passes.',
				fixes: replacement.map((fix) => ({
					...fix,
					note: 'Put in the mailbox that is to get the reports.',
				})),
			},
		];
	const { uris, domains, bad } = readReportAddresses(rua);
	if (bad.length > 0)
		return [
			{
				...base,
				id: 'dmarc.badReportAddress',
				status: 'warning',
				title: `Reports of ${policy.domain} go nowhere: ${bad.map((uri) => `"${uri.slice(0, 80)}"`).join(', ')} is no "mailto:" address.`,
				why: 'Receivers send no reports there.',
				fixes: [...replacement],
			},
		];
	const findings: Finding[] = [];
	if (uris.length > SERVED_ADDRESSES)
		findings.push({
			...base,
			id: 'dmarc.manyReportAddresses',
			status: 'info',
			title: `The DMARC record of ${policy.domain} names ${uris.length} addresses for reports; receivers need only serve two.`,
			why: 'Those after the second may get none.',
		});
	for (const domain of domains)
		if (organisation(domain) !== organisation(policy.domain))
			findings.push(...(await checkConsent(policy, domain, dns)));
	return findings;
}

/** Reports to another organisation need its consent, published in its DNS. */
async function checkConsent(policy: DmarcRecord, target: string, dns: Dns): Promise<Finding[]> {
	const consent = `${policy.domain}._report._dmarc.${target}`;
	const answer = await dns.lookUp(consent, 'TXT');
	if (answer.outcome === 'unknown') return [];
	if (answer.outcome === 'records' && answer.records.some((record) => isDmarcRecord(record.text)))
		return [];
	return [
		{
			...FIELD,
			id: 'dmarc.reportsNotAuthorized',
			subject: target,
			status: 'warning',
			title: `${target} has not agreed to get the DMARC reports of ${policy.domain}, so receivers send none there.`,
			why: 'A stranger could otherwise flood a mailbox with reports.',
			fixes: [
				dnsFix(consent, {
					action: 'publish',
					type: 'TXT',
					value: 'v=DMARC1',
					note: `For whoever runs the DNS of ${target}; a report service does it by itself for its customers. Or name an address of ${policy.domain} in its place.`,
				}),
			],
			evidence: [policy.text],
			source: 'RFC 9990 section 4',
		},
	];
}

export interface ReportAddresses {
	uris: string[];
	/** Where the first of them lead. */
	domains: string[];
	/** Those that nobody can read. */
	bad: string[];
	/** All as they should be written, as far as one can tell. */
	readable: string[];
}

/** The value of `rua`: `mailto:` addresses, separated by commas. */
export function readReportAddresses(rua: string): ReportAddresses {
	const uris = rua
		.split(',')
		.map((uri) => uri.trim())
		.filter((uri) => uri !== '');
	const read = uris.slice(0, LOOKED_AT).map((uri) => ({ uri, domain: domainOf(uri) }));
	return {
		uris,
		domains: [...new Set(read.flatMap(({ domain }) => (domain === undefined ? [] : [domain])))],
		bad: read.filter(({ domain }) => domain === undefined).map(({ uri }) => uri),
		readable: uris.flatMap((uri) => (domainOf(uri) === undefined ? addressIn(uri) : [uri])),
	};
}

/** The domain of a `mailto:` URI; a size limit (`!10m`) may follow. */
function domainOf(uri: string): string | undefined {
	const found = /^mailto:[^@\s!?]+@([^@\s!?]+)(?:![0-9]+[kmgt]?)?(?:\?.*)?$/i.exec(uri);
	return found?.[1] === undefined ? undefined : dnsName(found[1]);
}

/** A bare address, as it should have been written. */
function addressIn(uri: string): string[] {
	const found = /[^\s:@,]+@[^\s:@,!]+/.exec(uri.slice(0, 400));
	return found && domainOf(`mailto:${found[0]}`) !== undefined ? [`mailto:${found[0]}`] : [];
}
