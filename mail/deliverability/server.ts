import type { SmtpAccount } from '../smtp/account';
import type { Verified } from '../smtp/verify';
import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import { ALWAYS, BY_NONE } from './finding';
import type { Finding } from './finding';
import { digitsBackwards, fullDigits, isPrivate } from './ip-address';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 21;

/**
 * Has each address that mail leaves from a name that leads back to it (forward-confirmed reverse DNS,
 * RFC 8601 section 3)? Gmail, Yahoo, Microsoft and Apple demand it.
 */
export async function checkSendingAddresses(
	addresses: readonly string[],
	ehloName: string,
	dns: Dns,
): Promise<Finding[]> {
	return await Promise.all(addresses.map((address) => checkReverse(address, ehloName, dns)));
}

async function checkReverse(address: string, ehloName: string, dns: Dns): Promise<Finding> {
	const base = {
		area: 'server',
		subject: address,
		requiredBy: ALWAYS,
		fixes: [],
		evidence: [],
		source: 'RFC 8601 section 3; Gmail, Yahoo, Microsoft and Apple sender guidelines',
	} as const;
	if (isPrivate(address))
		return {
			...base,
			id: 'server.privateAddress',
			status: 'unknown',
			title: `${address} is an address of a private network.`,
			why: 'Receivers see another address; give that one.',
			requiredBy: BY_NONE,
		};
	const pointer = reverseName(address);
	const names = await dns.lookUp(pointer, 'PTR');
	if (names.outcome === 'unknown')
		return {
			...base,
			id: 'server.reverseUnknown',
			status: 'unknown',
			title: `The name of ${address} could not be looked up: ${names.reason}.`,
			why: 'Nothing is known, so nothing is held against it.',
		};
	const advice = (name: string) => [
		dnsFix(pointer, {
			action: names.outcome === 'records' ? ('replace' as const) : ('publish' as const),
			type: 'PTR' as const,
			value: name,
			...(names.outcome === 'records' && { oldValue: names.records[0] ?? '' }),
			note: 'Set by whoever owns the address, such as your host or provider; often in its panel as "reverse DNS".',
		}),
	];
	const wanted = ehloName.includes('.') ? ehloName : `mail.${ehloName || 'example.com'}`;
	if (names.outcome === 'none')
		return {
			...base,
			id: 'server.noReverse',
			status: 'fail',
			title: `${address} has no name (PTR).`,
			why: 'Gmail, Yahoo, Microsoft and Apple refuse or mistrust mail from an address without a name.',
			fixes: advice(wanted),
		};
	const evidence = names.records.slice(0, 10).map((name) => `${pointer} PTR ${name}`);
	let isUnknown = false;
	for (const name of names.records.slice(0, 10)) {
		const back = await dns.lookUp(name, address.includes(':') ? 'AAAA' : 'A');
		if (back.outcome === 'unknown') isUnknown = true;
		if (back.outcome !== 'records' || !back.records.some((each) => same(each, address))) continue;
		if (isGeneric(name, address))
			return {
				...base,
				id: 'server.genericName',
				status: 'warning',
				title: `The name of ${address} looks like one that a provider gives to all: ${name}.`,
				why: 'Some receivers take such names for home connections and mistrust them.',
				requiredBy: BY_NONE,
				fixes: advice(wanted),
				evidence,
			};
		return {
			...base,
			id: 'server.reverseConfirmed',
			status: 'pass',
			title: `${address} is ${name}, and that name leads back to it.`,
			why: 'Receivers demand it of servers that send.',
			evidence,
		};
	}
	const [first = ''] = names.records;
	if (isUnknown)
		return {
			...base,
			id: 'server.reverseUnknown',
			status: 'unknown',
			title: `Whether ${first} leads back to ${address} could not be looked up.`,
			why: 'Nothing is known, so nothing is held against it.',
			evidence,
		};
	return {
		...base,
		id: 'server.reverseNotConfirmed',
		status: 'fail',
		title: `${address} is called ${first}, but that name does not lead back to it.`,
		why: 'Gmail, Yahoo, Microsoft and Apple refuse or mistrust mail from there: anybody can give an address any name.',
		fixes: [
			dnsFix(first, {
				action: 'publish',
				type: address.includes(':') ? 'AAAA' : 'A',
				value: address,
			}),
		],
		evidence,
	};
}

