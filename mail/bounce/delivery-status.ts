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

const MAX_RECIPIENTS = 20_000;

/**
 * @param text the decoded part, or any text that holds its fields: a block for the message, then one a
 *   recipient
 * @param context the report's other words, for recipients of whom the fields do not say why
 */
export function readDeliveryStatus(text: string, context: () => string): DeliveryStatus {
	const status: DeliveryStatus = { recipients: [] };
	for (const block of blocksOf(text)) {
		const { headers } = readHeaders(block);
		status.reportingMta ??= afterType(first(headers, 'reporting-mta')) || undefined;
		status.envelopeId ??= first(headers, 'original-envelope-id') || undefined;
		status.arrivalDate ??= first(headers, 'arrival-date') || undefined;
		const recipient = readRecipient(headers, context);
		if (recipient && status.recipients.length < MAX_RECIPIENTS) status.recipients.push(recipient);
	}
	return status;
}

const BEGINS_RECIPIENT = /^(?:final|original)-recipient[ \t]*:/i;

/**
 * Blank lines end a block; where a server forgot them, a second Final-Recipient begins the next. A
 * blank line between the fields of one recipient (some servers' habit) ends nothing.
 */
function blocksOf(text: string): string[] {
	const blocks: string[][] = [[]];
	let seen = '';
	for (const line of text.split('\n')) {
		if (line.trim() === '') continue;
		const begins = BEGINS_RECIPIENT.exec(line)?.[0].toLowerCase().charAt(0);
		if (begins !== undefined) {
			if (seen === '' || seen.includes(begins)) {
				blocks.push([]);
				seen = '';
			}
			seen += begins;
		}
		blocks.at(-1)?.push(line.trimEnd());
	}
	return blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
}

function readRecipient(headers: Headers, context: () => string): ReportedRecipient | undefined {
	const final = addressIn(first(headers, 'final-recipient'));
	const original = addressIn(first(headers, 'original-recipient'));
	const address = isUsable(final) || original === '' ? final : original;
	if (address === '') return undefined;
	const diagnostic = diagnosticOf(headers);
	const action = actionOf(first(headers, 'action'), first(headers, 'status'));
	const remoteMta = afterType(first(headers, 'remote-mta'));
	return {
		address,
		...(original ? { originalAddress: original } : {}),
		action,
		diagnostic,
		...(remoteMta ? { remoteMta } : {}),
		...judge({ action, status: first(headers, 'status'), diagnostic, context }),
	};
}

/** Some servers report the name of a mailbox or of a program inside, which nobody can write to. */
function isUsable(address: string): boolean {
	return /@[^@]*\.[^@.]{2,}$/.test(address) && !/\.(?:local|lan|internal)$/i.test(address);
}

/** RFC 3464 section 2.3.6. Exchange writes more into fields of its own. */
function diagnosticOf(headers: Headers): string {
	const fields = headers.get('diagnostic-code') ?? headers.get('x-supplementary-info') ?? [];
	const said = fields.map((field) => afterType(field)).join(' ');
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
