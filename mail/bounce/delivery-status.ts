import { parseEnhancedStatus } from '../model/enhanced-status';
import type { ReportedRecipient } from '../model/report';
import { judge } from './judge';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';

/** What a message/delivery-status part says (RFC 3464 section 2). */
export interface DeliveryStatus {
	reportingMta?: string;
	envelopeId?: string;
	recipients: ReportedRecipient[];
}

/** @param text the decoded part: a block for the message, then one a recipient */
export function readDeliveryStatus(text: string): DeliveryStatus {
	const status: DeliveryStatus = { recipients: [] };
	for (const block of blocksOf(text)) {
		const { headers } = readHeaders(block.join('\n'));
		status.reportingMta ??= afterType(first(headers, 'reporting-mta')) || undefined;
		status.envelopeId ??= first(headers, 'original-envelope-id') || undefined;
		const recipient = readRecipient(headers);
		if (recipient) status.recipients.push(recipient);
	}
	return status;
}

/** Blank lines end a block; where a server forgot them, a second Final-Recipient begins the next. */
function blocksOf(text: string): string[][] {
	const blocks: string[][] = [[]];
	let hasRecipient = false;
	for (const line of text.split('\n')) {
		const startsRecipient = /^final-recipient\s*:/i.test(line);
		if (line.trim() === '' || (startsRecipient && hasRecipient)) {
			blocks.push([]);
			hasRecipient = false;
		}
		if (startsRecipient) hasRecipient = true;
		if (line.trim() !== '') blocks.at(-1)?.push(line.trimEnd());
	}
	return blocks.filter((block) => block.length > 0);
}

function readRecipient(headers: Headers): ReportedRecipient | undefined {
	const final = addressIn(first(headers, 'final-recipient'));
	const original = addressIn(first(headers, 'original-recipient'));
	const address = original || final;
	if (address === '') return undefined;
	const diagnostic = afterType(first(headers, 'diagnostic-code'))
		.replace(/\s+/g, ' ')
		.slice(0, 2_000);
	const action = actionOf(first(headers, 'action'), first(headers, 'status'));
	const status = parseEnhancedStatus(first(headers, 'status'))?.code;
	const remoteMta = afterType(first(headers, 'remote-mta'));
	return {
		address,
		...(original ? { originalAddress: original } : {}),
		...(final && original && final.toLowerCase() !== original.toLowerCase()
			? { finalAddress: final }
			: {}),
		action,
		diagnostic,
		...(remoteMta ? { remoteMta } : {}),
		...judge(action, status, diagnostic),
	};
}

const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;

function actionOf(action: string, status: string): ReportedRecipient['action'] {
	const word = action.toLowerCase().split(/[^a-z]/)[0];
	const known = ACTIONS.find((each) => each === word);
	if (known) return known;
	return status.startsWith('4') ? 'delayed' : status.startsWith('2') ? 'delivered' : 'failed';
}

/** `rfc822; ada@example.com` -> the address; xtext of an ORCPT (RFC 3461 section 4) undone. */
function addressIn(field: string): string {
	const address = afterType(field).trim().replace(/^<|>$/g, '');
	return address.replace(/\+([0-9A-F]{2})/g, (whole, hex: string) => {
		const character = String.fromCharCode(Number.parseInt(hex, 16));
		// Only what xtext must encode: a plus sign in an address is followed by letters at will.
		return character === '+' || character === '=' ? character : whole;
	});
}

function afterType(field: string): string {
	const semicolon = field.indexOf(';');
	return (semicolon < 0 ? field : field.slice(semicolon + 1)).trim();
}
