/*
 * What a DMARC record should be instead: as little changed as makes it good, and all of it at once, so that
 * every finding about a record advises the same one.
 */
import type { Tag } from '../message/tag-list';
import { readTagList } from '../message/tag-list';
import type { DmarcRecord } from './dmarc-discovery';
import { readReportAddresses } from './dmarc-reports';

const REMOVED: ReadonlySet<string> = new Set(['pct', 'rf', 'ri']);
const POLICIES: ReadonlySet<string> = new Set(['none', 'quarantine', 'reject']);
const STRENGTH: Partial<Record<string, number>> = { none: 0, quarantine: 1, reject: 2 };

/** What RFC 9989 took out (its appendix C). */
export function isRemovedTag({ name }: Tag): boolean {
	return REMOVED.has(name.toLowerCase());
}

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';

export function isPolicy(text: string | undefined): text is DmarcPolicy {
	return POLICIES.has(text ?? '');
}

/** `none` 0, `quarantine` 1, `reject` 2; what is no policy -1. */
export function strength(policy: string | undefined): number {
	return STRENGTH[policy?.toLowerCase() ?? ''] ?? -1;
}

/** `adkim` and `aspf` know `r` and `s`; some readers refuse the whole record for another word. */
export function isUnreadable({ name, value }: Tag): boolean {
	return /^a(?:dkim|spf)$/i.test(name) && !/^[rs]$/i.test(value);
}

export function simpleRecord(domain: string): string {
	return `v=DMARC1; p=none; rua=mailto:postmaster@${domain}`;
}

/** @param relaxed take strict alignment out, which mail of the domain does not keep */
export function mendRecord({ tags, domain }: DmarcRecord, relaxed = false): string {
	const { tags: all } = tags;
	const p = tags.get('p')?.toLowerCase();
	const kept = all
		.filter(({ name, value }) => !(/^psd$/i.test(name) && /^y$/i.test(value)))
		.filter(({ name }) => !(relaxed && /^a(?:dkim|spf)$/i.test(name)))
		.map((tag) =>
			/^[sn]p$/i.test(tag.name) && /^none$/i.test(tag.value) && strength(p) > 0
				? { name: tag.name, value: p ?? '' }
				: tag,
		);
	return writeRecord(kept, domain);
}

/** The same wishes in a record that can be read, of one that does not begin as it should. */
export function mendMisspelt(misspelt: string, domain: string): string {
	const plain = misspelt
		.slice(0, 2_000)
		.replace(/["\u201c\u201d]/g, '')
		.replace(/v\s*=\s*dmarc\s*1?[\s,:]*(?=;|p|$)/i, '');
	const parted = plain.includes(';')
		? plain
		: plain
				.split(/\s+/)
				.map((word) => (/^[a-z]{1,5}=/i.test(word) ? `; ${word}` : word))
				.join('');
	const { tags } = readTagList(parted.replace(/,\s*(?=[a-z]+\s*=)/gi, ';'));
	return writeRecord(
		tags.filter(({ name }) => name.toLowerCase() !== 'v'),
		domain,
	);
}

function writeRecord(tags: readonly Tag[], domain: string): string {
	const known = new Map<string, string>();
	for (const tag of tags) {
		const name = tag.name.toLowerCase();
		if (!known.has(name) && !isRemovedTag(tag))
			known.set(name, isUnreadable(tag) ? tag.value.slice(0, 1).toLowerCase() : tag.value);
	}
	const policy = known.get('p')?.toLowerCase() ?? '';
	for (const name of ['p', 'v']) known.delete(name);
	for (const name of ['sp', 'np'])
		if (!isPolicy(known.get(name)?.toLowerCase() ?? 'none')) known.delete(name);
	for (const name of ['adkim', 'aspf'])
		if (!/^[rs]$/i.test(known.get(name) ?? 'r')) known.delete(name);
	const { readable } = readReportAddresses(known.get('rua') ?? '');
	known.set('rua', readable.join(',') || `mailto:postmaster@${domain}`);
	const rest = [...known].map(([name, value]) => `${name}=${value}`);
	return ['v=DMARC1', `p=${isPolicy(policy) ? policy : 'none'}`, ...rest].join('; ');
}
