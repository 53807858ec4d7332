import { parseEnhancedStatus } from '../model/enhanced-status';
import type { ReportedRecipient } from '../model/report';
import { addressesIn } from './addresses';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';
import { judge } from './judge';

/** What a message/delivery-status part says (RFC 3464 section 2; RFC 6533 section 3). */
export interface DeliveryStatus {
	reportingMta?: string;
	envelopeId?: string;
	/** When the message came to the server that reports. */
	arrivalDate?: string;
	recipients: ReportedRecipient[];
}

/** What the report says of a recipient in other places: beside the address, and as a whole. */
export type OtherWords = (address: string) => { own: string; all: string };

const MAX_RECIPIENTS = 20_000;

/**
 * @param text the decoded part, or any text that holds its fields: a block for the message, then one a
 *   recipient
 * @param words asked for recipients of whom the fields do not say why
 */
export function readDeliveryStatus(text: string, words: OtherWords): DeliveryStatus {
	const status: DeliveryStatus = { recipients: [] };
	for (const block of blocksOf(text)) {
		const { headers } = readHeaders(block);
		status.reportingMta ??= afterType(first(headers, 'reporting-mta')) || undefined;
		status.envelopeId ??= first(headers, 'original-envelope-id') || undefined;
		status.arrivalDate ??= first(headers, 'arrival-date') || undefined;
		const recipient = readRecipient(headers, words);
		if (recipient && status.recipients.length < MAX_RECIPIENTS) status.recipients.push(recipient);
	}
	return status;
}

/** Fields that one recipient has once: where one comes again, the next recipient has begun. */
const ONCE = /^(original-recipient|final-recipient|action|status)[ \t]*:/i;
/** Fields that only a recipient has. */
const OF_RECIPIENT =
	/^(?:original-recipient|final-recipient|action|status|diagnostic-code|remote-mta|last-attempt-date|will-retry-until|final-log-id)[ \t]*:/i;

/**
 * The blocks of fields: the message's, then each recipient's. Blank lines alone do not part them: some
 * servers leave them out between recipients, and some put them between the fields of one.
 */
function blocksOf(text: string): string[] {
	const blocks: Block[] = [];
	for (const chunk of text.split(/\n[ \t]*\n/)) {
		for (const block of partedAtRepeats(chunk)) {
			const last = blocks.at(-1);
			if (last && belongsTo(last, block)) {
				last.lines.push(...block.lines);
				for (const field of block.fields) last.fields.add(field);
			} else if (block.lines.length > 0) blocks.push(block);
		}
	}
	return blocks.map(({ lines }) => lines.join('\n'));
}

interface Block {
	lines: string[];
	/** Which fields of ONCE it has, and `*` for any other of a recipient. */
	fields: Set<string>;
}

function partedAtRepeats(chunk: string): Block[] {
	const blocks: Block[] = [{ lines: [], fields: new Set() }];
	for (const line of chunk.split('\n')) {
		if (line.trim() === '') continue;
		const field = ONCE.exec(line)?.[1]?.toLowerCase();
		if (field !== undefined && blocks.at(-1)?.fields.has(field))
			blocks.push({ lines: [], fields: new Set() });
		const block = blocks.at(-1);
		block?.lines.push(line.trimEnd());
		if (field !== undefined) block?.fields.add(field);
		else if (OF_RECIPIENT.test(line)) block?.fields.add('*');
	}
	return blocks;
}

/** Whether a block goes on with the recipient before it, who lacks what it has. */
function belongsTo(last: Block, next: Block): boolean {
	const isRecipient = ({ fields }: Block) =>
		fields.has('final-recipient') || fields.has('original-recipient');
	if (next.fields.size === 0 || last.fields.size === 0) return false;
	const isNew = isRecipient(next) && isRecipient(last) && last.fields.has('final-recipient');
	return !isNew && ![...next.fields].some((field) => field !== '*' && last.fields.has(field));
}

