import { discoverDmarc, isDmarcRecord } from './dmarc-discovery';
import type { DmarcAtName, DmarcDiscovery, DmarcRecord } from './dmarc-discovery';
import {
	isPolicy,
	isRemovedTag,
	isUnreadable,
	mendMisspelt,
	mendRecord,
	simpleRecord,
	strength,
} from './dmarc-repair';
import { checkReportAddresses } from './dmarc-reports';
import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import { BY_NONE, FOR_BULK } from './finding';
import type { Finding, Fix } from './finding';
import { findingMaker } from './finding-maker';
import { readTagList } from '../message/tag-list';

export interface DmarcSubject {
	/** The domain of From. */
	domain: string;
	/** The domain of the envelope sender. */
	returnPathDomain: string;
	/** The domains that sign (DKIM `d=`), as far as they are known. */
	signingDomains: readonly string[];
}

const FIELD = { area: 'dmarc', fixes: [], evidence: [] } as const;

export interface DmarcCheck {
	findings: Finding[];
	/** The record whose policy counts for the domain. */
	policy?: DmarcRecord;
}

/** Has the From domain a DMARC policy, and does it say what its owner means (RFC 9989)? */
export async function checkDmarc(subject: DmarcSubject, dns: Dns): Promise<DmarcCheck> {
	const discovery = await discoverDmarc(subject.domain, dns);
	const { policy } = discovery;
	return { findings: await findingsOf(subject, discovery, dns), ...(policy && { policy }) };
}

async function findingsOf(
	subject: DmarcSubject,
	discovery: DmarcDiscovery,
	dns: Dns,
): Promise<Finding[]> {
	const { own, policy } = discovery;
	if (own.found === 'several') return [severalRecords(own)];
	if (!policy) {
		if (discovery.unanswered.length > 0) return [unanswered(subject.domain, discovery)];
		return [(await misplaced(subject.domain, own, dns)) ?? missing(subject.domain)];
	}
	const alignment = [...alignmentFindings(subject, discovery, policy)];
	const isTooStrict = alignment.some(({ id }) => id === TOO_STRICT);
	const mended = mendRecord(policy, isTooStrict);
	const name = await dns.lookUp(subject.domain, 'TXT');
	const isNowhere = name.outcome === 'none' && !name.nameExists;
	const findings = [
		...policyFindings(subject.domain, policy, mended, isNowhere),
		...alignment.map((finding) =>
			finding.id === TOO_STRICT ? { ...finding, fixes: replacement(policy, mended) } : finding,
		),
		...readersDiffer(subject.domain, discovery),
		...(await checkReportAddresses(policy, dns, replacement(policy, mended))),
	];
	const isMarred = findings.some(({ status }) => status === 'warning' || status === 'fail');
	return isMarred ? findings : [sound(subject.domain, policy), ...findings];
}

const TOO_STRICT = 'dmarc.strictAlignment';

function replacement(policy: DmarcRecord, value: string): Fix[] {
	const { text: oldValue, domain } = policy;
	return [dnsFix(`_dmarc.${domain}`, { action: 'replace', type: 'TXT', value, oldValue })];
}

function severalRecords(own: Extract<DmarcAtName, { found: 'several' }>): Finding {
	const name = `_dmarc.${own.domain}`;
	const [strictest = '', ...rest] = own.texts.toSorted(
		(one, other) => strength(policyIn(other)) - strength(policyIn(one)),
	);
	return {
		...FIELD,
		id: 'dmarc.severalRecords',
		subject: name,
		status: 'fail',
		title: `${name} has ${own.texts.length} DMARC records, so receivers ignore them all.`,
		why: 'It is as if the domain had no DMARC; large receivers then refuse mail to many.',
		requiredBy: FOR_BULK,
		fixes: rest.map((value) => dnsFix(name, { action: 'delete', type: 'TXT', value })),
		evidence: [strictest, ...rest],
		source: 'RFC 9989 section 4.7',
	};
}

function policyIn(text: string): string | undefined {
	return readTagList(text).get('p');
}

