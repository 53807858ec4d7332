/** Asks the DNS as `node:dns/promises` does: rejects with `code` ENOTFOUND, ENODATA, ETIMEOUT and so on. */
export interface NodeStyleResolver {
	resolve(name: string, type: string): Promise<unknown[]>;
}

export interface SpfQuestion {
	/** The address that the mail comes from, IPv4 or IPv6. */
	ip: string;
	/** What the client says in EHLO. */
	helo: string;
	/** The envelope sender; empty for a bounce, for which `helo` is checked instead. */
	mailFrom: string;
	resolver: NodeStyleResolver;
	/** How long the whole evaluation may take, in ms; after that the result is `temperror`. */
	maxElapsedMs?: number;
}

export type SpfVerdict =
	'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'temperror' | 'permerror';

export interface SpfEvaluation {
	result: SpfVerdict;
	/** What the domain's owner says to those who are refused (RFC 7208 section 6.2): text of a stranger. */
	explanation?: string;
	/** Why, where the record is at fault. */
	comment?: string;
}

/**
 * What a receiver that follows RFC 7208 to the letter makes of this sender: `check_host()` of its
 * section 4, with its limits of lookups.
 */
export async function evaluateSpf(question: SpfQuestion): Promise<SpfEvaluation> {
	// Loaded with the first question: most who load this package never ask one.
	const { spf } = await import('mailauth/lib/spf/index.js');
	const { ip, helo, mailFrom, resolver, maxElapsedMs = 20_000 } = question;
	const { status, explanation } = await spf({
		ip,
		helo,
		...(mailFrom !== '' && { sender: mailFrom }),
		mta: 'receiver.invalid',
		strict: true,
		maxElapsedTime: maxElapsedMs,
		resolver: async (name: string, type: string) =>
			(await resolver.resolve(name, type)) as string[],
	});
	return {
		result: status.result as SpfVerdict,
		...(explanation !== undefined && { explanation }),
		...(status.comment && { comment: status.comment }),
	};
}
