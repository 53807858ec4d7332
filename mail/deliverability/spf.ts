import { isIPv6 } from 'node:net';

import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import { ALWAYS, FOR_BULK } from './finding';
import type { Finding, Fix } from './finding';
import { findingMaker } from './finding-maker';
import { asNodeResolver } from './node-resolver';
import { evaluateSpf } from './spf-evaluate';
import { isAlmostSpf, readSpf } from './spf-record';
import type { SpfMistake, SpfTerm } from './spf-record';
import { emptyTerms, mendRecord, mergeRecords, repairRecord } from './spf-repair';
import { GOOD_LOOKUPS, MAX_LOOKUPS, MAX_VOIDS, termsInForce, walkSpf } from './spf-tree';
import type { SpfNode, SpfTree } from './spf-tree';

export interface SpfSubject {
	/** The domain of the envelope sender. */
	domain: string;
	/** Addresses that mail leaves from, where they are known. */
	addresses: readonly string[];
}

/** Is the domain's SPF record there, right, and does it let its senders through (RFC 7208)? */
export async function checkSpf(subject: SpfSubject, dns: Dns): Promise<Finding[]> {
	const { domain } = subject;
	const tree = await walkSpf(domain, dns);
	const { root } = tree;
	switch (root.outcome) {
		case 'unknown':
			return [unanswered(domain, root.reason ?? '')];
		case 'none':
			return await explainMissing(subject, dns);
		case 'several':
			return [await severalRecords(root, dns)];
		default: {
			const mistakes = permanentErrors(tree, domain);
			const findings = mistakes.length > 0 ? mistakes : await lookCloser(subject, tree, dns);
			if (tree.unanswered.length > 0) findings.push(partlyUnanswered(domain, tree));
			return findings.some(({ status }) => status !== 'info' && status !== 'pass')
				? findings
				: [sound(tree, domain), ...findings];
		}
	}
}

/** The record works: what is unwise in it, and whether those who send pass. */
async function lookCloser(
	{ domain, addresses }: SpfSubject,
	tree: SpfTree,
	dns: Dns,
): Promise<Finding[]> {
	const tried: Tried[] = [];
	for (const address of addresses) tried.push(await tryAddress(address, domain, dns));
	const value = repairRecord(
		tree,
		tried.filter(({ result }) => isRefusal(result)).map(({ address }) => address),
	);
	return [
		...(addresses.length === 0 && !letsAnybody(tree.root) ? [nobodySends(tree.root)] : []),
		...warnings(tree, domain, value),
		...tried.map((each) => describeTry(each, domain, tree.root, value)),
	];
}

const FIELD = { area: 'spf', fixes: [], evidence: [] } as const;

const WHY_PERMERROR =
	'Receivers treat the whole record as an error (permerror), as if the domain had no SPF, and some refuse the mail.';

async function explainMissing({ domain, addresses }: SpfSubject, dns: Dns): Promise<Finding[]> {
	const texts = await dns.lookUp(domain, 'TXT');
	const almost =
		texts.outcome === 'records'
			? texts.records.map(({ text }) => text).find((text) => isAlmostSpf(text))
			: undefined;
	if (almost !== undefined) {
		const mended = mendRecord(afterVersion(almost));
		const value = repairRecord(await walkSpf(domain, dns, mended)) ?? mended;
		return [
			{
				...FIELD,
				id: 'spf.misspelt',
				subject: domain,
				status: 'fail',
				title: `A TXT record of ${domain} is meant as SPF but does not begin with "v=spf1 ", so nobody reads it.`,
				why: 'Without SPF, large receivers refuse mail to many, and doubt single mails.',
				requiredBy: FOR_BULK,
				fixes: [dnsFix(domain, { action: 'replace', type: 'TXT', value, oldValue: almost })],
				evidence: [almost],
				source: 'RFC 7208 section 4.5',
			},
		];
	}
	const senders = addresses.map((address) => `${isIPv6(address) ? 'ip6' : 'ip4'}:${address}`);
	// A domain without servers that take its mail is told to name one.
	if (senders.length === 0) senders.push('mx');
	return [
		{
			...FIELD,
			id: 'spf.missing',
			subject: domain,
			status: 'fail',
			title: `${domain} has no SPF record, so nobody can tell who may send for it.`,
			why: 'Gmail, Yahoo, Microsoft and Apple want SPF from everybody who sends to many; single mails need SPF or DKIM.',
			requiredBy: FOR_BULK,
			fixes: [
				dnsFix(domain, {
					action: 'publish',
					type: 'TXT',
					value: ['v=spf1', ...senders, '~all'].join(' '),
					note:
						addresses.length > 0
							? 'Add "include:" with the name that your mail service gives, if one sends for you too.'
							: WHO_SENDS,
				}),
			],
			source: 'RFC 7208; Gmail, Yahoo, Microsoft and Apple sender guidelines',
		},
	];
}

