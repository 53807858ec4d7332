import { addressesIn, sameAddress } from './addresses';
import type { FoundAddress } from './addresses';
import { tellsReason } from './judge';
import type { Notice, OwnAddresses } from './notice';
import { tellsFailure } from './notice-signs';

/** Somebody whom a notice in words names, and what it says about them. */
export interface Named {
	address: string;
	/** The address that was mailed, where the notice tells that it was forwarded. */
	originalAddress?: string;
	words: string;
}

interface Place extends FoundAddress {
	line: number;
	/** Whom the mail was for, where a sentence says that it was forwarded here. */
	forwardedBy?: string;
}

/** A rung: which of the addresses in a line are named by it. */
type Rung = (line: string, lines: readonly string[], index: number) => FoundAddress[];

const MAX_NAMED = 20_000;

/**
 * Whom a server names in its words, from the forms that can hardly mean anything else to those that
 * only a report would use. The first form that names anybody but the sender counts.
 *
 * @param own addresses that are the sender's or the server's
 */
export function namedIn(notice: Notice, own: OwnAddresses): Named[] {
	for (const addresses of [own.likely, own.sure]) {
		for (const rung of RUNGS) {
			const named = placesBy(rung, notice.lines, addresses);
			const places =
				rung === inPhrase && named.length > 0
					? inSentenceOfFailure(named, notice.lines, addresses)
					: named;
			if (places.length > 0)
				return withWords(withoutForwarders(places, notice.lines), notice.lines);
		}
	}
	// Somebody who wrote to themselves is named alone on a line too.
	const places = placesBy(aloneAfterSentence, notice.lines, new Set());
	if (places.length > 0) return withWords(places, notice.lines);
	const origin = ORIGIN_ADDRESS.exec(notice.text)?.[1];
	if (origin) return [{ address: origin, words: notice.text.slice(0, 2_000) }];
	return quotedTo(notice, own);
}

/** The only one whom a quoted mail was for, where nothing else names anybody and what follows says why. */
function quotedTo({ lines }: Notice, own: OwnAddresses): Named[] {
	const at = lines.findIndex((_, index) => isQuotedTo(lines, index));
	const found = at < 0 ? [] : addressesIn(lines[at] ?? '');
	const [only] = found;
	if (!only || found.length > 1 || own.sure.has(only.address.toLowerCase())) return [];
	const words = lines.slice(at + 1).join(' ');
	return tellsReason(words) ? [{ address: only.address, words }] : [];
}

function placesBy(rung: Rung, lines: readonly string[], own: ReadonlySet<string>): Place[] {
	const seen = new Set<string>();
	const places: Place[] = [];
	for (const [index, line] of lines.entries()) {
		if (!line.includes('@') || ORIGIN.test(line) || NO_RECIPIENT_FIELD.test(line)) continue;
		if (ORIGIN_ABOVE.test(lines[index - 1] ?? '')) continue;
		if (isQuotedTo(lines, index)) continue;
		for (const found of rung(line, lines, index)) {
			const key = found.address.toLowerCase();
			if (own.has(key) || seen.has(key) || places.length >= MAX_NAMED) continue;
			seen.add(key);
			places.push({ ...found, line: index });
		}
	}
	return places;
}

/**
 * Fields of the returned mail that servers quote in their words. Where a report is cut off before it
 * names anybody, they hold the only addresses in it, which are the sender's or no addresses at all.
 */
const NO_RECIPIENT_FIELD =
	/^(?:[>|\s]|=20){0,10}(?:message-id|in-reply-to|references|from|sender|reply-to|return-path|x-beenthere|list-\w{2,20})[ \t]{0,10}:/i;

const TO_FIELD = /^[>|\s]{0,10}to[ \t]{0,10}:/i;
const QUOTED_FIELD = /^[>|\s]{0,10}(?:message-id|from)[ \t]{0,10}:/i;

/** Among the fields of the returned mail that a server quotes, whom it was for: a list, or more than failed. */
function isQuotedTo(lines: readonly string[], index: number): boolean {
	if (!TO_FIELD.test(lines[index] ?? '')) return false;
	return lines.slice(Math.max(0, index - 3), index + 4).some((line) => QUOTED_FIELD.test(line));
}

/** "(generated from ada@example.org)": where the mail was sent to before it was forwarded. */
const ORIGIN =
	/^\W{0,20}(?:\w+ )?(?:(?:ultimately )?generated from|expanded from|originally addressed|original (?:recipient|address)|forwarded from)/i;
