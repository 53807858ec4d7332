import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Draft } from '../../mail/index';
import {
	attachmentsProperty,
	readItemFiles,
	readSizeLimit,
	sizeLimitOption,
} from '../shared/attachment-fields';
import { inlineCssOption } from '../shared/content-options';
import { signWithDkimProperty } from '../shared/dkim-key';
import { headerOptions, readHeaderChoices } from '../shared/header-fields';
import { addressOptions, addressProperties, readAddresses } from './properties/addresses';
import { contentProperties, missingFieldOption, readContent } from './properties/content';
import { deliveryOptions, readDelivery } from './properties/delivery';
import { invitationOption, readInvitationOption } from './properties/invitation';
import { readReply, replyToMessageOption } from './properties/reply';
import { mailTrackingProperty } from './tracking';
import { repeatOptions } from './properties/repeats';
import { sentCopyOptions } from './properties/sent-copy';
import { longestWaitOption } from './turns';

/** The form of one mail, for every operation that makes one. */
export const messageProperties: INodeProperties[] = [
	...addressProperties,
	...contentProperties,
	attachmentsProperty,
	mailTrackingProperty,
];

/** What only some mails need, by name. */
const messageOptions: INodeProperties[] = [
	...addressOptions,
	...headerOptions,
	...deliveryOptions,
	inlineCssOption,
	invitationOption,
	missingFieldOption,
	replyToMessageOption,
	signWithDkimProperty,
	sizeLimitOption,
];

export const optionsProperty = optionsOf(messageOptions);

/** The same, and what only matters where the mail leaves. */
export const sendOptionsProperty = optionsOf([
	...messageOptions,
	longestWaitOption,
	...repeatOptions,
	...sentCopyOptions,
]);

function optionsOf(options: readonly INodeProperties[]): INodeProperties {
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: options.toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
	};
}

/** @throws Error that names the field and what is wrong with it */
export async function readDraft(context: IExecuteFunctions, itemIndex: number): Promise<Draft> {
	const options = context.getNodeParameter('options', itemIndex, {}) as Record<string, unknown>;
	const answered = readReply(options);
	const addresses = readAddresses(context, itemIndex, options, answered?.replyTo ?? []);
	const content = readContent(context, itemIndex, options);
	const invitation = await readInvitationOption(context, itemIndex, options, addresses);
	return {
		...addresses,
		...content,
		subject: content.subject.trim() === '' ? (answered?.subject ?? '') : content.subject,
		inlineCss: options.inlineCss === true,
		...(await readItemFiles(
			context,
			itemIndex,
			context.getNodeParameter('attachments', itemIndex, ''),
		)),
		...(invitation ? { invitation } : {}),
		headers: {
			...readHeaderChoices(options),
			...(answered ? { inReplyTo: answered.messageId, references: answered.references } : {}),
		},
		...readDelivery(options, context.getTimezone()),
		maxSize: readSizeLimit(options),
	};
}
