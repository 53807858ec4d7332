import { isIPv4, isIPv6 } from 'node:net';

export type SpfMechanismName = 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists';
export type SpfQualifier = '+' | '-' | '~' | '?';

export interface SpfMechanism {
	kind: 'mechanism';
	text: string;
	qualifier: SpfQualifier;
	name: SpfMechanismName;
	/** The domain that is named; none where the mechanism stands for the record's own. May hold macros. */
	domain?: string;
	/** Of `ip4` and `ip6`. */
	address?: string;
	/** Prefix length in bits, for IPv4 and IPv6; none means the whole address. */
	prefix4?: number;
	prefix6?: number;
}

export interface SpfModifier {
	kind: 'modifier';
	text: string;
	name: string;
	value: string;
	/**
	 * A mechanism's name with "=" where ":" belongs: by the letter an unknown modifier, which readers skip
	 * (RFC 7208 section 6). The term that was meant.
	 */
	meant?: string;
}

/** A term that makes the whole record an error (RFC 7208 section 4.6). */
export interface SpfMistake {
	kind: 'mistake';
	text: string;
	/** A plain sentence's end: `"ip4:mail.example.com"` + ` names no IPv4 address`. */
	problem: string;
	/** The term that was probably meant. */
	meant?: string;
	/** Two terms without a space between them. */
	isJoined?: true;
}

export type SpfTerm = SpfMechanism | SpfModifier | SpfMistake;

/** Whether readers take this TXT record for SPF at all (RFC 7208 section 4.5). */
export function isSpfRecord(text: string): boolean {
	return /^v=spf1(?: |$)/i.test(text);
}