/** RFC 1035 section 3.5 and RFC 3596 section 2.5. */
function reverseName(address: string): string {
	if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
	return `${digitsBackwards(address)}.ip6.arpa`;
}

function same(one: string, other: string): boolean {
	if (!one.includes(':') || !other.includes(':')) return one === other;
	return fullDigits(one) === fullDigits(other);
}

/** Holds the address's own digits, or says that it is one of many. */
function isGeneric(name: string, address: string): boolean {
	if (/(?:^|[.-])(?:dyn|dynamic|pool|dhcp|dsl|dialup|cable|ppp)(?:[.-]|\d|$)/.test(name))
		return true;
	if (address.includes(':')) return false;
	const octets = address.split('.');
	return [octets, octets.toReversed()].some((parts) =>
		['-', '.', '_', ''].some((between) => name.includes(parts.join(between)) && name.length > 8),
	);
}

/** What the sending account's own server offers: TLS, its certificate, size and extensions. */
export function describeServer(
	{ host, security }: Pick<SmtpAccount, 'host' | 'security'>,
	verified: Verified,
	now: number,
): Finding[] {
	const base = {
		area: 'server',
		subject: host,
		requiredBy: BY_NONE,
		fixes: [],
		evidence: [],
		source: 'RFC 8314',
	} as const;
	if (!verified.ok)
		return [
			{
				...base,
				id: 'server.unreachable',
				status: 'unknown',
				title: `The sending account could not be tried. ${verified.problem.message}`,
				why: 'Nothing can be sent through it from here until this is mended.',
			},
		];
	const { offer } = verified;
	const findings: Finding[] = [];
	if (!offer.encryption)
		findings.push({
			...base,
			id: 'server.noTls',
			status: 'warning',
			title: `Mail goes to ${host} in clear (Connection Security is "${security}").`,
			why: 'Whoever is on the way can read it, and the password.',
			fixes: [{ kind: 'setting', text: 'Choose TLS or STARTTLS in the SMTP Account credential.' }],
		});
	else {
		const { protocol, certificateEnds } = offer.encryption;
		if (protocol === 'TLSv1' || protocol === 'TLSv1.1')
			findings.push({
				...base,
				id: 'server.oldTls',
				status: 'warning',
				title: `${host} speaks only ${protocol}, which can be broken.`,
				why: 'Many servers and programs no longer talk to it.',
				fixes: [{ kind: 'setting', text: 'Let the server speak TLS 1.2 or newer.' }],
			});
		const days =
			certificateEnds === undefined ? undefined : (Date.parse(certificateEnds) - now) / DAY_MS;
		if (days !== undefined && days < RENEW_DAYS)
			findings.push({
				...base,
				id: 'server.certificateEnds',
				status: 'warning',
				title: `The certificate of ${host} ends in ${Math.max(0, Math.floor(days))} days.`,
				why: 'After that nothing can be sent through it.',
				fixes: [{ kind: 'setting', text: 'See that it is renewed.' }],
				evidence: [certificateEnds ?? ''],
			});
	}
	const has = (name: string) =>
		offer.extensions.some((line) => line.toUpperCase().split(' ')[0] === name);
	const lacks = ['8BITMIME', 'PIPELINING'].filter((name) => !has(name));
	if (lacks.length > 0)
		findings.push({
			...base,
			id: 'server.fewExtensions',
			status: 'info',
			title: `${host} does not offer ${lacks.join(' and ')}.`,
			why: 'Mail goes out all the same, only slower.',
			evidence: offer.extensions,
		});
	if (findings.some(({ status }) => status === 'warning')) return findings;
	return [
		{
			...base,
			id: 'server.sound',
			status: 'pass',
			title: `${host} takes mail from here${offer.encryption ? ` over ${offer.encryption.protocol}` : ''}${offer.maxMessageSize === undefined ? '' : `, up to ${Math.floor(offer.maxMessageSize / 1_000_000)} MB each`}.`,
			why: 'The account works.',
			evidence: offer.extensions,
		},
		...findings,
	];
}
