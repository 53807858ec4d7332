import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

import { readAnsweredMessage } from '../../../mail/index';
import type { AnsweredMessage } from '../../../mail/index';

const OPTION = '/options.replyToMessage';

/** To Email and Subject may be left empty once there is a message to answer. */
export const IS_REPLY: IDisplayOptions = { show: { [OPTION]: [{ _cnd: { exists: true } }] } };
export const NO_REPLY: IDisplayOptions = { hide: { [OPTION]: [{ _cnd: { exists: true } }] } };

/** Shown under Options. */
export const replyToMessageOption: INodeProperties = {
	displayName: 'Reply to This Message',
	name: 'replyToMessage',
	type: 'string',
	default: '',
	placeholder: 'e.g. &lt;abc@example.com&gt;',
	description:
		"Keeps the mail in the thread of an earlier one (In-Reply-To, References). Give the message's whole item, as a mail trigger or mail node puts it out, by dragging it here as an expression: an empty To Email and Subject are then filled in from it. A Message-ID alone will do, too.",
};

/** @throws Error that says what was given instead of a message */
export function readReply(options: Readonly<Record<string, unknown>>): AnsweredMessage | undefined {
	const value = options.replyToMessage;
	if (value === undefined || value === '') return undefined;
	const read = readAnsweredMessage(value);
	if (!read.ok) throw new Error(read.problem);
	return read.answered;
}
