import { dnsName } from './dns';
import type { Dns } from './dns';
import { isSpfRecord, readSpf } from './spf-record';
import type { SpfMechanism, SpfTerm } from './spf-record';

/** One domain's record, and those that it includes. */
export interface SpfNode {
	domain: string;
	/** The term of the parent's record that leads here; none for the record that was asked for. */
	via?: string;
	outcome: 'record' | 'none' | 'several' | 'unknown' | 'loop' | 'tooDeep';
	/** The records found; more than one is an error. */
	records: string[];
	terms: SpfTerm[];
	/** DNS lookups that count (RFC 7208 section 4.6.4): those of this record and of all below. */
	lookups: number;
	children: SpfNode[];
	/** For `unknown`: why. */
	reason?: string;
}

/** All that an evaluator would look up, were no mechanism to match before the end. */
export interface SpfTree {
	root: SpfNode;
	/** Names that have no record of the kind asked for: for a sender by IPv4, and by IPv6. */
	voids4: string[];
	voids6: string[];
	/** `a`, `mx` and `exists` that stand for nothing, by `lookupKey`. */
	empty: Set<string>;
	/** `mx` mechanisms that stand for more than ten names. */
	crowdedMx: string[];
	/** What the DNS did not answer. */
	unanswered: string[];
	/** Terms whose names depend on the sender (macros). */
	bySender: string[];
	/** The addresses that `a` and `mx` stand for, by the mechanism's domain and name: `mx example.com`. */
	addresses: Map<string, string[]>;
}

export const MAX_LOOKUPS = 10;
/** With no more than these, a service that includes one more does not break the record. */
export const GOOD_LOOKUPS = 7;
export const MAX_VOIDS = 2;
const MAX_MX = 10;
/** Beyond the limits a tree is still shown, but not without end. */
const MAX_DEPTH = 12;
const MAX_NODES = 80;

/**
 * Reads a domain's SPF record and all that it includes.
 *
 * @param instead a record that is thought of in the place of the one that is there
 */
export async function walkSpf(domain: string, dns: Dns, instead?: string): Promise<SpfTree> {
	const walk = new Walk(dns);
	const root = await walk.visit(domain, undefined, [], instead);
	return { root, ...walk.found };
}

export function lookupKey(name: string, domain: string): string {
	return `${name} ${domain.toLowerCase()}`;
}

class Walk {
	readonly found: Omit<SpfTree, 'root'> = {
		voids4: [],
		voids6: [],
		empty: new Set(),
		crowdedMx: [],
		unanswered: [],
		bySender: [],
		addresses: new Map(),
	};
	private nodes = 0;

	constructor(private readonly dns: Dns) {}

	async visit(
		domain: string,
		via: string | undefined,
		path: readonly string[],
		instead?: string,
	): Promise<SpfNode> {
		const name = dnsName(domain) ?? domain.toLowerCase();
		const node: SpfNode = {
			domain: name,
			...(via !== undefined && { via }),
			outcome: 'record',
			records: [],
			terms: [],
			lookups: 0,
			children: [],
		};
		this.nodes += 1;
		if (path.includes(name)) return { ...node, outcome: 'loop' };
		if (path.length >= MAX_DEPTH || this.nodes > MAX_NODES) return { ...node, outcome: 'tooDeep' };
		const answer = await this.dns.lookUp(name, 'TXT');
		if (answer.outcome === 'unknown') {
			this.found.unanswered.push(`TXT ${name}: ${answer.reason}`);
			return { ...node, outcome: 'unknown', reason: answer.reason };
		}
		if (instead !== undefined) node.records = [instead];
		else if (answer.outcome === 'records')
			node.records = answer.records.map(({ text }) => text).filter(isSpfRecord);
		const [record, ...more] = node.records;
		if (record === undefined) return { ...node, outcome: 'none' };
		if (more.length > 0) return { ...node, outcome: 'several' };
		node.terms = readSpf(record);
		for (const term of termsInForce(node.terms)) await this.count(term, node, [...path, name]);
		return node;
	}

