import type { INodeProperties } from 'n8n-workflow';

import { parseMailbox, parseMailboxList } from '../../mail/index';
import type { AddressRules, Mailbox } from '../../mail/index';

export const replyToProperty: INodeProperties = {
	displayName: 'Reply-To Email',
	name: 'replyTo',
	type: 'string',
	default: '',
	placeholder: 'e.g. support@example.com',
	description: 'Where answers go, when not to the sender',
};

/** @throws Error that names the field and what is wrong with its text */
export function readMailbox(field: string, value: unknown, rules?: AddressRules): Mailbox {
	const parsed = parseMailbox(asAddressText(value), rules);
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailbox;
}

/** @throws Error that names the field and the first of its addresses that is none */
export function readMailboxes(field: string, value: unknown, rules?: AddressRules): Mailbox[] {
	const text = asAddressText(value);
	if (text.trim() === '') return [];
	const parsed = parseMailboxList(text, rules);
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailboxes;
}

/** Expressions often give a list of addresses, or `{ name, address }`, and not a text. */
function asAddressText(value: unknown): string {
	if (Array.isArray(value)) return value.map(asAddressText).join(', ');
	if (typeof value === 'object' && value !== null) {
		const { address, email, name } = value as Record<string, unknown>;
		const bare = typeof address === 'string' ? address : email;
		if (typeof bare !== 'string') return '';
		const words = typeof name === 'string' ? name.replace(/["\\\r\n]/g, ' ').trim() : '';
		return words === '' ? bare : `"${words}" <${bare}>`;
	}
	return typeof value === 'string' ? value : '';
}
