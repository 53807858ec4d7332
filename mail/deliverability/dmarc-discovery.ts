import type { Dns } from './dns';
import { organisation } from './dns-fix';
import { readTagList } from '../message/tag-list';
import type { TagList } from '../message/tag-list';

/** What stands at one `_dmarc.` name. */
export type DmarcAtName =
	| { found: 'record'; domain: string; text: string; tags: TagList }
	/** Several records count as none (RFC 9989 section 4.7). */
	| { found: 'several'; domain: string; texts: string[] }
	| { found: 'none'; domain: string; others: string[] }
	| { found: 'unknown'; domain: string; reason: string };

export type DmarcRecord = Extract<DmarcAtName, { found: 'record' }>;

export interface DmarcDiscovery {
	/** What stands at the domain itself. */
	own: DmarcAtName;
	/** The record whose policy counts: the domain's, else that of its organisational domain. */
	policy?: DmarcRecord;
	/** The organisational domain by the tree walk (RFC 9989 section 4.10). */
	organisation: string;
	/** The record that readers of the old RFC 7489 take, who go by the Public Suffix List. */
	oldPolicy?: DmarcRecord;
	oldOrganisation: string;
	/** What the DNS did not answer. */
	unanswered: string[];
}

/** RFC 9989 section 4.10: of a longer name, the last seven labels are where the walk goes on. */
const MAX_QUERIES = 8;

/** Finds the DMARC record for a From domain as RFC 9989 says, and as RFC 7489 said. */
export async function discoverDmarc(domain: string, dns: Dns): Promise<DmarcDiscovery> {
	const seen = new Map<string, DmarcAtName>();
	const read = async (name: string): Promise<DmarcAtName> => {
		const known = seen.get(name) ?? (await readDmarcAt(name, dns));
		seen.set(name, known);
		return known;
	};
	const own = await read(domain);
	const walked: DmarcRecord[] = [];
	for (const name of namesOfWalk(domain)) {
		const here = await read(name);
		if (here.found !== 'record') continue;
		walked.push(here);
		// psd=n: this is the organisational domain; psd=y: the one below it is.
		const psd = here.tags.get('psd');
		if (psd === 'n' || (psd === 'y' && name !== domain)) break;
	}
	const organisationalDomain = organisationOf(domain, walked);
	const oldOrganisation = organisation(domain);
	const policy = policyOf(own, walked, organisationalDomain);
	const oldOwn = own.found === 'record' ? own : await read(oldOrganisation);
	return {
		own,
		...(policy && { policy }),
		organisation: organisationalDomain,
		...(oldOwn.found === 'record' && { oldPolicy: oldOwn }),
		oldOrganisation,
		unanswered: [...seen.values()].flatMap((each) =>
			each.found === 'unknown' ? [`TXT _dmarc.${each.domain}: ${each.reason}`] : [],
		),
	};
}

export async function readDmarcAt(domain: string, dns: Dns): Promise<DmarcAtName> {
	const answer = await dns.lookUp(`_dmarc.${domain}`, 'TXT');
	if (answer.outcome === 'unknown') return { found: 'unknown', domain, reason: answer.reason };
	const texts = answer.outcome === 'records' ? answer.records.map(({ text }) => text) : [];
	const records = texts.filter(isDmarcRecord);
	const [text, ...more] = records;
	if (text === undefined) return { found: 'none', domain, others: texts };
	if (more.length > 0) return { found: 'several', domain, texts: records };
	return { found: 'record', domain, text, tags: readTagList(text) };
}

/** `v=DMARC1` must stand first, with these capitals (RFC 9989 section 4.7). */
export function isDmarcRecord(text: string): boolean {
	return /^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text);
}

/** The domain, then its parents: of a name with more than eight labels, the last seven and on. */
function namesOfWalk(domain: string): string[] {
	const labels = domain.split('.');
	const names = [domain];
	let from = labels.length > MAX_QUERIES ? labels.length - (MAX_QUERIES - 1) : 1;
	for (; from < labels.length && names.length < MAX_QUERIES; from += 1)
		names.push(labels.slice(from).join('.'));
	return names;
}

/** RFC 9989 section 4.10.2. */
function organisationOf(domain: string, walked: readonly DmarcRecord[]): string {
	const own = walked.find(({ tags }) => tags.get('psd') === 'n');
	if (own) return own.domain;
	const suffix = walked.find(
		(record) => record.tags.get('psd') === 'y' && record.domain !== domain,
	);
	if (suffix) {
		const labels = domain.split('.');
		const depth = suffix.domain.split('.').length + 1;
		return labels.slice(-depth).join('.');
	}
	return walked.at(-1)?.domain ?? domain;
}

/** RFC 9989 section 4.10.1: the domain's own record, else the organisational domain's, else the suffix's. */
function policyOf(
	own: DmarcAtName,
	walked: readonly DmarcRecord[],
	organisationalDomain: string,
): DmarcRecord | undefined {
	if (own.found === 'record') return own;
	return (
		walked.find(({ domain }) => domain === organisationalDomain) ??
		walked.find(({ tags }) => tags.get('psd') === 'y')
	);
}
