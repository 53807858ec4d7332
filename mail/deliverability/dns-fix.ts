import { getDomain } from 'tldts';

import type { Fix } from './finding';

type DnsFix = Extract<Fix, { kind: 'dns' }>;

/** A change of one record, with its name as a DNS panel wants it. */
export function dnsFix(
	name: string,
	change: Pick<DnsFix, 'action' | 'type' | 'value'> & Pick<Partial<DnsFix>, 'oldValue' | 'note'>,
): Fix {
	// The owner of an address block sets it by the address, in no zone of the user's.
	const host = change.type === 'PTR' ? name : panelHost(name);
	return { kind: 'dns', host, name, ...change };
}

/** The name within its zone, taken for the registered domain: `_dmarc`, or `@` for the domain itself. */
function panelHost(name: string): string {
	const zone = organisation(name);
	return name === zone ? '@' : name.slice(0, -zone.length - 1);
}

/**
 * The registered domain by the Public Suffix List: what readers of RFC 7489 and blocklists go by. A name
 * that has none, such as a suffix itself, stands for itself.
 */
export function organisation(name: string): string {
	return getDomain(name, { allowPrivateDomains: true }) ?? name;
}