function missing(domain: string): Finding {
	return {
		...FIELD,
		id: 'dmarc.missing',
		subject: `_dmarc.${domain}`,
		status: 'fail',
		title: `${domain} has no DMARC record.`,
		why: 'Gmail, Yahoo, Microsoft and Apple want one from everybody who sends to many; "p=none" is enough for them.',
		requiredBy: FOR_BULK,
		fixes: [
			dnsFix(`_dmarc.${domain}`, {
				action: 'publish',
				type: 'TXT',
				value: simpleRecord(domain),
				note: 'Put in the mailbox that is to get the reports.',
			}),
		],
		source: 'RFC 9989; Gmail, Yahoo, Microsoft and Apple sender guidelines',
	};
}

/** No record where readers look, but one that was meant for there. */
async function misplaced(domain: string, own: DmarcAtName, dns: Dns): Promise<Finding | undefined> {
	const name = `_dmarc.${domain}`;
	const base = {
		...FIELD,
		subject: name,
		status: 'fail',
		why: 'It is as if the domain had no DMARC; large receivers then refuse mail to many.',
		requiredBy: FOR_BULK,
	} as const;
	const misspelt = own.found === 'none' ? own.others.find(isAlmostDmarc) : undefined;
	if (misspelt !== undefined)
		return {
			...base,
			id: 'dmarc.misspelt',
			title: `The record at ${name} does not begin with "v=DMARC1;", with this semicolon, so nobody reads it.`,
			fixes: [
				dnsFix(name, {
					action: 'replace',
					type: 'TXT',
					value: mendMisspelt(misspelt, domain),
					oldValue: misspelt,
				}),
			],
			evidence: [misspelt],
			source: 'RFC 9989 section 4.7',
		};
	for (const place of [
		domain,
		`_dmarc._dmarc.${domain}`,
		`_dmarc.${domain}.${domain}`,
		`dmarc.${domain}`,
	]) {
		const answer = await dns.lookUp(place, 'TXT');
		if (answer.outcome !== 'records') continue;
		const record = answer.records.find(({ text }) => isDmarcRecord(text))?.text;
		if (record === undefined) continue;
		return {
			...base,
			id: 'dmarc.wrongPlace',
			title: `${domain} has a DMARC record at the wrong place: at ${place}, where nobody looks.`,
			fixes: [
				dnsFix(name, {
					action: 'publish',
					type: 'TXT',
					value: record,
					note: `Delete the one at ${place}. Many DNS panels add the domain to what you type as the name.`,
				}),
			],
			evidence: [`${place} TXT ${record}`],
			source: 'RFC 9989 section 4.7',
		};
	}
	return undefined;
}

function isAlmostDmarc(text: string): boolean {
	return (
		/v\s*=\s*"?dmarc\s*1?/i.test(text.slice(0, 60)) ||
		/^\s*p\s*=\s*(?:none|quarantine|reject)/i.test(text.slice(0, 60))
	);
}

/**
 * @param mended the record as it should be
 * @param isNowhere the domain is not in the DNS at all: `np` is for such ones
 */