/** The same, where the line is folded behind it. */
const ORIGIN_ABOVE = /\((?:generated|expanded|forwarded) from:?\s{0,10}$/i;
const ORIGIN_ADDRESS =
	/(?:generated from|expanded from:?|originally addressed to|original address:|forwarded from)\s{0,20}<?([^\s<>()]{1,64}@[^\s<>()]{1,190})/i;

const BEFORE_ALONE = /^[\s>*•·"'<(=|.-]*(?:(?:rfc822|smtp|mailto)[;:] ?<?|[45]\d\d[ -]{1,3}<?)?$/i;
const AFTER_ALONE =
	/^[>"')\]]*(?:\s*$|\s*[:;,(<：；、（]|\.?\s*$|\s*\.{3}|\s{2,}\p{L}|\s+(?:on|am|le|el|il|em)\s\S{1,12} |\s+[-–—=]{1,3}>?\s|\t|\s*\[|\s+[45](?:\d\d\b|\.\d{1,3}\.\d)|\s+(?:unknown|not listed|user|is not|no such|invalid|mailbox|does not)\b)/iu;

/** "A message sent by", and the sender alone on the next line with words. */
const SENT_BY =
	/\b(?:sent|written|submitted|received|gesendet|envoyé|enviado|inviato|verzonden) (?:by|from|von|par|por|da|door)\s{0,5}:?\s*$/i;

function isBelowSentBy(lines: readonly string[], index: number): boolean {
	const above = lines.slice(Math.max(0, index - 2), index).findLast((line) => line.trim() !== '');
	return above !== undefined && SENT_BY.test(above);
}

/** The address begins its line, alone or before what is said of it. */
const alone: Rung = (line, lines, index) => {
	if (isBelowSentBy(lines, index)) return [];
	const [begins, next] = addressesIn(line);
	if (!begins) return [];
	// An address before another in brackets is the name of its owner.
	const isName = next && /^["']? ?<$/.test(line.slice(begins.end, next.start));
	if (isName && BEFORE_ALONE.test(line.slice(0, begins.start))) return [next];
	const found = begins;
	if (!BEFORE_ALONE.test(line.slice(0, found.start))) return [];
	return AFTER_ALONE.test(line.slice(found.end)) ? [found] : [];
};

/** Not where the line before it says whose message it was. */
const aloneAfterSentence: Rung = (line, lines, index) => {
	const before = lines
		.slice(Math.max(0, index - 3), index)
		.join(' ')
		.trimEnd();
	return /\b(?:by|from|sender|von|par|de)\s*:?$/i.test(before) ? [] : alone(line, lines, index);
};

const LABEL =
	/(?:recipients?|rcpt(?: to)?|addressee|destination|users?|mail ?box|userid|addressed|failed(?: to)?|undeliverable(?: to)?|delivered to|deliver to|delivery to|deliver message to|unknown|invalid|error-for|allowed size|account|address(?:es)?|dda:smtp|empfänger|destinataire|destinatario|destinatário|ontvanger|odbiorca|adresat|получатель|宛先|送信先|收件人|adressen?|dirección|endereço|indirizzo)\W{0,6}[:=]\s*[<"'([]{0,3}$/iu;
const NOT_A_RECIPIENT =
	/(?:from|sender|reply|contact|help|support|cc|admin|message-id|absender|expéditeur|remitente|rcpt to:<|mail to|postmaster)(?:'s)?(?: e-?mail)?(?: address)?\W{0,6}[:=]?\s*[<"'([]{0,3}$/i;

/** What stands between two addresses of one list. */
const AND =
	/^[>"')\]]{0,3}\s{0,5}(?:[,;]\s{0,5})?(?:(?:and|und|et|y|e|en|i|&)\s{1,5})?[<"'([]{0,3}$/i;

/** Those that are meant, and those that follow one of them in a list. */
function withTheirLists(line: string, isMeant: (found: FoundAddress) => boolean): FoundAddress[] {
	let end = -1;
	return addressesIn(line).filter((found) => {
		const isNext = end >= 0 && AND.test(line.slice(end, found.start));
		const counts = isNext || isMeant(found);
		end = counts ? found.end : -1;
		return counts;
	});
}

/** "Recipient: ada@example.org", "Unknown users: ada@example.org, bob@example.net". */
const labelled: Rung = (line) =>
	withTheirLists(line, ({ start }) => {
		const before = line.slice(Math.max(0, start - 80), start);
		return LABEL.test(before) && !NOT_A_RECIPIENT.test(before);
	});

const PHRASE =
	/(?:deliver\w*|messages?|e-?mails?|mails?|sent|send|undeliverable|addressed|address\w*|reach\w*|user|mailbox|recipient\w*|account|local user|exceeding|for|zugestellt|an|entreg\w*|consegnat\w*|livr\w*|remis\w*|envoy\w*|delivr\w*|pour|para|destinat\w*|bezorgd|aan|dostarczon\w*|доставлен\p{L}*|адрес\p{L}*|宛て?|送信|发送|投递)[^@\n]{0,60}$/iu;
const NOT_A_PHRASE =
	/(?:contact|from|sender|assistance|help|questions?|reply|write|(?:please|further)[^@]{0,40}(?:mail|message|e-?mail) to|by|sent by|hello|hallo|hola|dear|bonjour|abuse|postmaster|reset)[\s:<"'([]{0,6}$/i;

/** "If this is a mistake, forward the message to unblock@example.net", "his new address is bob@example.net". */
const TO_HELPERS =
	/\b(?:forward|report (?:it|this|the|your)|complain|appeal|whitelist\w{0,6}|unblock\w{0,6}|delist\w{0,6})\b[^@.]{0,60}\b(?:to|at|via|with)[\s:<"'([]{0,6}$|\b(?:new|neue|nouvelle|nueva|nuov[ao]|nov[ao]|nieuwe) (?:e-?mail[- ]?)?(?:address|adresse|adres|dirección|indirizzo|endereço)\b[^@.]{0,20}$|\bmoved to[\s:<"'([]{0,6}$/i;

/** In a sentence: "could not be delivered to ada@example.org". */
const inPhrase: Rung = (line, lines, index) =>
	withTheirLists(line, ({ start }) => {
		const before = `${lines[index - 1] ?? ''} ${line.slice(0, start)}`.slice(-120);
		return PHRASE.test(before) && !NOT_A_PHRASE.test(before) && !TO_HELPERS.test(before);
	});

/** Above it, what stands in sentences is a list, and reading all around each would take its time. */
const MAX_SENTENCES = 50;
const AROUND = 300;
/** Not the dot of a domain. */
const END_OF_SENTENCE = /[.!?](?=\s|$)|。/;

/**
 * Where some sentences tell of a failure, those that do not name somebody else: whom to ask, whom to
 * write to instead. Where none of them does, any other sentence with an address that does is nearer.
 */
function inSentenceOfFailure(
	places: Place[],
	lines: readonly string[],
	own: ReadonlySet<string>,
): Place[] {
	for (const some of [places, placesBy(anywhere, lines, own)]) {
		if (some.length > MAX_SENTENCES) return places;
		const telling = some.filter((place) => {
			const sentence = sentenceAround(place, lines);
			return tellsFailure(sentence) || tellsReason(sentence);
		});
		if (telling.length > 0) return telling;
	}
	return places;
}

function sentenceAround({ line, start, end }: Place, lines: readonly string[]): string {
	const paragraph = (from: number, step: 1 | -1): string => {
		let text = '';
		for (let at = from; text.length < AROUND; at += step) {
			const each = lines[at] ?? '';
			if (each.trim() === '') break;
			text = step > 0 ? `${text} ${each}` : `${each} ${text}`;
		}
		return text;
	};
	const own = lines[line] ?? '';
	const before = `${paragraph(line - 1, -1)}${own.slice(0, start)}`.slice(-AROUND);
	const after = `${own.slice(end)}${paragraph(line + 1, 1)}`.slice(0, AROUND);
	return `${before.split(END_OF_SENTENCE).at(-1) ?? ''} ${after.split(END_OF_SENTENCE, 1)[0] ?? ''}`;
}

/** In the conversation: "RCPT TO:<ada@example.org>", "550 <ada@example.org>... User unknown". */
const inTranscript: Rung = (line) =>
	/rcpt to ?:|^\W{0,8}[45]\d\d[ -]|[45]\.\d\.\d/i.test(line)
		? addressesIn(line).filter(({ start }) => !/mail from ?:\s*<?$/i.test(line.slice(0, start)))
		: [];

/** Any other address but one that people are asked to write to. */
const anywhere: Rung = (line) =>
	addressesIn(line).filter(
		({ address, start }) =>
			!/^(?:postmaster|abuse|support|help|helpdesk|info|admin|administrator|mailer-daemon|webmaster|root|hostmaster|no-?reply|noreply)@/i.test(
				address,
			) &&
			!/(?:mail from|from|sender|contact|write|mailto|message-id|id|by)\W{0,10}$/i.test(
				line.slice(Math.max(0, start - 40), start),
			) &&
			!TO_HELPERS.test(line.slice(Math.max(0, start - 120), start)),
	);

const RUNGS: readonly Rung[] = [alone, labelled, inPhrase, inTranscript, anywhere];

/** Ends what is said of one recipient, where several are named. */
const SEPARATOR = /^\s*[-=*_#|]{3,}/;
/** Where the fields of a report stand in its text. */
const REPORT_FIELD = /^(?:reporting-mta|received-from-mta|(?:final|original)-recipient)[ \t]*:/i;
/** OpenSMTPD's words around its list of recipients, which say nothing of why. */
const AFTER_LIST =
	/^\s{0,8}(?:below is a copy of the original message|please note that this is only)/i;
const MAX_OWN_LINES = 40;

/** "ada@example.org forwarded it to bob@example.net, where it was refused." */
const FORWARDED =
	/^[^.!?:;]{0,60}\b(?:forward|redirect|weitergeleitet|umgeleitet|transf[ée]r|r[ée]achemin|reenvia|redirig|encaminh|inoltrat|doorgestuurd|przekazan|переслан|перенаправ|転送|转发)\p{L}*\b[^.!?:;@]{0,40}$/iu;

/** Of two addresses in one sentence that says so, the second: the first has the mailbox that passed the mail on. */
function withoutForwarders(places: readonly Place[], lines: readonly string[]): Place[] {
	const kept: Place[] = [];
	for (const place of places) {
		const last = kept.at(-1);
		if (last && last.line >= place.line - 1 && FORWARDED.test(textBetween(last, place, lines)))
			kept[kept.length - 1] = { ...place, forwardedBy: last.forwardedBy ?? last.address };
		else kept.push(place);
	}
	return kept;
}

function textBetween(a: Place, b: Place, lines: readonly string[]): string {
	const line = lines[a.line] ?? '';
	if (a.line === b.line) return line.slice(a.end, b.start);
	return `${line.slice(a.end)} ${(lines[b.line] ?? '').slice(0, b.start)}`;
}

function withWords(places: readonly Place[], lines: readonly string[]): Named[] {
	const mentions = places.length > 1 ? mentionsIn(lines) : undefined;
	return places.map((place, index) => {
		const next = places[index + 1]?.line ?? lines.length;
		const own = ownLines(place, Math.max(next, place.line + 1), lines, places.length > 1);
		const origin = place.forwardedBy ?? ORIGIN_ADDRESS.exec(own)?.[1];
		const more = mentions?.get(place.address.toLowerCase()) ?? [];
		return {
			address: place.address,
			...(origin && !sameAddress(origin, place.address) ? { originalAddress: origin } : {}),
			words: [own, ...more.filter((line) => !own.includes(line))].join(' ').trim(),
		};
	});
}

function ownLines(
	place: Place,
	end: number,
	lines: readonly string[],
	isOneOfMany: boolean,
): string {
	const line = lines[place.line] ?? '';
	const isWithinSentence = /\p{L}/u.test(line.slice(0, place.start));
	const own = [
		isWithinSentence ? line.trim() : line.slice(place.end).replace(/^[>"')\]:;,.\s]{1,10}/, ''),
	];
	for (let at = place.line + 1; at < Math.min(end, place.line + MAX_OWN_LINES); at++) {
		const each = lines[at] ?? '';
		if (REPORT_FIELD.test(each) || AFTER_LIST.test(each)) break;
		if (SEPARATOR.test(each)) {
			if (isOneOfMany) break;
			continue;
		}
		own.push(each.trim());
	}
	return own.filter((each) => each !== '').join(' ');
}

/** The lines with a reply code in which an address is mentioned again, by address. */
function mentionsIn(lines: readonly string[]): Map<string, string[]> {
	const mentions = new Map<string, string[]>();
	for (const line of lines) {
		if (!/[45]\d\d|[45]\.\d\.\d/.test(line)) continue;
		for (const { address } of addressesIn(line)) {
			const key = address.toLowerCase();
			const known = mentions.get(key);
			if (!known) mentions.set(key, [line.trim()]);
			else if (known.length < 4) known.push(line.trim());
		}
	}
	return mentions;
}