	private async count(term: SpfTerm, node: SpfNode, path: readonly string[]): Promise<void> {
		const target = targetOf(term, node.domain);
		if (target === undefined) return;
		node.lookups += 1;
		if (target.includes('%')) {
			this.found.bySender.push(term.text);
			return;
		}
		if (term.kind === 'modifier' || (term.kind === 'mechanism' && term.name === 'include')) {
			const child = await this.visit(target, term.text, path);
			if (child.outcome === 'none') {
				this.found.voids4.push(child.domain);
				this.found.voids6.push(child.domain);
			}
			node.lookups += child.lookups;
			node.children.push(child);
		} else if (term.kind === 'mechanism') await this.lookUpAddresses(term, target);
	}

	private async lookUpAddresses({ name, text }: SpfMechanism, target: string): Promise<void> {
		if (name === 'ptr') return;
		if (name === 'exists') {
			const answer = await this.dns.lookUp(target, 'A');
			if (answer.outcome === 'none') {
				this.found.voids4.push(target);
				this.found.voids6.push(target);
				this.found.empty.add(lookupKey(name, target));
			} else if (answer.outcome === 'unknown') this.unanswered('A', target, answer.reason);
			return;
		}
		const hosts = name === 'mx' ? await this.exchanges(target, text) : [target];
		const addresses: string[] = [];
		for (const host of hosts) {
			const [four, six] = await Promise.all([
				this.dns.lookUp(host, 'A'),
				this.dns.lookUp(host, 'AAAA'),
			]);
			if (four.outcome === 'records') addresses.push(...four.records);
			if (six.outcome === 'records') addresses.push(...six.records);
			if (four.outcome === 'unknown') this.unanswered('A', host, four.reason);
			if (six.outcome === 'unknown') this.unanswered('AAAA', host, six.reason);
			if (name === 'a') {
				if (four.outcome === 'none') this.found.voids4.push(host);
				if (six.outcome === 'none') this.found.voids6.push(host);
				if (four.outcome === 'none' && six.outcome === 'none')
					this.found.empty.add(lookupKey(name, target));
			}
		}
		this.found.addresses.set(lookupKey(name, target), addresses);
	}

	private async exchanges(domain: string, text: string): Promise<string[]> {
		const answer = await this.dns.lookUp(domain, 'MX');
		if (answer.outcome === 'unknown') this.unanswered('MX', domain, answer.reason);
		if (answer.outcome === 'none') {
			this.found.voids4.push(domain);
			this.found.voids6.push(domain);
			this.found.empty.add(lookupKey('mx', domain));
			// A server was named where its domain belongs: it is known by its address.
			const [four, six] = await Promise.all([
				this.dns.lookUp(domain, 'A'),
				this.dns.lookUp(domain, 'AAAA'),
			]);
			const own = [four, six].flatMap((each) => (each.outcome === 'records' ? each.records : []));
			if (own.length > 0) this.found.addresses.set(lookupKey('a', domain), own);
		}
		if (answer.outcome !== 'records') return [];
		if (answer.records.length > MAX_MX) this.found.crowdedMx.push(`${text} (${domain})`);
		return answer.records.slice(0, MAX_MX).map(({ exchange }) => exchange);
	}

	private unanswered(type: string, name: string, reason: string): void {
		this.found.unanswered.push(`${type} ${name}: ${reason}`);
	}
}

/** Terms after `all` are never reached, and neither is `redirect` beside it (RFC 7208 section 5.1). */
export function termsInForce(terms: readonly SpfTerm[]): SpfTerm[] {
	const mechanisms = terms.filter(({ kind }) => kind !== 'modifier');
	const all = mechanisms.findIndex((term) => term.kind === 'mechanism' && term.name === 'all');
	if (all >= 0) return mechanisms.slice(0, all + 1);
	const redirect = terms.find((term) => term.kind === 'modifier' && term.name === 'redirect');
	return redirect ? [...mechanisms, redirect] : mechanisms;
}

/** The name that a term makes an evaluator look up; none for terms that cost no lookup. */
function targetOf(term: SpfTerm, domain: string): string | undefined {
	if (term.kind === 'mistake') return undefined;
	if (term.kind === 'modifier') return term.name === 'redirect' ? term.value : undefined;
	if (term.name === 'all' || term.name === 'ip4' || term.name === 'ip6') return undefined;
	return term.domain ?? domain;
}