const WHO_SENDS =
	'"mx" stands for the servers that take your mail. Put in who else sends for you: "ip4:" with the address of your server, or "include:" with the name that your mail service gives.';

async function severalRecords(root: SpfNode, dns: Dns): Promise<Finding> {
	const merged = mergeRecords(root.records);
	const value = repairRecord(await walkSpf(root.domain, dns, merged)) ?? merged;
	const [first = '', ...rest] = root.records;
	return {
		...FIELD,
		id: 'spf.severalRecords',
		subject: root.domain,
		status: 'fail',
		title: `${root.domain} has ${root.records.length} SPF records; only one is allowed.`,
		why: WHY_PERMERROR,
		requiredBy: FOR_BULK,
		fixes: [
			dnsFix(root.domain, { action: 'replace', type: 'TXT', value, oldValue: first }),
			...rest.map((record) =>
				dnsFix(root.domain, { action: 'delete', type: 'TXT', value: record }),
			),
		],
		evidence: root.records,
		source: 'RFC 7208 section 4.5',
	};
}

/** What makes evaluators give up on the record: the first kind found, since mending it may mend others. */
function permanentErrors(tree: SpfTree, domain: string): Finding[] {
	const { root } = tree;
	const mistakes = root.terms.filter((term): term is SpfMistake => term.kind === 'mistake');
	const find = findingMaker({
		area: 'spf',
		subject: domain,
		requiredBy: FOR_BULK,
		source: 'RFC 7208',
	});
	const value = repairRecord(tree);
	const error = (
		id: string,
		title: string,
		evidence: readonly string[],
		note?: string,
		source = 'RFC 7208 section 4.6.4',
	): Finding =>
		find(id, 'fail', title, WHY_PERMERROR, {
			fixes: replaceRecord(root, value, note),
			evidence,
			source,
		});
	if (mistakes.length > 0)
		return [
			error(
				'spf.syntax',
				`The SPF record of ${domain} has a mistake: ${mistakes.map(({ text, problem }) => `"${text}" ${problem}`).join('; ')}.`,
				root.records,
				mistakes.some(({ isJoined }) => isJoined)
					? 'Where a DNS panel keeps a long record in several pieces, readers join them as they are: the space between two terms has to stand within a piece.'
					: undefined,
				'RFC 7208 section 4.6',
			),
		];
	const broken = findBroken(root);
	if (broken) {
		const { child, parent, own } = broken;
		const found = `The SPF record of ${parent.domain} refers to ${child.domain} ("${child.via ?? ''}"), ${BROKEN[child.outcome] ?? 'which is at fault'}.`;
		const id = child.outcome === 'loop' ? 'spf.loop' : 'spf.brokenInclude';
		const evidence = [...root.records, ...child.records];
		if (parent === root)
			return [
				error(
					id,
					found,
					evidence,
					'If that service still sends for you, put in the name that it gives today.',
					'RFC 7208 section 5.2',
				),
			];
		return [
			find(id, 'fail', found, WHY_PERMERROR, {
				fixes: [
					{
						kind: 'setting',
						text: `Only whoever runs ${parent.domain} can mend that: tell them. If they no longer send for you, take "${own.via ?? ''}" out of the SPF record of ${domain}.`,
					},
				],
				evidence,
				source: 'RFC 7208 section 5.2',
			}),
		];
	}
	if (root.lookups > MAX_LOOKUPS)
		return [
			error(
				'spf.tooManyLookups',
				`The SPF record of ${domain} needs ${root.lookups} DNS lookups; ${MAX_LOOKUPS} are allowed.`,
				[...root.records, ...drawTree(root)],
				'Take out services that no longer send for you first. Addresses put in for a name must be renewed when the service changes them; a return path on a subdomain of its own gets ten lookups of its own.',
			),
		];
	if (tree.voids4.length > MAX_VOIDS)
		return [
			error(
				'spf.tooManyVoidLookups',
				`The SPF record of ${domain} refers to ${tree.voids4.length} names that do not exist; ${MAX_VOIDS} are borne with.`,
				[...root.records, ...tree.voids4],
			),
		];
	if (tree.crowdedMx.length > 0)
		return [
			error(
				'spf.tooManyExchangers',
				`The SPF record of ${domain} refers to mail servers by "mx", and that domain has more than ten: ${tree.crowdedMx.join(', ')}.`,
				root.records,
				'Name the servers that really send by "ip4:".',
			),
		];
	return [];
}

