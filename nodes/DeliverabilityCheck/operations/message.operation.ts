import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { checkMessage } from '../../../mail/index';
import type { MailProfile } from '../../../mail/index';
import { messageProperties, readMessage } from '../../shared/message-input';
import { listIn } from '../list-in';
import type { Operation } from './operation';

/** What receivers and filters see in a message, before it is sent. */
export const message: Operation = {
	choice: {
		name: 'Message',
		value: 'message',
		description:
			'Look through a message: before it is sent, such as the file that Preview of SMTP Send gives, or after it arrived, with what its receiver thought',
		action: 'Check a message',
	},
	properties: [
		...messageProperties.map(withoutNotifications),
		{
			displayName: 'Receiving Servers',
			name: 'receivers',
			type: 'string',
			default: '',
			placeholder: 'e.g. mx.example.com',
			description:
				'For a mail that arrived: the servers whose verdict on SPF, DKIM and DMARC is believed, separated by commas. Left empty, the topmost Received line tells.',
		},
	],
	async look(context, itemIndex) {
		const raw = await readMessage(context, itemIndex);
		const profile = context.getNodeParameter('profile', itemIndex) as MailProfile;
		const { findings, subject } = await checkMessage({
			raw,
			profile,
			receivers: listIn(context.getNodeParameter('receivers', itemIndex, '')),
		});
		return { subject: subject === '' ? 'a message without a subject' : subject, findings };
	},
};

/** A notification tells of a mail and is none. */
function withoutNotifications(property: INodeProperties): INodeProperties {
	if (property.name !== 'messageIn') return property;
	const options = (property.options as INodePropertyOptions[]).filter(
		({ value }) => value !== 'notification',
	);
	return { ...property, options };
}
