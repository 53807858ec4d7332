/*
 * What a broken record should be instead: as little changed as makes it good. The test zoo publishes
 * what is advised here and looks again.
 */
import { isIPv6 } from 'node:net';

import { readSpf } from './spf-record';
import type { SpfMechanism, SpfTerm } from './spf-record';
import { GOOD_LOOKUPS, lookupKey, MAX_LOOKUPS, termsInForce } from './spf-tree';
import type { SpfNode, SpfTree } from './spf-tree';

/** One record of several: every mechanism once, the mildest `all` that anybody asked for. */
export function mergeRecords(records: readonly string[]): string {
	return writeRecord(
		records
			.flatMap((record) => readSpf(record))
			// Beside the others' mechanisms and `all` nobody would follow it.
			.flatMap((term) =>
				term.kind === 'modifier' && term.name === 'redirect'
					? readSpf(`v=spf1 include:${term.value}`)
					: [term],
			),
	);
}

/** The terms without what is wrong in them: mistakes mended or left out, nothing twice, one `all` at its end. */
export function mendRecord(terms: readonly SpfTerm[]): string {
	return writeRecord(terms);
}

/**
 * The record with all that is wrong in it mended at once, so that every finding about it advises the same.
 * Undefined where no record is known that helps.
 *
 * @param senders addresses that the record does not let through yet
 */
export function repairRecord(tree: SpfTree, senders: readonly string[] = []): string | undefined {
	const { root } = tree;
	const dead = new Set(root.children.filter(isDead).map(({ via }) => via));
	const isEmpty = new Set<SpfTerm>(emptyTerms(tree));
	const terms = root.terms
		.flatMap((term) =>
			isEmpty.has(term) ? readSpf(`v=spf1 ${serverMeantBy(term, tree)}`) : [term],
		)
		.filter(
			({ text }) =>
				!dead.has(text) && !tree.crowdedMx.some((crowded) => crowded.startsWith(`${text} `)),
		);
	const added = senders.map((address) => `${isIPv6(address) ? 'ip6' : 'ip4'}:${address}`);
	return shorten([...readSpf(`v=spf1 ${added.join(' ')}`), ...terms], tree);
}

/** `mx:` with the name of a server is meant as `a:`; nothing where no server is called so. */
function serverMeantBy(term: SpfTerm, { addresses }: SpfTree): string {
	if (term.kind !== 'mechanism' || term.name !== 'mx' || term.domain === undefined) return '';
	return addresses.has(lookupKey('a', term.domain)) ? term.text.replace(/mx/i, 'a') : '';
}

/** The record's own terms that stand for no address, by whichever family a sender comes. */
export function emptyTerms({ root, empty }: SpfTree): SpfMechanism[] {
	return root.terms.filter(
		(term): term is SpfMechanism =>
			term.kind === 'mechanism' && empty.has(lookupKey(term.name, term.domain ?? root.domain)),
	);
}

/**
 * With lookups to spare: names give way to the addresses that they stand for, the costliest first.
 * Undefined where that does not help.
 */
function shorten(given: readonly SpfTerm[], tree: SpfTree): string | undefined {
	const { root } = tree;
	const hasAll = given.some((term) => term.kind === 'mechanism' && term.name === 'all');
	let terms = given.filter(
		(term, index, all) =>
			all.findIndex((other) => other.text === term.text) === index &&
			!(hasAll && term.kind === 'modifier' && term.name === 'redirect'),
	);
	const costs = (term: SpfTerm) => costOf(term, root);
	const total = () => terms.reduce((sum, term) => sum + costs(term), 0);
	while (total() > GOOD_LOOKUPS) {
		const costliest = terms
			.filter((term) => costs(term) > 0)
			.map((term) => ({ term, addresses: addressesOf(term, root, tree) }))
			.filter(({ addresses }) => addresses !== undefined)
			.sort((one, other) => costs(other.term) - costs(one.term))[0];
		if (!costliest) break;
		const { term, addresses = [] } = costliest;
		terms = terms.flatMap((each) =>
			each === term ? readSpf(`v=spf1 ${addresses.join(' ')}`) : [each],
		);
	}
	if (total() > MAX_LOOKUPS) return undefined;
	const text = writeRecord(terms);
	return text.length <= MAX_SENSIBLE ? text : undefined;
}

/** Longer records do not fit into one DNS answer over UDP with the rest of a domain's TXT records. */
const MAX_SENSIBLE = 2_000;

/** A record that makes an error of whoever refers to it. */
function isDead({ outcome, terms }: SpfNode): boolean {
	return outcome === 'record'
		? terms.some(({ kind }) => kind === 'mistake')
		: outcome !== 'unknown';
}

function costOf(term: SpfTerm, root: SpfNode): number {
	if (term.kind === 'mistake') return 0;
	const child = root.children.find(({ via }) => via === term.text);
	if (child) return 1 + child.lookups;
	if (term.kind === 'modifier') return term.name === 'redirect' ? 1 : 0;
	return term.name === 'all' || term.name === 'ip4' || term.name === 'ip6' ? 0 : 1;
}

/** A term as the `ip4` and `ip6` that it stands for; undefined where they are not all known. */
function addressesOf(term: SpfTerm, node: SpfNode, tree: SpfTree): string[] | undefined {
	if (term.kind !== 'mechanism') return undefined;
	if (term.qualifier !== '+') return undefined;
	if (term.name === 'ip4' || term.name === 'ip6') return [term.text];
	if (term.name === 'include') {
		const child = node.children.find(({ via }) => via === term.text);
		if (child?.outcome !== 'record') return undefined;
		const parts = termsInForce(child.terms)
			.filter((each) => !(each.kind === 'mechanism' && each.name === 'all'))
			.map((each) => addressesOf(each, child, tree));
		return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
	}
	if (term.name === 'a' || term.name === 'mx') {
		if (term.prefix4 !== undefined || term.prefix6 !== undefined) return undefined;
		const known = tree.addresses.get(lookupKey(term.name, term.domain ?? node.domain));
		return known?.map((address) => (address.includes(':') ? `ip6:${address}` : `ip4:${address}`));
	}
	return undefined;
}

function writeRecord(terms: readonly SpfTerm[]): string {
	const kept: string[] = [];
	let all: SpfMechanism | undefined;
	let redirect: string | undefined;
	for (const term of terms) {
		if (term.kind === 'mistake') {
			// Two terms may have been joined to one.
			for (const meant of term.meant === undefined ? [] : readSpf(`v=spf1 ${term.meant}`))
				if (meant.kind === 'mechanism' && meant.name === 'all') all = mildest(all, meant);
				else if (meant.kind !== 'mistake') kept.push(meant.text);
		} else if (term.kind === 'modifier') {
			if (term.meant !== undefined) kept.push(term.meant);
			else if (term.name === 'redirect') redirect ??= term.text;
			else if (term.name === 'exp' && !kept.some((text) => /^exp=/i.test(text)))
				kept.push(term.text);
		} else if (term.name === 'all') all = mildest(all, term);
		else if (term.name !== 'ptr') kept.push(term.text);
	}
	const end = all ? `${all.qualifier === '-' ? '-' : '~'}all` : (redirect ?? '~all');
	const once = new Map(kept.map((text) => [text.toLowerCase().replace(/^\+|\.$/g, ''), text]));
	return ['v=spf1', ...once.values(), end].join(' ');
}

/** Of two `all`, the one that refuses less; what lets everybody in becomes `~all` when it is written. */
function mildest(one: SpfMechanism | undefined, other: SpfMechanism): SpfMechanism {
	if (!one) return other;
	return one.qualifier === '-' ? other : one;
}
