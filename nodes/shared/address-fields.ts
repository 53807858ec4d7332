import type { INodeProperties } from 'n8n-workflow';

import { parseMailbox, parseMailboxList } from '../../mail/index';
import type { Mailbox } from '../../mail/index';

export const replyToProperty: INodeProperties = {
	displayName: 'Reply-To Email',
	name: 'replyTo',
	type: 'string',
	default: '',
	placeholder: 'e.g. support@example.com',
	description: 'Where answers go, when not to the sender',
};

/** @throws Error that names the field and what is wrong with its text */
export function readMailbox(field: string, value: unknown): Mailbox {
	const parsed = parseMailbox(asAddressText(value));
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailbox;
}

/** @throws Error that names the field and the first of its addresses that is none */
export function readMailboxes(field: string, value: unknown): Mailbox[] {
	const text = asAddressText(value);
	if (text.trim() === '') return [];
	const parsed = parseMailboxList(text);
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailboxes;
}

/** Expressions often give a list of addresses, not a text. */
function asAddressText(value: unknown): string {
	if (Array.isArray(value)) return value.map(asAddressText).join(', ');
	return typeof value === 'string' ? value : '';
}