const BROKEN: Partial<Record<SpfNode['outcome'], string>> = {
	none: 'which has no SPF record',
	several: 'which has several SPF records',
	loop: 'which leads back to itself',
	tooDeep: 'which goes on without end',
	record: 'whose own record has a mistake in it',
};

interface Broken {
	parent: SpfNode;
	child: SpfNode;
	/** The term of the domain's own record by which it is reached. */
	own: SpfNode;
}

function findBroken(node: SpfNode, reachedBy?: SpfNode): Broken | undefined {
	for (const child of node.children) {
		const own = reachedBy ?? child;
		const isBad =
			child.outcome === 'record'
				? child.terms.some(({ kind }) => kind === 'mistake')
				: child.outcome !== 'unknown';
		if (isBad) return { parent: node, child, own };
		const below = findBroken(child, own);
		if (below) return below;
	}
	return undefined;
}

/** Another record in the place of the one that is there; words where none is known. */
function replaceRecord(root: SpfNode, value: string | undefined, note?: string): Fix[] {
	if (value === undefined) return note === undefined ? [] : [{ kind: 'setting', text: note }];
	const [oldValue] = root.records;
	return [
		dnsFix(root.domain, {
			action: 'replace',
			type: 'TXT',
			value,
			...(oldValue !== undefined && { oldValue }),
			...(note !== undefined && { note }),
		}),
	];
}

/** Whether any sender at all can pass; what cannot be read here may let some. */
function letsAnybody(node: SpfNode): boolean {
	if (node.outcome !== 'record') return true;
	return termsInForce(node.terms).some((term) => {
		if (term.kind === 'mistake') return true;
		if (term.kind === 'mechanism' && term.qualifier !== '+') return false;
		const child = node.children.find(({ via }) => via === term.text);
		return child === undefined || letsAnybody(child);
	});
}

function nobodySends(root: SpfNode): Finding {
	const [record = ''] = root.records;
	const senders = readSpf(record).filter(
		(term) => !(term.kind === 'mechanism' && ['all', 'mx'].includes(term.name)),
	);
	return {
		...FIELD,
		id: 'spf.nobodySends',
		subject: root.domain,
		status: 'fail',
		title: `The SPF record of ${root.domain} lets nobody send for it.`,
		why: 'That is right for a domain that sends no mail. Mail that comes from it nevertheless fails SPF everywhere.',
		requiredBy: FOR_BULK,
		fixes: replaceRecord(root, mendRecord([...readSpf('v=spf1 mx ~all'), ...senders]), WHO_SENDS),
		evidence: root.records,
		source: 'RFC 7208 section 8.4',
	};
}