function* policyFindings(
	domain: string,
	policy: DmarcRecord,
	mended: string,
	isNowhere: boolean,
): Generator<Finding> {
	const { tags, text } = policy;
	const name = `_dmarc.${policy.domain}`;
	const own = policy.domain === domain;
	const make = findingMaker({
		area: 'dmarc',
		subject: name,
		requiredBy: FOR_BULK,
		source: 'RFC 9989 section 4.7',
	});
	const find = (
		id: string,
		status: Finding['status'],
		title: string,
		why: string,
		note?: string,
		more: Partial<Pick<Finding, 'source'>> = {},
	): Finding => {
		const fix = dnsFix(name, {
			action: 'replace',
			type: 'TXT',
			value: mended,
			oldValue: text,
			...(note !== undefined && { note }),
		});
		return make(id, status, title, why, {
			fixes: status === 'info' ? [] : [fix],
			evidence: [text],
			...more,
		});
	};
	const p = tags.get('p')?.toLowerCase();
	if (!isPolicy(p)) {
		const hasReports = tags.get('rua') !== undefined;
		yield find(
			'dmarc.invalidPolicy',
			hasReports ? 'warning' : 'fail',
			p === undefined
				? `The DMARC record of ${policy.domain} names no policy (p=).`
				: `The DMARC record of ${policy.domain} names a policy that does not exist: p=${p.slice(0, 40)}.`,
			hasReports
				? 'Receivers take it for "p=none", if they take it at all.'
				: 'Receivers take it for no DMARC record; large ones then refuse mail to many.',
		);
		return;
	}
	const unreadable = [
		...tags.mistakes,
		...tags.tags.filter(isUnreadable).map((tag) => `${tag.name}=${tag.value}`),
	];
	if (unreadable.length > 0)
		yield find(
			'dmarc.syntax',
			'warning',
			`The DMARC record of ${policy.domain} has parts that nobody can read: ${unreadable.map((part) => `"${part.slice(0, 60)}"`).join(', ')}.`,
			'Receivers skip them, or the whole record.',
		);
	if (!own) {
		const existing = tags.get('sp')?.toLowerCase() ?? p;
		const subPolicy = isNowhere ? (tags.get('np')?.toLowerCase() ?? existing) : existing;
		yield find(
			'dmarc.inherited',
			'info',
			`${domain} has no DMARC record of its own; that of ${policy.domain} counts, with the policy "${subPolicy}".`,
			'That is enough for all receivers.',
			undefined,
			{ source: 'RFC 9989 section 4.10.1' },
		);
	}
	for (const tag of ['sp', 'np'] as const) {
		const value = tags.get(tag)?.toLowerCase();
		if (value === undefined) continue;
		if (!isPolicy(value))
			yield find(
				'dmarc.invalidSubdomainPolicy',
				'warning',
				`The DMARC record of ${policy.domain} names a policy that does not exist: ${tag}=${value.slice(0, 40)}.`,
				'Receivers skip it, or the whole record.',
			);
		else if (strength(value) < strength(p))
			yield find(
				'dmarc.subdomainWeaker',
				value === 'none' ? 'warning' : 'info',
				`The DMARC record of ${policy.domain} protects ${SUBDOMAINS[tag]} less than itself (p=${p}, ${tag}=${value}).`,
				'Forgers can use one of them in place of the domain.',
				'Only when the reports show that the mail of your subdomains passes as well.',
			);
	}
	const removed = tags.tags.filter(isRemovedTag);
	if (removed.length > 0)
		yield find(
			'dmarc.removedTags',
			'info',
			`The DMARC record of ${policy.domain} holds what the standard no longer knows: ${removed.map((tag) => `${tag.name}=${tag.value.slice(0, 40)}`).join(', ')}.`,
			'New readers skip it; old ones may still apply the policy to a part of the mail ("pct"). "t=y" says today that you are testing.',
			undefined,
			{ source: 'RFC 9989 section 4.7 and appendix C' },
		);
	if (tags.get('t')?.toLowerCase() === 'y')
		yield find(
			'dmarc.testing',
			'info',
			`The DMARC record of ${policy.domain} says that it is a test (t=y).`,
			'Receivers apply the policy one step down.',
		);
	if (tags.get('psd')?.toLowerCase() === 'y')
		yield find(
			'dmarc.publicSuffix',
			'warning',
			`The DMARC record of ${policy.domain} says that it is a public suffix (psd=y).`,
			'That is meant for registries. Each name below then counts as an organisation of its own, and nothing aligns with it.',
		);
	if (p === 'none')
		yield find(
			'dmarc.policyNone',
			'info',
			`The DMARC policy of ${policy.domain} is "none": receivers only report.`,
			'All large receivers accept that. Raise it to "quarantine" when the reports show that all your mail passes.',
		);
}

const SUBDOMAINS = { sp: 'its subdomains', np: 'subdomains that do not exist' } as const;

