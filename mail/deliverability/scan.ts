import { domainOf } from './message-read';
import { BY_NONE } from './finding';
import type { Finding } from './finding';
import { findingMaker } from './finding-maker';

/** A mail as a spam filter is asked about it. */
export interface ScanQuestion {
	/** The whole message (RFC 5322). */
	raw: Buffer;
	/** The envelope's addresses, as far as they are known. */
	from?: string;
	to: readonly string[];
	signal?: AbortSignal;
}

/** One rule of a filter that applies to the mail. */
export interface ScannedRule {
	name: string;
	/** Points; negative ones speak for the mail. */
	score: number;
	/** What it looks at, in the filter's words; empty where it has none. */
	text: string;
	/** What the mail says, or by whom and how it came: nobody has brought a mail that is not sent yet. */
	about: 'mail' | 'way';
}

export type Scan =
	| {
			outcome: 'judged';
			score: number;
			/** From so many points on the filter calls a mail spam, or refuses it. */
			threshold: number;
			does: 'takes' | 'lets wait' | 'marks' | 'refuses';
			/** The filter's own word for that. */
			action: string;
			/** Those that gave or took points, the worst first. */
			rules: ScannedRule[];
	  }
	| { outcome: 'unknown'; reason: string };

/** A spam filter that can be asked. Never rejects. */
export interface Scanner {
	name: 'rspamd' | 'SpamAssassin';
	scan(question: ScanQuestion): Promise<Scan>;
}

const MAX_RULES = 100;
/** Why a filter could not be asked, in words: of Node's codes those that a user can do something about. */
export function reasonOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	if (!(cause instanceof Error)) return String(cause).slice(0, 300);
	const { code = '', message } = cause as NodeJS.ErrnoException;
	return REASONS[code] ?? message.slice(0, 300);
}

const REASONS: Partial<Record<string, string>> = {
	ECONNREFUSED: 'nobody answers at that address and port',
	ECONNRESET: 'it hung up',
	EHOSTUNREACH: 'there is no way from here to that address',
	ENETUNREACH: 'there is no way from here to that address',
	ENOTFOUND: 'there is no server of that name',
	EAI_AGAIN: 'the name of the server could not be looked up',
};

/** Every scan ends by then, in ms. */
export const SCAN_MS = 30_000;

/** Rules in the order in which a person reads them; those that count nothing are left out. */
export function sortRules(rules: readonly ScannedRule[]): ScannedRule[] {
	return rules
		.filter(({ score }) => Number.isFinite(score) && score !== 0)
		.toSorted((one, other) => other.score - one.score || one.name.localeCompare(other.name))
		.slice(0, MAX_RULES)
		.map(({ text, name, ...rule }) => ({
			...rule,
			name: name.slice(0, 100),
			text: text.slice(0, 300),
		}));
}

/** What the user's own filter makes of the mail. No receiver requires it: each has its own filter. */
export function describeScan(name: Scanner['name'], scan: Scan): Finding {
	const find = findingMaker({ area: 'filter', subject: name, requiredBy: BY_NONE, source: name });
	if (scan.outcome === 'unknown')
		return find(
			'filter.unknown',
			'unknown',
			`${name} did not judge the mail: ${scan.reason}.`,
			'Nothing is known, so nothing is held against the mail.',
		);
	const { id, status, words } = DEEDS[scan.does];
	const limit = `${scan.does === 'takes' ? 'and it' : 'it'} ${name === 'rspamd' ? 'refuses' : 'takes it for spam'} from ${round(scan.threshold)} on`;
	const ofTheWay = scan.rules
		.filter(({ about, score }) => about === 'way' && score > 0)
		.reduce((sum, { score }) => sum + score, 0);
	return find(
		`filter.${id}`,
		status,
		`${name} ${words}: ${round(scan.score)} points; ${limit}.`,
		[
			'The points are those of your own filter; other receivers judge by themselves.',
			...(ofTheWay > 0
				? [
						`${round(ofTheWay)} of them are about the way the mail came: a mail that is not sent yet has none, so they may not count.`,
					]
				: []),
		].join(' '),
		{
			evidence: scan.rules.map(describeRule),
			fixes:
				status === 'warning' || status === 'fail'
					? [{ kind: 'setting', text: adviceOn(scan.rules) }]
					: [],
		},
	);
}

const DEEDS = {
	takes: { id: 'good', status: 'pass', words: 'takes the mail for good' },
	'lets wait': { id: 'wait', status: 'info', words: 'would let the mail wait first' },
	marks: { id: 'spam', status: 'warning', words: 'would mark the mail as spam' },
	refuses: { id: 'refused', status: 'fail', words: 'would refuse the mail' },
} as const;

function describeRule({ score, name, text, about }: ScannedRule): string {
	const sign = score > 0 ? '+' : '';
	return `${sign}${round(score)} ${name}${text === '' ? '' : `: ${text}`}${about === 'way' ? ' (about the way it came)' : ''}`;
}

function adviceOn(rules: readonly ScannedRule[]): string {
	const heaviest = rules
		.filter(({ score, about }) => score > 0 && about === 'mail')
		.slice(0, 3)
		.map(({ name, text }) => (text === '' ? name : `${text} (${name})`));
	return heaviest.length === 0
		? 'The points come from the way the mail came, and not from what it says: look at it with the operations Domain and Server.'
		: `Change first what gave most points: ${heaviest.join('; ')}.`;
}

function round(points: number): number {
	return Math.round(points * 10) / 10;
}

/** The addresses in a header field's value, up to `most`. */
export function addressesIn(value: string, most: number): string[] {
	return value
		.split(/[\s<>,;:"()]+/)
		.filter((word) => word.length <= 254 && word.includes('@') && domainOf(word) !== '')
		.slice(0, most);
}