function readRecipient(headers: Headers, words: OtherWords): ReportedRecipient | undefined {
	const final = addressIn(first(headers, 'final-recipient'));
	const original = addressIn(first(headers, 'original-recipient'));
	const address = isUsable(final) || original === '' ? final : original;
	if (address === '') return undefined;
	const said = diagnosticOf(headers);
	// OpenSMTPD and Exim say why beside the address only.
	const diagnostic = said || oneLine(words(address).own);
	const told = actionOf(first(headers, 'action'), first(headers, 'status'));
	const action = told === 'delayed' && GIVEN_UP.test(diagnostic) ? 'failed' : told;
	const remoteMta = afterType(first(headers, 'remote-mta'));
	const status = first(headers, 'status');
	return {
		address,
		...(original ? { originalAddress: original } : {}),
		action,
		diagnostic,
		...(remoteMta ? { remoteMta } : {}),
		...judge({ action, status, diagnostic, context: () => contextOf(words(address)) }),
	};
}

/**
 * OpenSMTPD (6.8) reports the mail that it gives up as one that is "delayed for more than 0 seconds", and
 * has already taken it out of its queue.
 */
const GIVEN_UP = /^envelope expired$/i;

function contextOf({ own, all }: { own: string; all: string }): string {
	return `${own} ${all}`;
}

/** Some servers report the name of a mailbox or of a program inside, which nobody can write to. */
function isUsable(address: string): boolean {
	return /@[^@]*\.[^@.]{2,}$/.test(address) && !/\.(?:local|lan|internal)$/i.test(address);
}

/** RFC 3464 section 2.3.6. Exchange writes more into fields of its own. */
function diagnosticOf(headers: Headers): string {
	const fields = headers.get('diagnostic-code') ?? headers.get('x-supplementary-info') ?? [];
	// Of a program behind a mailbox only its type says that it was one: "X-Unix; 127".
	const said = fields.map((field) => (/^x-unix/i.test(field) ? field : afterType(field))).join(' ');
	const comment = /\(([^()]{3,500})\)/.exec(first(headers, 'status'))?.[1] ?? '';
	return oneLine(said || comment);
}

/** A server's words on one line, bounded. */
export function oneLine(words: string): string {
	return words.slice(0, 4_000).replace(/\s+/g, ' ').trim().slice(0, 2_000);
}

const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;

function actionOf(action: string, status: string): ReportedRecipient['action'] {
	const word = action.toLowerCase().split(/[^a-z]/)[0];
	const known = ACTIONS.find((each) => each === word);
	if (known) return known;
	if (word === 'delay' || word === 'deferred') return 'delayed';
	return parseEnhancedStatus(status)?.class === 2 ? 'delivered' : 'failed';
}

/** `rfc822; ada@example.com` -> the address, with what its type encoded undone. */
function addressIn(field: string): string {
	const semicolon = field.indexOf(';');
	const type = semicolon < 0 ? '' : field.slice(0, semicolon).trim().toLowerCase();
	const text = afterType(field).replace(/^(?:rfc822|smtp|utf-8)[;:]\s*/i, '');
	const address = decodeAddress(text, type);
	// Its own field holds nothing else: whatever a server could write to is an address there.
	const bare = address.replace(/^[<"'\s]+|[>"'\s]+$/g, '');
	if (/^[^\s<>()",;:@]{1,64}@[^\s<>()",;:@]{1,250}$/.test(bare)) return bare;
	return (
		addressesIn(`<${address.replace(/^[<"'\s]+|[>"'\s]+$/g, '')}>`)[0]?.address ?? bareName(address)
	);
}

/** A name without a domain is still somebody at the reporting server. */
function bareName(text: string): string {
	const name = text.replace(/^<|>$/g, '').trim();
	return /^[\w.+-]{1,64}$/.test(name) ? name : '';
}

/** `+2B` of xtext (RFC 3461 section 4), `\x{1F408}` of utf-8-addr-xtext (RFC 6533 section 3). */
function decodeAddress(text: string, type: string): string {
	const unicode = text.replace(/\\x\{([0-9A-Fa-f]{2,6})\}/g, (whole, hex: string) => {
		const code = Number.parseInt(hex, 16);
		return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
	});
	return unicode.replace(/\+([0-9A-F]{2})/g, (whole, hex: string) => {
		const character = String.fromCharCode(Number.parseInt(hex, 16));
		// Only what xtext must encode: a plus sign in an address is followed by letters at will.
		return type !== '' && (character === '+' || character === '=') ? character : whole;
	});
}

function afterType(field: string): string {
	const type = /^[\w -]{1,40};/.exec(field)?.[0] ?? '';
	return field.slice(type.length).trim();
}