/** Can mail of this sender pass at all: is the return path or a signature of the same organisation? */
function* alignmentFindings(
	subject: DmarcSubject,
	discovery: DmarcDiscovery,
	policy: DmarcRecord,
): Generator<Finding> {
	const { domain, returnPathDomain, signingDomains } = subject;
	const strict = (tag: string) => policy.tags.get(tag)?.toLowerCase() === 's';
	const aligned = (other: string, isStrict: boolean) =>
		other === domain ||
		(!isStrict &&
			(other === discovery.organisation || other.endsWith(`.${discovery.organisation}`)));
	const spf = aligned(returnPathDomain, strict('aspf'));
	const dkim = signingDomains.some((signer) => aligned(signer, strict('adkim')));
	if (spf || dkim) return;
	const isStrictAtFault =
		(strict('aspf') && aligned(returnPathDomain, false)) ||
		(strict('adkim') && signingDomains.some((signer) => aligned(signer, false)));
	const onlySpf = signingDomains.length === 0;
	const evidence = [
		`From: ${domain}`,
		`return path: ${returnPathDomain}`,
		...signingDomains.map((signer) => `DKIM d=${signer}`),
		policy.text,
	];
	if (isStrictAtFault) {
		yield {
			...FIELD,
			id: TOO_STRICT,
			subject: domain,
			status: 'fail',
			title: `The DMARC record of ${policy.domain} wants exactly the same domain (${['aspf', 'adkim'].filter(strict).join(', ')} = s), and mail of ${domain} uses a neighbour.`,
			why: 'DMARC fails for all of this mail, though it is yours.',
			requiredBy: FOR_BULK,
			fixes: [],
			evidence,
			source: 'RFC 9989 section 4.4',
		};
		return;
	}
	yield {
		...FIELD,
		id: 'dmarc.notAligned',
		subject: domain,
		status: onlySpf ? 'warning' : 'fail',
		title: `Mail of ${domain} comes back to ${returnPathDomain}${onlySpf ? '' : ` and is signed by ${signingDomains.join(', ')}`}, which is another organisation.`,
		why: onlySpf
			? 'SPF then does not count for DMARC: only a DKIM signature of your own domain makes it pass.'
			: 'Neither SPF nor DKIM counts for DMARC, so it fails.',
		requiredBy: onlySpf ? BY_NONE : FOR_BULK,
		fixes: [
			{
				kind: 'setting',
				text: `Let your mail service sign with a key of ${domain}, or use a return path below ${discovery.organisation} (often called a custom return path or MAIL FROM domain).`,
			},
		],
		evidence,
		source: 'RFC 9989 section 4.4',
	};
}

/** New readers find the record and the organisation by the walk up the names, old ones by the list of suffixes. */
function* readersDiffer(domain: string, discovery: DmarcDiscovery): Generator<Finding> {
	const { policy, oldPolicy, oldOrganisation } = discovery;
	const samePolicy = policy?.domain === oldPolicy?.domain;
	if (samePolicy && discovery.organisation === oldOrganisation) return;
	yield {
		...FIELD,
		id: 'dmarc.readersDiffer',
		subject: domain,
		status: samePolicy ? 'info' : 'warning',
		title: samePolicy
			? `Readers of the new DMARC take ${discovery.organisation} for the organisation of ${domain}, those of the old one ${oldOrganisation}.`
			: `Readers of the new DMARC take the record of ${policy?.domain ?? 'nobody'} for ${domain}, those of the old one that of ${oldPolicy?.domain ?? 'nobody'}.`,
		why: 'What aligns for one need not align for the other. A record of its own for each domain that sends settles it.',
		requiredBy: BY_NONE,
		fixes: samePolicy
			? []
			: [
					dnsFix(`_dmarc.${domain}`, {
						action: 'publish',
						type: 'TXT',
						value: policy?.text ?? oldPolicy?.text ?? simpleRecord(domain),
					}),
				],
		evidence: [policy?.text ?? '', oldPolicy?.text ?? ''].filter((text) => text !== ''),
		source: 'RFC 9989 section 4.10 and RFC 7489 section 3.2',
	};
}

function sound(domain: string, policy: DmarcRecord): Finding {
	return {
		...FIELD,
		id: 'dmarc.sound',
		subject: `_dmarc.${policy.domain}`,
		status: 'pass',
		title: `${domain} has a sound DMARC record (p=${policy.tags.get('p') ?? ''}).`,
		why: 'Receivers know what to do with mail that others send in your name.',
		requiredBy: FOR_BULK,
		evidence: [policy.text],
		source: 'RFC 9989',
	};
}

function unanswered(domain: string, discovery: DmarcDiscovery): Finding {
	return {
		...FIELD,
		id: 'dmarc.unknown',
		subject: `_dmarc.${domain}`,
		status: 'unknown',
		title: `The DMARC record of ${domain} could not be looked up.`,
		why: 'Nothing is known, so nothing is held against the domain. Try again later.',
		requiredBy: FOR_BULK,
		evidence: discovery.unanswered.slice(0, 10),
		source: 'RFC 9989 section 4.10',
	};
}
