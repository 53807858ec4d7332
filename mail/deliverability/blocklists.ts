/*
 * Blocklists as data: whom they list, what their answers mean, and how one tells that a list answers us at
 * all (RFC 5782 section 5). An answer that is not in a list's own table is never a listing.
 */

export interface ListedCode {
	/** Last octets of `127.x.y.z`, or a bit of the last octet where the list adds bits up. */
	means: string;
	/** `fail`: large receivers refuse for it. `info`: a policy, or praise. */
	status: 'fail' | 'warning' | 'info';
}

export interface Blocklist {
	zone: string;
	name: string;
	lists: 'addresses' | 'domains';
	/** Takes IPv6 addresses too. */
	ipv6?: boolean;
	/** By the whole answer. */
	codes?: Readonly<Record<string, ListedCode>>;
	/** By bits of the last octet; `refusedBit` says that we were refused. */
	bits?: Readonly<Record<number, ListedCode>>;
	refusedBit?: number;
	/** Answers that say "we do not answer you": a public resolver, too many questions. */
	refusals?: readonly string[];
	/** A name that must be listed, and one that must not; else the list is not believed. */
	listedTest: string;
	freeTest: string;
	/** Where to ask to be taken off. */
	delist: string;
}

const BAD = (means: string): ListedCode => ({ means, status: 'fail' });
const DOUBTFUL = (means: string): ListedCode => ({ means, status: 'warning' });
const NOTE = (means: string): ListedCode => ({ means, status: 'info' });

const ADDRESS_TESTS = { listedTest: '2.0.0.127', freeTest: '1.0.0.127' };
const SPAMHAUS_REFUSALS = ['127.255.255.252', '127.255.255.254', '127.255.255.255'];

/** Lists that large receivers use or heed, and that answer who asks by their own resolver. */
export const BLOCKLISTS: readonly Blocklist[] = [
	{
		zone: 'zen.spamhaus.org',
		name: 'Spamhaus ZEN',
		lists: 'addresses',
		ipv6: true,
		codes: {
			'127.0.0.2': BAD('known for spam (SBL)'),
			'127.0.0.3': BAD('sends much unwanted mail (CSS)'),
			'127.0.0.4': BAD('an infected machine (XBL)'),
			'127.0.0.5': BAD('an infected machine (XBL)'),
			'127.0.0.6': BAD('an infected machine (XBL)'),
			'127.0.0.7': BAD('an infected machine (XBL)'),
			'127.0.0.9': BAD('a hijacked network (DROP)'),
			'127.0.0.10': DOUBTFUL('a range that should not send mail itself (PBL, named by its owner)'),
			'127.0.0.11': DOUBTFUL('a range that should not send mail itself (PBL)'),
		},
		refusals: SPAMHAUS_REFUSALS,
		...ADDRESS_TESTS,
		delist: 'https://check.spamhaus.org/',
	},
	{
		zone: 'bl.spamcop.net',
		name: 'SpamCop',
		lists: 'addresses',
		codes: { '127.0.0.2': DOUBTFUL('reported by people who got spam from there') },
		...ADDRESS_TESTS,
		delist: 'https://www.spamcop.net/bl.shtml',
	},
	{
		zone: 'b.barracudacentral.org',
		name: 'Barracuda',
		lists: 'addresses',
		codes: { '127.0.0.2': DOUBTFUL('poor reputation') },
		...ADDRESS_TESTS,
		delist: 'https://www.barracudacentral.org/rbl/removal-request',
	},
	{
		zone: 'psbl.surriel.com',
		name: 'PSBL',
		lists: 'addresses',
		codes: { '127.0.0.2': NOTE('sent mail to a spam trap') },
		...ADDRESS_TESTS,
		delist: 'https://psbl.org/',
	},
	{
		zone: 'rep.mailspike.net',
		name: 'Mailspike',
		lists: 'addresses',
		codes: {
			'127.0.0.10': DOUBTFUL('worst reputation'),
			'127.0.0.11': DOUBTFUL('very bad reputation'),
			'127.0.0.12': DOUBTFUL('bad reputation'),
			'127.0.0.17': NOTE('good reputation'),
			'127.0.0.18': NOTE('good reputation'),
			'127.0.0.19': NOTE('very good reputation'),
			'127.0.0.20': NOTE('excellent reputation'),
		},
		...ADDRESS_TESTS,
		delist: 'https://mailspike.org/',
	},
	{
		zone: 'dbl.spamhaus.org',
		name: 'Spamhaus DBL',
		lists: 'domains',
		codes: {
			'127.0.1.2': BAD('a spam domain'),
			'127.0.1.4': BAD('a phishing domain'),
			'127.0.1.5': BAD('a malware domain'),
			'127.0.1.6': BAD('a botnet domain'),
			'127.0.1.102': BAD('abused for spam'),
			'127.0.1.103': BAD('abused as a redirector'),
			'127.0.1.104': BAD('abused for phishing'),
			'127.0.1.105': BAD('abused for malware'),
			'127.0.1.106': BAD('abused by a botnet'),
		},
		refusals: [...SPAMHAUS_REFUSALS, '127.0.1.255'],
		listedTest: 'dbltest.com',
		freeTest: 'invalid',
		delist: 'https://check.spamhaus.org/',
	},
	{
		zone: 'multi.surbl.org',
		name: 'SURBL',
		lists: 'domains',
		bits: {
			8: DOUBTFUL('phishing'),
			16: DOUBTFUL('malware'),
			64: DOUBTFUL('abuse'),
			128: DOUBTFUL('a cracked site'),
		},
		refusedBit: 1,
		listedTest: 'test.surbl.org',
		freeTest: 'invalid',
		delist: 'https://surbl.org/surbl-analysis',
	},
	{
		zone: 'multi.uribl.com',
		name: 'URIBL',
		lists: 'domains',
		bits: {
			2: DOUBTFUL('seen in spam (black)'),
			4: NOTE('seen in newsletters that some did not want (grey)'),
			8: NOTE('new or doubtful (red)'),
		},
		refusedBit: 1,
		listedTest: '2.0.0.127',
		freeTest: 'invalid',
		delist: 'https://admin.uribl.com/',
	},
];

/** A list that a user names; what it answers is believed as far as RFC 5782 goes. */
export function ownBlocklist(zone: string, lists: Blocklist['lists']): Blocklist {
	return {
		zone,
		name: zone,
		lists,
		bits: { 0: DOUBTFUL('listed') },
		listedTest: lists === 'addresses' ? '2.0.0.127' : 'test',
		freeTest: lists === 'addresses' ? '1.0.0.127' : 'invalid',
		delist: '',
	};
}
