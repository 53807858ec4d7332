import { isIP } from 'node:net';

import type { Dns, RecordForms } from './dns';
import { dnsFix } from './dns-fix';
import { ALWAYS } from './finding';
import type { Finding, Fix } from './finding';
import { findingMaker } from './finding-maker';
import type { MakeFinding } from './finding-maker';
import { isPrivate } from './ip-address';

export interface MxSubject {
	domain: string;
	/** What comes to this domain: answers of people (From) or bounces (the return path). */
	role: 'from' | 'returnPath';
}

type MxRecord = RecordForms['MX'];

const LOOKED_AT = 10;

/** Can answers and bounces come home: does the domain take mail (RFC 5321 section 5.1)? */
export async function checkMx({ domain, role }: MxSubject, dns: Dns): Promise<Finding[]> {
	const comes = role === 'from' ? 'answers' : 'bounces';
	const answer = await dns.lookUp(domain, 'MX');
	const find = findingMaker({
		area: 'mx',
		subject: domain,
		requiredBy: ALWAYS,
		source: 'RFC 5321 section 5.1',
	});
	if (answer.outcome === 'unknown')
		return [
			find(
				'mx.unknown',
				'unknown',
				`The mail servers of ${domain} could not be looked up: ${answer.reason}.`,
				'Nothing is known, so nothing is held against the domain.',
			),
		];
	if (answer.outcome === 'none') return [await withoutMx(domain, comes, dns, find)];
	const lines = answer.records.map(({ priority, exchange }) => `MX ${priority} ${exchange || '.'}`);
	const others = answer.records.filter(({ exchange }) => exchange !== '');
	const nothing = answer.records.find(({ exchange }) => exchange === '');
	if (nothing)
		return [
			find(
				'mx.null',
				'fail',
				others.length === 0
					? `${domain} says that it takes no mail at all (null MX).`
					: `${domain} says that it takes no mail at all (null MX), and names mail servers beside that.`,
				`Neither ${comes} nor complaints can reach you, and many receivers refuse mail from such a domain.`,
				{
					fixes: [
						others.length === 0
							? dnsFix(domain, {
									action: 'replace',
									type: 'MX',
									value: `10 mail.${domain}`,
									oldValue: `${nothing.priority} .`,
									note: `Put in the server that takes mail for ${domain}, or send from a domain that has one.`,
								})
							: dnsFix(domain, { action: 'delete', type: 'MX', value: `${nothing.priority} .` }),
					],
					evidence: lines,
					source: 'RFC 7505',
				},
			),
		];
	const findings: Finding[] = [];
	const reach: ('good' | 'bad' | 'unknown')[] = [];
	const names = new Set(answer.records.map(({ exchange }) => exchange));
	for (const exchange of [...names].slice(0, LOOKED_AT)) {
		const problem = await checkExchange(exchange, dns);
		reach.push(problem === undefined ? 'good' : problem.unknown ? 'unknown' : 'bad');
		if (problem === undefined || problem.unknown) continue;
		const records = answer.records.filter((record) => record.exchange === exchange);
		findings.push(
			find(
				problem.id,
				'warning',
				`${domain} names a mail server that is none: ${problem.title}.`,
				problem.why,
				{ fixes: adviceOn(problem, { domain, records, names }), evidence: lines },
			),
		);
	}
	if (!reach.includes('good') && reach.includes('bad') && !reach.includes('unknown'))
		// A CNAME works at most senders; an exchange without an address works nowhere.
		return findings.map((finding) =>
			finding.id === 'mx.alias' ? finding : { ...finding, status: 'fail', requiredBy: ALWAYS },
		);
	if (!reach.includes('good') && reach.includes('unknown'))
		return [
			...findings,
			find(
				'mx.unknown',
				'unknown',
				`The addresses of the mail servers of ${domain} could not be looked up.`,
				'Nothing is known, so nothing is held against the domain.',
				{ evidence: lines },
			),
		];
	if (findings.length > 0) return findings;
	return [
		find(
			'mx.sound',
			'pass',
			`${domain} takes mail, so ${comes} can come home.`,
			'Receivers want to be able to answer a sender.',
			{ evidence: lines },
		),
	];
}

