import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { makeRoundTrip, MailboxUnavailable, markProbe, writeProbe } from '../../../mail/index';
import type { Dns, Probe, RoundTrip, SentProbe } from '../../../mail/index';
import { readMailbox } from '../../shared/address-fields';
import { asText } from '../../shared/as-text';
import { readImapCredential } from '../../shared/imap-account';
import { problemToError } from '../../shared/mail-problem';
import { readSmtpAccount, warmPool } from '../../shared/smtp-account';
import { isToolCall } from '../../shared/tool-call';
import { listIn } from '../list-in';
import { earlierTrip, keepTrip, tripKey } from '../earlier-trips';
import type { Looked, Operation } from './operation';

/** An option, not a field: n8n's editor hides a field that chooses a credential. */
const optionsProperty: INodeProperties = {
	displayName: 'Options',
	name: 'roundTripOptions',
	type: 'collection',
	placeholder: 'Add Option',
	default: {},
	options: [
		{
			displayName: 'Mailbox Signs In With',
			name: 'mailboxSignIn',
			type: 'options',
			default: 'imapOAuth2Api',
			description: 'How the mailbox of To Email is opened',
			options: [
				{ name: 'IMAP Account', value: 'imapAccount', description: 'A password' },
				{
					name: 'OAuth2',
					value: 'imapOAuth2Api',
					description: 'Google, Microsoft 365 and others, without a password',
				},
			],
		},
		{
			displayName: 'Own Mail in Binary Field',
			name: 'messageField',
			type: 'string',
			default: '',
			placeholder: 'e.g. data',
			description:
				'Sends this file in place of a test mail, as it is: such as the one that Preview of SMTP Send gives, with its template and its DKIM signature',
		},
		{
			displayName: 'Receiving Servers',
			name: 'receivers',
			type: 'string',
			default: '',
			placeholder: 'e.g. mx.example.com',
			description:
				'The servers whose verdict on SPF, DKIM and DMARC is believed, separated by commas. Left empty, the topmost Received line tells.',
		},
		{
			displayName: 'Remove the Mail Afterwards',
			name: 'remove',
			type: 'boolean',
			default: true,
			description: 'Whether to delete the test mail from the mailbox when it was looked at',
		},
		{
			displayName: 'Time Limit (Minutes)',
			name: 'minutes',
			type: 'number',
			default: 5,
			typeOptions: { minValue: 1, maxValue: 60 },
			description: 'How long to look for the mail. Receivers that greylist take fifteen and more.',
		},
	],
};

const DEFAULT_MINUTES = 5;

/** One real mail to a mailbox of one's own, and what its receiver thought of it. */
export const roundTrip: Operation = {
	choice: {
		name: 'Round Trip',
		value: 'roundTrip',
		description:
			'Send one real mail to a mailbox of yours and see how it arrives: folder, delay, SPF, DKIM, DMARC, TLS, content',
		action: 'Send a test mail and see how it arrives',
	},
	properties: [
		{
			displayName: 'From Email',
			name: 'fromEmail',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. Example News <news@example.com>',
			description: 'The sender whose mail is tried',
		},
		{
			displayName: 'To Email',
			name: 'toEmail',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. my.test.mailbox@gmail.com',
			description: 'The address of the mailbox that is chosen above',
			hint: 'A mailbox of yours at the receiver that you want to know about. Each run sends one mail there.',
		},
		// The account is always needed here; for Server the field of this name is a choice.
		{ displayName: 'Try the Sending Account', name: 'tryAccount', type: 'hidden', default: true },
		optionsProperty,
	],
	async look(context, itemIndex, openDns) {
		const key = isToolCall(context) ? undefined : tripKey(context, itemIndex);
		const earlier = key === undefined ? undefined : earlierTrip(key);
		if (earlier?.isOver) return earlier.looked;
		const trip = await takeTrip(context, itemIndex, openDns, earlier?.sent);
		const { from, to } = (trip.sent?.probe ?? trip.probe).envelope;
		const looked: Looked = {
			subject: `${from} to ${to.join(', ')}`,
			findings: trip.findings,
			details: { roundTrip: describeTrip(trip) },
		};
		if (key !== undefined && trip.sent)
			keepTrip(key, { sent: trip.sent, looked, isOver: trip.outcome !== 'notArrived' });
		return looked;
	},
};

async function takeTrip(
	context: IExecuteFunctions,
	itemIndex: number,
	openDns: () => Dns,
	earlier: SentProbe | undefined,
): Promise<RoundTrip & { probe: Probe }> {
	const options = context.getNodeParameter('roundTripOptions', itemIndex, {}) as IDataObject;
	const probe = await readProbe(context, itemIndex, asText(options.messageField).trim());
	const account = await readSmtpAccount(context);
	const mailbox = await readImapCredential(
		context,
		options.mailboxSignIn === 'imapOAuth2Api' ? 'imapOAuth2Api' : 'imapAccount',
	);
	const signal = context.getExecutionCancelSignal();
	const trip = await makeRoundTrip({
		pool: warmPool(account),
		account,
		mailbox,
		probe,
		openDns,
		receivers: listIn(asText(options.receivers)),
		patienceMs: (Number(options.minutes) || DEFAULT_MINUTES) * 60_000,
		remove: options.remove === true,
		...(earlier && { earlier }),
		...(signal && { signal }),
	}).catch((error: unknown) => {
		throw error instanceof MailboxUnavailable
			? problemToError(context.getNode(), error.problem, itemIndex)
			: error;
	});
	return { ...trip, probe };
}

async function readProbe(
	context: IExecuteFunctions,
	itemIndex: number,
	field: string,
): Promise<Probe> {
	const from = readMailbox('From Email', context.getNodeParameter('fromEmail', itemIndex, ''));
	const to = readMailbox('To Email', context.getNodeParameter('toEmail', itemIndex, ''));
	if (field === '') return await writeProbe({ from, to: to.address }, new Date());
	if (!context.getInputData()[itemIndex]?.binary?.[field])
		throw new NodeOperationError(
			context.getNode(),
			`This item has no file in the binary field "${field}"`,
			{
				itemIndex,
				description: 'Correct Own Mail in Binary Field, or remove it to send a test mail.',
			},
		);
	const raw = await context.helpers.getBinaryDataBuffer(itemIndex, field);
	return markProbe(raw, { from: from.address, to: [to.address] });
}

function describeTrip(trip: RoundTrip): IDataObject {
	if (trip.outcome !== 'arrived') return { outcome: trip.outcome };
	const { outcome, folder, seconds, cameIn, results } = trip;
	return {
		outcome,
		folder,
		seconds,
		...(cameIn && { cameFrom: cameIn.address ?? cameIn.ehlo ?? '', tls: cameIn.isEncrypted }),
		authentication: results.map(({ method, result, properties }) => ({
			method,
			result,
			...Object.fromEntries(properties),
		})),
	};
}