/** A TXT record that was meant as SPF, by a person's eye; readers do not see it as one. */
export function isAlmostSpf(text: string): boolean {
	if (isSpfRecord(text)) return false;
	const start = text.slice(0, 40).replace(/["'\u201c\u201d\u2018\u2019]/g, '');
	return /^\s*v\s*[=:]\s*spf\s*1?\b/i.test(start);
}

/** The terms of a record, mistakes among them. Time grows with the text alone. */
export function readSpf(record: string): SpfTerm[] {
	return record
		.slice('v=spf1'.length, MAX_RECORD)
		.split(' ')
		.filter((text) => text !== '')
		.slice(0, MAX_TERMS)
		.map(readTerm);
}

const MAX_RECORD = 16_384;
const MAX_TERMS = 500;

/** RFC 7208 section 4.6.1: a modifier is a name and `=`; all else is a mechanism. */
function readTerm(text: string): SpfTerm {
	const modifier = /^([a-z][a-z0-9._-]*)=(.*)$/i.exec(text);
	if (modifier) {
		const name = (modifier[1] ?? '').toLowerCase();
		const value = modifier[2] ?? '';
		if (MECHANISMS.has(name))
			return { kind: 'modifier', text, name, value, meant: value ? `${name}:${value}` : name };
		if ((name === 'redirect' || name === 'exp') && !isDomainSpec(value))
			return mistake(text, 'names no domain');
		return { kind: 'modifier', text, name, value };
	}
	const parts = /^([+?~-]?)([a-z][a-z0-9]*)(?::([^/]*))?((?:\/.*)?)$/i.exec(text);
	if (!parts) return mistake(text, 'is nothing that SPF knows', repaired(text));
	const joined = JOINED.exec(text);
	if (joined)
		return {
			...mistake(
				text,
				'runs into the next term; a space is missing',
				`${text.slice(0, joined.index + 1)} ${text.slice(joined.index + 1)}`,
			),
			isJoined: true,
		};
	const [, sign = '', name = '', argument, cidr = ''] = parts;
	return readMechanism(text, (sign || '+') as SpfQualifier, name.toLowerCase(), argument, cidr);
}

function readMechanism(
	text: string,
	qualifier: SpfQualifier,
	name: string,
	argument: string | undefined,
	cidr: string,
): SpfTerm {
	const base = { kind: 'mechanism', text, qualifier } as const;
	switch (name) {
		case 'all':
			if (argument !== undefined || cidr) return mistake(text, 'takes no value', `${qualifier}all`);
			return { ...base, name };
		case 'ip4':
		case 'ip6':
			return readAddress(base, name, text.slice(text.indexOf(':') + 1), argument !== undefined);
		case 'include':
		case 'exists':
			if (cidr) return mistake(text, 'takes no prefix length', text.slice(0, -cidr.length));
			if (argument === undefined || !isDomainSpec(argument))
				return mistake(text, 'names no domain');
			return { ...base, name, domain: argument };
		case 'ptr':
			if (cidr) return mistake(text, 'takes no prefix length', text.slice(0, -cidr.length));
			if (argument !== undefined && !isDomainSpec(argument))
				return mistake(text, 'names no domain');
			return { ...base, name, ...(argument !== undefined && { domain: argument }) };
		case 'a':
		case 'mx': {
			if (argument !== undefined && !isDomainSpec(argument))
				return mistake(text, 'names no domain');
			const prefixes = readPrefixes(cidr);
			if (!prefixes) return mistake(text, 'has a prefix length that is none');
			return {
				...base,
				name,
				...(argument !== undefined && { domain: argument }),
				...prefixes,
			};
		}
		default:
			return mistake(text, 'is nothing that SPF knows', repaired(text));
	}
}

function readAddress(
	base: { kind: 'mechanism'; text: string; qualifier: SpfQualifier },
	name: 'ip4' | 'ip6',
	value: string,
	given: boolean,
): SpfTerm {
	const { text, qualifier } = base;
	const [address = '', prefix, ...more] = given ? value.split('/') : [''];
	const family = name === 'ip4' ? 'IPv4' : 'IPv6';
	const isOfFamily = name === 'ip4' ? isIPv4 : isIPv6;
	const most = name === 'ip4' ? 32 : 128;
	if (!isOfFamily(address)) {
		const sign = qualifier === '+' ? '' : qualifier;
		const other = name === 'ip4' ? isIPv6(address) : isIPv4(address);
		if (other)
			return mistake(
				text,
				`holds no ${family} address`,
				`${sign}${name === 'ip4' ? 'ip6' : 'ip4'}:${value}`,
			);
		const isName = isDomainSpec(address) && prefix === undefined;
		return mistake(text, `holds no ${family} address`, isName ? `${sign}a:${address}` : undefined);
	}
	const bits = readBits(prefix, most);
	if (bits === 'none' || more.length > 0)
		return mistake(text, 'has a prefix length that is none', `${name}:${address}`);
	const size = bits === undefined ? {} : name === 'ip4' ? { prefix4: bits } : { prefix6: bits };
	return { ...base, name, address, ...size };
}

/** `/24`, `//64` or `/24//64`. */
function readPrefixes(cidr: string): { prefix4?: number; prefix6?: number } | undefined {
	const parts = /^(?:\/(\d{1,3}))?(?:\/\/(\d{1,3}))?$/.exec(cidr);
	if (!parts) return undefined;
	const prefix4 = readBits(parts[1], 32);
	const prefix6 = readBits(parts[2], 128);
	if (prefix4 === 'none' || prefix6 === 'none') return undefined;
	return {
		...(prefix4 !== undefined && { prefix4 }),
		...(prefix6 !== undefined && { prefix6 }),
	};
}

function readBits(text: string | undefined, most: number): number | undefined | 'none' {
	if (text === undefined) return undefined;
	return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most ? Number(text) : 'none';
}

const MECHANISMS: ReadonlySet<string> = new Set([
	'all',
	'include',
	'a',
	'mx',
	'ptr',
	'ip4',
	'ip6',
	'exists',
]);

/** RFC 7208 section 7.1, coarsely: labels, or macros among them; what an evaluator takes, we take. */
function isDomainSpec(text: string): boolean {
	if (text === '' || text.length > 1_000) return false;
	const withoutMacros = text.replace(/%\{[a-z][0-9]*r?[.+,/_=-]*\}|%[%_-]/gi, 'm.m');
	if (withoutMacros.includes('%')) return false;
	return /^[\x21-\x7e]+\.(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\.?$/i.test(withoutMacros);
}

/**
 * A term that goes on as another one: two strings of a record were joined without a space between them
 * (RFC 7208 section 3.3). By the letter the colon is part of a name, which nobody has.
 */
const JOINED = /[a-z0-9](?=(?:include|ip4|ip6|a|mx|exists|ptr):[^:]+$)/i;

/** What people write for what SPF calls otherwise. */
const MEANT: readonly (readonly [RegExp, string])[] = [
	[/^([+?~-]?)(?:ipv4|ip|ipv4address|ip4address):(.*)$/i, '$1ip4:$2'],
	[/^([+?~-]?)(?:ipv6|ip6address):(.*)$/i, '$1ip6:$2'],
	[/^([+?~-]?)(?:includes|inlcude|inclue|incude|include):(.*)$/i, '$1include:$2'],
	[/^([+?~-])?(?:al|alll|-all)[.;,]?$/i, '$1all'],
	[/^([+?~-])all[.;,"']+$/i, '$1all'],
	[/^(?:host|hostname|domain):(.*)$/i, 'a:$1'],
	[/^(?:\u2013|\u2014|\u2212)all$/i, '-all'],
];

function repaired(text: string): string | undefined {
	if (isIPv4(text)) return `ip4:${text}`;
	if (isIPv6(text)) return `ip6:${text}`;
	for (const [wrong, right] of MEANT) {
		const meant = text.replace(wrong, right);
		if (meant !== text && readTerm(meant).kind !== 'mistake') return meant;
	}
	return undefined;
}

function mistake(text: string, problem: string, meant?: string): SpfMistake {
	return { kind: 'mistake', text, problem, ...(meant !== undefined && { meant }) };
}