/** The record works; what is unwise in it. */
function* warnings(tree: SpfTree, domain: string, value: string | undefined): Generator<Finding> {
	const { root } = tree;
	const [record = ''] = root.records;
	const all = allOf(root, tree);
	const find = findingMaker({
		area: 'spf',
		subject: domain,
		requiredBy: ALWAYS,
		source: 'RFC 7208',
	});
	const adviceOn = (advice: string | undefined): Fix[] =>
		value === record || value === undefined
			? [{ kind: 'setting', text: advice ?? FEWER_LOOKUPS }]
			: replaceRecord(root, value, advice);
	const warn = (
		id: string,
		status: 'warning' | 'fail' | 'info',
		title: string,
		why: string,
		more: { advice?: string; evidence?: readonly string[] } = {},
	): Finding =>
		find(id, status, title, why, {
			fixes: status === 'info' ? [] : adviceOn(more.advice),
			evidence: [record, ...(more.evidence ?? [])],
		});
	if (all === '+')
		yield warn(
			'spf.everybodyPasses',
			'fail',
			`The SPF record of ${domain} lets everybody send for it ("+all").`,
			'Anyone can send in your name with a pass, and receivers count such records as a sign of spam.',
		);
	else if (all === '?' || all === undefined)
		yield warn(
			'spf.neutralEnd',
			'warning',
			all === '?'
				? `The SPF record of ${domain} ends in "?all", which says nothing about other senders.`
				: `The SPF record of ${domain} has no "all" at its end, so it says nothing about other senders.`,
			'Mail that others send in your name is not marked. "~all" is right together with DMARC.',
		);
	const wide = root.terms.filter(isWide);
	if (wide.length > 0)
		yield warn(
			'spf.wideRange',
			'warning',
			`The SPF record of ${domain} lets very many addresses send for it: ${wide.map(({ text }) => text).join(', ')}.`,
			'Among so many addresses are some of strangers, who then pass as you.',
			{
				advice:
					'Name only the addresses that really send for you: your mail service or provider can say which ones are yours.',
			},
		);
	if (root.terms.some((term) => term.kind === 'mechanism' && term.name === 'ptr'))
		yield warn(
			'spf.ptr',
			'warning',
			`The SPF record of ${domain} uses "ptr", which is slow and must not be used any more.`,
			'Some receivers skip it, so that your senders do not pass.',
		);
	const skipped = root.terms.filter((term) => term.kind === 'modifier' && term.meant !== undefined);
	if (skipped.length > 0)
		yield warn(
			'spf.equalsSign',
			'warning',
			`In the SPF record of ${domain} nobody reads what is written with "=" where ":" is needed: ${skipped.map(({ text }) => text).join(' ')}.`,
			'Senders that are named there do not pass.',
		);
	const dead = deadTerms(root.terms);
	if (dead.length > 0)
		yield warn(
			'spf.deadTerms',
			'warning',
			`In the SPF record of ${domain} nobody reads what stands after "all": ${dead.map(({ text }) => text).join(' ')}.`,
			'Senders that are named there do not pass.',
		);
	if (root.lookups > GOOD_LOOKUPS)
		yield warn(
			'spf.manyLookups',
			'warning',
			`The SPF record of ${domain} needs ${root.lookups} of the ${MAX_LOOKUPS} DNS lookups that are allowed.`,
			'One more service, or one more lookup at a service that you include, and the whole record is an error.',
			{ advice: FEWER_LOOKUPS, evidence: drawTree(root) },
		);
	const lost = lostIn(tree);
	if (lost.length > 0)
		yield warn(
			'spf.voidLookups',
			'warning',
			`The SPF record of ${domain} has parts that lead to nothing: ${lost.join(', ')}.`,
			`More than ${MAX_VOIDS} of these make the whole record an error.`,
		);
	if (record.length > MAX_RECORD)
		yield warn(
			'spf.longRecord',
			'info',
			`The SPF record of ${domain} is ${record.length} characters long.`,
			'Answers over 512 bytes need more of a name server, and a few old receivers do not get them. Networks ("ip4:192.0.2.0/24") in place of single addresses make it shorter.',
		);
	if (tree.bySender.length > 0)
		yield warn(
			'spf.dependsOnSender',
			'info',
			`Parts of the SPF record of ${domain} depend on the sender and cannot be looked up here: ${tree.bySender.join(', ')}.`,
			'Give the addresses that you send from to have them tried.',
		);
}

const FEWER_LOOKUPS =
	'Take out services that no longer send for you first. Addresses put in for a name must be renewed when the service changes them.';

/** `"a" (example.com has no address)`; what is lost further down, by its name alone. */
function lostIn(tree: SpfTree): string[] {
	const { root } = tree;
	const own = emptyTerms(tree).map(
		({ text, name, domain = root.domain }) =>
			`"${text}" (${domain} has no ${name === 'mx' ? 'mail server' : 'address'})`,
	);
	return own.length > 0 ? own : tree.voids4;
}

const MAX_RECORD = 450;

/** The qualifier of the `all` in force, through `redirect` too. */
function allOf(node: SpfNode, tree: SpfTree): string | undefined {
	const [last] = termsInForce(node.terms).slice(-1);
	if (last?.kind === 'mechanism' && last.name === 'all') return last.qualifier;
	if (last?.kind !== 'modifier') return undefined;
	const target = node.children.find(({ via }) => via === last.text);
	// What cannot be read here is not held against the record.
	return target?.outcome === 'record' ? allOf(target, tree) : '~';
}

