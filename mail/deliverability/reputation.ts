import { isIPv4, isIPv6 } from 'node:net';

import type { Blocklist, ListedCode } from './blocklists';
import type { Dns } from './dns';
import { organisation } from './dns-fix';
import { ALWAYS, BY_NONE } from './finding';
import type { Finding } from './finding';
import { digitsBackwards, isPrivate } from './ip-address';

/** What a list says of one address or domain. */
type Listing =
	| { outcome: 'free' }
	| { outcome: 'listed'; codes: ListedCode[]; answers: string[] }
	| { outcome: 'unknown'; reason: string };

/**
 * Asks blocklists about addresses and domains. A list is believed only when it lists its own test entry and
 * not the one that must not be listed (RFC 5782 section 5), and an answer only when it is in the list's own
 * table: a refusal, a dead list that answers everything, or a search page of a provider is no listing.
 */
export async function checkReputation(
	subjects: { addresses: readonly string[]; domains: readonly string[] },
	lists: readonly Blocklist[],
	dns: Dns,
): Promise<Finding[]> {
	const told = await Promise.all(
		lists.map(async (list) => {
			const asked =
				list.lists === 'addresses'
					? subjects.addresses.filter((address) => canBeAsked(address, list))
					: [...new Set(subjects.domains.map(organisation))];
			const findings = asked.length === 0 ? [] : await askList(list, asked, dns);
			const isSilent = findings.some(({ id }) => id === 'reputation.listSilent');
			return { findings, believed: isSilent ? [] : asked };
		}),
	);
	const findings = told.flatMap((each) => each.findings);
	const isMarred = findings.some(({ status }) => status === 'fail' || status === 'warning');
	const believed = told.map((each) => each.believed).filter(({ length }) => length > 0);
	if (isMarred || believed.length === 0) return findings;
	return [clean([...new Set(believed.flat())], believed.length), ...findings];
}

async function askList(list: Blocklist, asked: readonly string[], dns: Dns): Promise<Finding[]> {
	const problem = await distrust(list, dns);
	if (problem !== undefined) return [unknownList(list, problem)];
	const found = await Promise.all(
		asked.map(async (subject) => tell(subject, list, await look(questionOf(subject), list, dns))),
	);
	return found.flat();
}

function canBeAsked(address: string, list: Blocklist): boolean {
	if (isPrivate(address)) return false;
	return isIPv4(address) || (list.ipv6 === true && isIPv6(address));
}

/** `192.0.2.1` as `1.2.0.192`, IPv6 as its 32 digits backwards (RFC 5782 sections 2.1 and 2.4). */
export function questionOf(subject: string): string {
	if (isIPv4(subject)) return subject.split('.').reverse().join('.');
	if (!isIPv6(subject)) return subject;
	return digitsBackwards(subject);
}

/** @returns why the list is not to be believed; undefined when it answers as it should */
async function distrust(list: Blocklist, dns: Dns): Promise<string | undefined> {
	const [listed, free] = await Promise.all([
		look(list.listedTest, list, dns, true),
		look(list.freeTest, list, dns, true),
	]);
	if (listed.outcome === 'unknown') return listed.reason;
	if (listed.outcome === 'free')
		return 'it does not even list its own test entry, so it does not answer your name server';
	if (free.outcome === 'listed') return 'it lists everything, so it is dead';
	return undefined;
}

async function look(question: string, list: Blocklist, dns: Dns, isTest = false): Promise<Listing> {
	const answer = await dns.lookUp(`${question}.${list.zone}`, 'A');
	if (answer.outcome === 'unknown') return { outcome: 'unknown', reason: answer.reason };
	if (answer.outcome === 'none') return { outcome: 'free' };
	const answers = answer.records;
	if (answers.some((each) => isRefusal(each, list)))
		return {
			outcome: 'unknown',
			reason: `it refuses to answer our name server (${answers.join(', ')})`,
		};
	if (isTest && answers.some((each) => each.startsWith('127.')))
		return { outcome: 'listed', codes: [], answers };
	const codes = answers.flatMap((each) => codesOf(each, list));
	return codes.length > 0
		? { outcome: 'listed', codes, answers }
		: {
				outcome: 'unknown',
				reason: `it gave an answer that means nothing (${answers.join(', ')})`,
			};
}

function isRefusal(answer: string, { refusals = [], refusedBit }: Blocklist): boolean {
	if (refusals.includes(answer) || answer.startsWith('127.255.255.')) return true;
	if (refusedBit === undefined) return false;
	// A bit list that refuses sets this bit and none of a listing.
	return answer === `127.0.0.${refusedBit}`;
}

function codesOf(answer: string, { codes, bits }: Blocklist): ListedCode[] {
	if (!answer.startsWith('127.')) return [];
	const exact = codes?.[answer];
	if (exact) return [exact];
	if (!bits) return [];
	const any = bits[0];
	if (any) return answer.startsWith('127.0.') ? [any] : [];
	const last = Number(answer.slice(answer.lastIndexOf('.') + 1));
	return Object.entries(bits).flatMap(([bit, code]) => ((last & Number(bit)) !== 0 ? [code] : []));
}

const FIELD = { area: 'reputation', source: 'RFC 5782' } as const;

function tell(subject: string, list: Blocklist, listing: Listing): Finding[] {
	if (listing.outcome === 'free') return [];
	if (listing.outcome === 'unknown') return [unknownList(list, listing.reason)];
	const [worst] = listing.codes.toSorted((one, other) => weight(other) - weight(one));
	if (!worst) return [];
	const means = [...new Set(listing.codes.map((code) => code.means))].join('; ');
	return [
		{
			...FIELD,
			id: worst.status === 'info' ? 'reputation.mentioned' : 'reputation.listed',
			subject,
			status: worst.status,
			title: `${subject} is on the list ${list.name}: ${means}.`,
			why:
				worst.status === 'fail'
					? 'Many receivers refuse mail because of this list.'
					: worst.status === 'warning'
						? 'Some receivers count this against your mail.'
						: 'This is held against nobody by itself.',
			requiredBy: worst.status === 'fail' ? ALWAYS : BY_NONE,
			fixes:
				worst.status === 'info'
					? []
					: [
							{
								kind: 'setting',
								text: `Find out what was sent from there and stop it; then ask to be taken off${list.delist === '' ? ` at the operator of ${list.zone}` : `: ${list.delist}`}. Never pay for it.`,
							},
						],
			evidence: listing.answers.map((answer) => `${questionOf(subject)}.${list.zone} A ${answer}`),
		},
	];
}

function weight({ status }: ListedCode): number {
	return { fail: 2, warning: 1, info: 0 }[status];
}

function unknownList(list: Blocklist, reason: string): Finding {
	return {
		...FIELD,
		id: 'reputation.listSilent',
		subject: list.zone,
		status: 'unknown',
		title: `Nothing is known from the list ${list.name}: ${reason}.`,
		why: 'That says nothing about you. Many lists do not answer public name servers or clouds.',
		requiredBy: BY_NONE,
		fixes: [],
		evidence: [],
	};
}

function clean(subjects: readonly string[], lists: number): Finding {
	const named = subjects.join(', ').slice(0, 200);
	return {
		...FIELD,
		id: 'reputation.clean',
		subject: named,
		status: 'pass',
		title: `None of the ${lists} blocklists that answered lists ${named}.`,
		why: 'Receivers look there before they look at the mail.',
		requiredBy: BY_NONE,
		fixes: [],
		evidence: [],
	};
}