/** Another name in the place of a server that is none; the record goes where others take the mail anyway. */
function adviceOn(
	{ target, id }: ExchangeProblem,
	{ domain, records, names }: { domain: string; records: MxRecord[]; names: Set<string> },
): Fix[] {
	const gone = ({ priority, exchange }: MxRecord) =>
		dnsFix(domain, { action: 'delete', type: 'MX', value: `${priority} ${exchange}` });
	if (target !== undefined) {
		const [first, ...rest] = records;
		if (first === undefined || names.has(target)) return records.map(gone);
		return [
			dnsFix(domain, {
				action: 'replace',
				type: 'MX',
				value: `${first.priority} ${target}`,
				oldValue: `${first.priority} ${first.exchange}`,
			}),
			...rest.map(gone),
		];
	}
	if (names.size > 1) return records.map(gone);
	const [{ exchange } = { exchange: '' }] = records;
	return [
		{
			kind: 'setting',
			text:
				id === 'mx.isAddress'
					? `Give the server a name of its own, such as mail.${domain}, with that address (an A record), and put this name into the MX record.`
					: `Give ${exchange} an address in the DNS, or name another server.`,
		},
	];
}

/** Without MX a domain's own address takes its mail; without that nothing does. */
async function withoutMx(
	domain: string,
	comes: string,
	dns: Dns,
	find: MakeFinding,
): Promise<Finding> {
	const [four, six] = await Promise.all([dns.lookUp(domain, 'A'), dns.lookUp(domain, 'AAAA')]);
	if (four.outcome === 'records' || six.outcome === 'records')
		return find(
			'mx.implicit',
			'warning',
			`${domain} names no mail server (MX); senders try its own address instead.`,
			`Where no mail server runs there, ${comes} are lost.`,
			{
				fixes: [
					dnsFix(domain, {
						action: 'publish',
						type: 'MX',
						value: `10 ${domain}`,
						note: 'Put in the server that takes mail for this domain.',
					}),
				],
			},
		);
	if (four.outcome === 'unknown' || six.outcome === 'unknown')
		return find(
			'mx.unknown',
			'unknown',
			`Whether ${domain} takes mail could not be looked up.`,
			'Nothing is known, so nothing is held against the domain.',
		);
	return find(
		'mx.missing',
		'fail',
		`${domain} takes no mail: it has neither a mail server (MX) nor an address.`,
		`All ${comes} are lost, and many receivers refuse mail from a domain that cannot be answered.`,
		{
			fixes: [
				dnsFix(domain, {
					action: 'publish',
					type: 'MX',
					value: `10 mail.${domain}`,
					note: `Put in the server that takes mail for ${domain}.`,
				}),
			],
		},
	);
}

interface ExchangeProblem {
	id: string;
	title: string;
	why: string;
	unknown: boolean;
	/** The name to put in its place. */
	target?: string;
}

async function checkExchange(exchange: string, dns: Dns): Promise<ExchangeProblem | undefined> {
	const problem = (id: string, title: string, why: string, target?: string): ExchangeProblem => ({
		id,
		title,
		why,
		unknown: false,
		...(target !== undefined && { target }),
	});
	if (isIP(exchange) !== 0)
		return problem(
			'mx.isAddress',
			`${exchange} is an address, where a name must stand`,
			'Senders cannot use it.',
		);
	if (/^(?:\d{1,3}\.){4}/.test(exchange))
		return problem(
			'mx.isAddress',
			`${exchange} begins with an address, where a name must stand; a DNS panel added the domain to it`,
			'Senders cannot use it.',
		);
	const alias = await dns.lookUp(exchange, 'CNAME');
	if (alias.outcome === 'records')
		return problem(
			'mx.alias',
			`${exchange} is an alias (CNAME)`,
			'Some senders do not follow it, and their mail is lost.',
			alias.records[0],
		);
	const [four, six] = await Promise.all([dns.lookUp(exchange, 'A'), dns.lookUp(exchange, 'AAAA')]);
	const addresses = [four, six].flatMap((answer) =>
		answer.outcome === 'records' ? answer.records : [],
	);
	if (addresses.length > 0) {
		if (addresses.some((address) => !isPrivate(address))) return undefined;
		return problem(
			'mx.privateAddress',
			`${exchange} has only addresses of a private network (${addresses.join(', ')})`,
			'Nobody outside can reach it.',
		);
	}
	if (four.outcome === 'unknown' || six.outcome === 'unknown')
		return { id: '', title: '', why: '', unknown: true };
	return problem('mx.noAddress', `${exchange} has no address`, 'Senders cannot reach it.');
}