function isWide(term: SpfTerm): boolean {
	if (term.kind !== 'mechanism' || term.qualifier !== '+') return false;
	const isIp4 = term.name === 'ip4' || term.name === 'a' || term.name === 'mx';
	if (isIp4 && term.prefix4 !== undefined && term.prefix4 < 16) return true;
	return term.name === 'ip6' && term.prefix6 !== undefined && term.prefix6 < 32;
}

function deadTerms(terms: readonly SpfTerm[]): SpfTerm[] {
	const inForce = new Set(termsInForce(terms));
	return terms.filter(
		(term) => !inForce.has(term) && (term.kind !== 'modifier' || term.name === 'redirect'),
	);
}

interface Tried {
	address: string;
	result: string;
}

async function tryAddress(address: string, domain: string, dns: Dns): Promise<Tried> {
	const { result } = await evaluateSpf({
		ip: address,
		helo: domain,
		mailFrom: `postmaster@${domain}`,
		resolver: asNodeResolver(dns),
	});
	return { address, result };
}

function isRefusal(result: string): boolean {
	return result !== 'pass' && result !== 'temperror';
}

function describeTry(
	{ address, result }: Tried,
	domain: string,
	root: SpfNode,
	value: string | undefined,
): Finding {
	const base = {
		...FIELD,
		subject: address,
		requiredBy: FOR_BULK,
		evidence: [...root.records, `${address}: ${result}`],
		source: 'RFC 7208 section 4',
	} as const;
	if (result === 'pass')
		return {
			...base,
			id: 'spf.addressPasses',
			status: 'pass',
			title: `${address} may send for ${domain}.`,
			why: 'Receivers see SPF pass for mail from there.',
		};
	if (result === 'temperror')
		return {
			...base,
			id: 'spf.addressUnknown',
			status: 'unknown',
			title: `Whether ${address} may send for ${domain} could not be looked up.`,
			why: 'The DNS did not answer all that the record asks for.',
		};
	return {
		...base,
		id: 'spf.addressNotAllowed',
		status: 'fail',
		title: `The SPF record of ${domain} does not name ${address}; receivers see "${result}" for mail from there.`,
		why: 'Mail from this address counts as sent by a stranger.',
		fixes: replaceRecord(root, value),
	};
}

function sound(tree: SpfTree, domain: string): Finding {
	return {
		...FIELD,
		id: 'spf.sound',
		subject: domain,
		status: 'pass',
		title: `${domain} has a sound SPF record (${tree.root.lookups} of ${MAX_LOOKUPS} DNS lookups).`,
		why: 'Receivers can tell your senders from others.',
		requiredBy: FOR_BULK,
		evidence: [...tree.root.records, ...drawTree(tree.root)],
		source: 'RFC 7208',
	};
}

function unanswered(domain: string, reason: string): Finding {
	return {
		...FIELD,
		id: 'spf.unknown',
		subject: domain,
		status: 'unknown',
		title: `The SPF record of ${domain} could not be looked up: ${reason}.`,
		why: 'Nothing is known, so nothing is held against the domain. Try again later.',
		requiredBy: FOR_BULK,
		source: 'RFC 7208 section 4.4',
	};
}

function partlyUnanswered(domain: string, tree: SpfTree): Finding {
	return {
		...unanswered(domain, tree.unanswered.slice(0, 3).join('; ')),
		id: 'spf.partlyUnknown',
		title: `A part of what the SPF record of ${domain} refers to could not be looked up.`,
		evidence: tree.unanswered.slice(0, 20),
	};
}

/** One line a domain, indented by depth, with its lookups: how the count comes about. */
function drawTree(node: SpfNode, depth = 0): string[] {
	const line = `${'  '.repeat(depth)}${node.via ?? node.domain}: ${node.lookups} lookups`;
	return [line, ...node.children.flatMap((child) => drawTree(child, depth + 1))].slice(0, 100);
}

/** What follows a misspelt version, read as if it were right. */
function afterVersion(almost: string): SpfTerm[] {
	const terms = almost
		.replace(/["'\u201c\u201d\u2018\u2019]/g, '')
		.replace(/^\s*v\s*[=:]\s*spf\s*1?[\s;,:]*/i, '')
		.replace(/[;,]/g, ' ');
	return readSpf(`v=spf1 ${terms}`);
}
