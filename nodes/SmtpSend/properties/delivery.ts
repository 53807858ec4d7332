import type { INodeProperties } from 'n8n-workflow';

import { readMessageId } from '../../../mail/index';
import type { DeliveryChoices } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { readDate } from '../../shared/date-field';

/** Shown under Options: what is asked of the servers, and what marks this one mail. */
export const deliveryOptions: INodeProperties[] = [
	{
		displayName: 'Date',
		name: 'date',
		type: 'dateTime',
		default: '',
		description:
			'The date that the mail shows, when it is not now. It is sent at once all the same.',
	},
	{
		displayName: 'Delivery Status Notification (DSN)',
		name: 'notification',
		type: 'fixedCollection',
		placeholder: 'Choose when to report',
		default: {},
		description:
			'Asks the servers on the way to report what became of the mail, to the return path (RFC 3461). A server that does not know this sends the mail without it.',
		options: [
			{
				displayName: 'Report',
				name: 'report',
				values: [
					{
						displayName: 'When',
						name: 'notify',
						type: 'multiOptions',
						default: ['failure', 'delay'],
						description: 'Nothing chosen: never',
						options: [
							{ name: 'Delayed', value: 'delay' },
							{ name: 'Delivered', value: 'success' },
							{ name: 'Failed', value: 'failure' },
						],
					},
					{
						displayName: 'Bring Back',
						name: 'return',
						type: 'options',
						default: 'headers',
						options: [
							{ name: 'The Headers', value: 'headers' },
							{ name: 'The Whole Mail', value: 'full' },
						],
					},
					{
						displayName: 'Envelope ID',
						name: 'envelopeId',
						type: 'string',
						default: '',
						placeholder: 'e.g. order-1815',
						description: 'Comes back in every report about this mail',
					},
				],
			},
		],
	},
	{
		displayName: 'Message-ID',
		name: 'messageId',
		type: 'string',
		default: '',
		placeholder: 'e.g. &lt;order-1815@example.com&gt;',
		description: 'Must be another one for each mail. Made by the node when empty.',
	},
	{
		displayName: 'Require TLS to the End (REQUIRETLS)',
		name: 'requireTls',
		type: 'boolean',
		default: true,
		description:
			'Whether no server on the way may pass the mail on without encryption (RFC 8689). Where the first server does not promise that, the mail is not sent.',
	},
];

const MAX_ENVELOPE_ID = 100;

/** @throws Error that names the field and what is wrong with it */
export function readDelivery(
	options: Readonly<Record<string, unknown>>,
	zone: string,
): { messageId?: string; date?: Date; delivery: DeliveryChoices } {
	const date = readDate('Date', options.date, zone);
	const idText = asText(options.messageId).trim();
	const messageId = idText === '' ? undefined : readMessageId(idText);
	if (idText !== '' && messageId === undefined)
		throw new Error(
			'Message-ID: what is given is none. It looks like <order-1815@example.com>, without spaces.',
		);
	return {
		...(messageId ? { messageId } : {}),
		...(date ? { date } : {}),
		delivery: {
			...readNotification(options.notification),
			...(options.requireTls === true ? { requireTls: true } : {}),
		},
	};
}

function readNotification(value: unknown): Pick<DeliveryChoices, 'notification'> {
	const report = (value as { report?: Record<string, unknown> } | undefined)?.report;
	if (!report) return {};
	const chosen = Array.isArray(report.notify) ? (report.notify as unknown[]) : [];
	const envelopeId = asText(report.envelopeId).trim();
	if (!/^[\x21-\x7e]*$/.test(envelopeId) || envelopeId.length > MAX_ENVELOPE_ID)
		throw new Error(
			`Envelope ID: at most ${MAX_ENVELOPE_ID} letters, digits and signs, without spaces (RFC 3461).`,
		);
	return {
		notification: {
			notify: (['success', 'failure', 'delay'] as const).filter((when) => chosen.includes(when)),
			return: report.return === 'full' ? 'full' : 'headers',
			...(envelopeId ? { envelopeId } : {}),
		},
	};
}
