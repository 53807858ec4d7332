/*
 * The words of every deliverability check. A check looks at one thing and returns findings; it never
 * throws for what it looked at: what could not be learned is `unknown`, and `unknown` blames nobody.
 */

/**
 * `pass`: as it should be. `info`: worth knowing, nothing to do. `warning`: mail is accepted, yet some
 * readers mind. `fail`: receivers refuse or mistrust mail for this. `unknown`: it could not be looked
 * at (no answer, a refusal to answer, a blocked port), which is never held against the sender.
 */
export type FindingStatus = 'pass' | 'info' | 'warning' | 'fail' | 'unknown';

/** The receivers for whom a verdict is given; their pages name what they require. */
export const RECEIVERS = ['gmail', 'yahoo', 'microsoft', 'apple'] as const;
export type Receiver = (typeof RECEIVERS)[number];

/** Single mails that a person waits for, or mail to many: receivers ask more of the second. */
export type MailProfile = 'transactional' | 'bulk';

/** The check's field of knowledge, by which reports group. */
export type CheckArea =
	| 'spf'
	| 'dkim'
	| 'dmarc'
	| 'mx'
	| 'receiving'
	| 'brand'
	| 'server'
	| 'reputation'
	| 'content'
	| 'filter'
	| 'roundTrip';

/** What to change, so exactly that it can be copied. */
export type Fix =
	| {
			kind: 'dns';
			/** What is done with the record. */
			action: 'publish' | 'replace' | 'delete';
			/** As a DNS panel wants it, without the zone: `_dmarc`, or `@` for the zone itself. */
			host: string;
			/** The whole name, without a final dot: `_dmarc.example.com`. */
			name: string;
			type: 'TXT' | 'CNAME' | 'MX' | 'A' | 'AAAA' | 'PTR' | 'TLSA';
			/** The record's content; for `delete`, the content to delete. */
			value: string;
			/** The content that `replace` takes the place of. */
			oldValue?: string;
			/** For whom else this is to be done, such as the owner of an address block. */
			note?: string;
	  }
	| {
			/** Something in a program, a provider's panel or the mail itself. */
			kind: 'setting';
			text: string;
	  };

export interface Finding {
	/** Stable and telling, `area.what`: `spf.tooManyLookups`, `dmarc.missing`. */
	id: string;
	area: CheckArea;
	/** What was looked at: a domain, a record's name, an address, a list, a part of the mail. */
	subject: string;
	status: FindingStatus;
	/** One plain sentence: what was found. */
	title: string;
	/** One or two plain sentences: what it does to mail. */
	why: string;
	/**
	 * Who requires it, by profile of mail. A receiver that is not named does not hold it against the
	 * sender; `fail` and `warning` count for the receivers named, and `info` and `pass` for none.
	 */
	requiredBy: Partial<Record<MailProfile, readonly Receiver[]>>;
	fixes: readonly Fix[];
	/** What was seen, verbatim and bounded: records, answers, replies. Hostile text, escape it. */
	evidence: readonly string[];
	/** Where the rule is written: `RFC 7208 section 4.6.4`, or the name of a provider's page. */
	source: string;
}

/** For `requiredBy`: every receiver, for every mail. */
export const ALWAYS: Finding['requiredBy'] = { transactional: RECEIVERS, bulk: RECEIVERS };
/** For `requiredBy`: every receiver, for mail to many. */
export const FOR_BULK: Finding['requiredBy'] = { bulk: RECEIVERS };
/** For `requiredBy`: no receiver refuses or files mail for it. */
export const BY_NONE: Finding['requiredBy'] = {};
