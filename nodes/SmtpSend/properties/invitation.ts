import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { makeInvitation, readInvitation } from '../../../mail/index';
import type { Draft, EventFields, Invitation } from '../../../mail/index';
import { readMailbox, readMailboxes } from '../../shared/address-fields';
import { asText } from '../../shared/as-text';
import { readDate } from '../../shared/date-field';

/** Shown under Options. */
export const invitationOption: INodeProperties = {
	displayName: 'Calendar Invitation',
	name: 'invitation',
	type: 'fixedCollection',
	placeholder: 'Add invitation',
	default: {},
	description: 'Outlook, Gmail and others show it with buttons to accept or decline',
	options: [
		{
			displayName: 'Event',
			name: 'event',
			// In the order in which a person thinks of an event; by name the start would come tenth.
			// eslint-disable-next-line n8n-nodes-base/node-param-fixed-collection-type-unsorted-items
			values: [
				{ displayName: 'Title', name: 'title', type: 'string', default: '' },
				{ displayName: 'Start', name: 'start', type: 'dateTime', default: '' },
				{
					displayName: 'End',
					name: 'end',
					type: 'dateTime',
					default: '',
					description: 'One hour after the start when empty',
				},
				{ displayName: 'All Day', name: 'allDay', type: 'boolean', default: false },
				{ displayName: 'Location', name: 'location', type: 'string', default: '' },
				{
					displayName: 'Description',
					name: 'description',
					type: 'string',
					typeOptions: { rows: 3 },
					default: '',
				},
				{
					displayName: 'Link',
					name: 'url',
					type: 'string',
					default: '',
					placeholder: 'e.g. https://meet.example.com/x',
				},
				{
					displayName: 'What It Does',
					name: 'method',
					type: 'options',
					default: 'REQUEST',
					options: [
						{ name: 'Invites or Updates', value: 'REQUEST' },
						{ name: 'Cancels', value: 'CANCEL' },
						{ name: 'Only Tells', value: 'PUBLISH', description: 'Without asking for an answer' },
					],
				},
				{
					displayName: 'Organizer',
					name: 'organizer',
					type: 'string',
					default: '',
					placeholder: 'e.g. Ada <ada@example.com>',
					description: 'Gets the answers. The sender when empty.',
				},
				{
					displayName: 'Attendees',
					name: 'attendees',
					type: 'string',
					default: '',
					description: 'The recipients of the mail when empty',
				},
				{
					displayName: 'Event ID (UID)',
					name: 'uid',
					type: 'string',
					default: '',
					placeholder: 'e.g. meeting-1815@example.com',
					description: 'Needed to update or cancel later: the same ID again, with a higher version',
				},
				{
					displayName: 'Version',
					name: 'sequence',
					type: 'number',
					default: 0,
					typeOptions: { minValue: 0 },
					description: 'Higher with each update or cancellation',
				},
				{
					displayName: 'Reminder (Minutes Before)',
					name: 'reminder',
					type: 'number',
					default: 15,
					typeOptions: { minValue: 0 },
				},
			],
		},
		{
			displayName: 'Calendar File',
			name: 'file',
			values: [
				{
					displayName: 'Input Binary Field',
					name: 'field',
					type: 'string',
					default: 'data',
					hint: 'The name of the input binary field with the .ics file',
				},
			],
		},
	],
};

type Addressed = Pick<Draft, 'from' | 'to' | 'cc'>;

/** @throws Error that names the field and what is wrong with it */
export async function readInvitationOption(
	context: IExecuteFunctions,
	itemIndex: number,
	options: Readonly<Record<string, unknown>>,
	addressed: Addressed,
): Promise<Invitation | undefined> {
	const { event, file } = (options.invitation ?? {}) as {
		event?: Record<string, unknown>;
		file?: Record<string, unknown>;
	};
	if (!event && !file) return undefined;
	const made = file
		? readInvitation(await readFile(context, itemIndex, asText(file.field).trim()))
		: makeInvitation(readEvent(context, event ?? {}, addressed, itemIndex), new Date());
	if (!made.ok) throw new Error(made.problem);
	return made.invitation;
}

async function readFile(
	context: IExecuteFunctions,
	itemIndex: number,
	name: string,
): Promise<Buffer> {
	if (!context.getInputData()[itemIndex]?.binary?.[name])
		throw new Error(`The calendar file "${name}" is missing, so the mail was not sent.`);
	return await context.helpers.getBinaryDataBuffer(itemIndex, name);
}

function readEvent(
	context: IExecuteFunctions,
	event: Record<string, unknown>,
	{ from, to, cc }: Addressed,
	itemIndex: number,
): EventFields {
	const zone = context.getTimezone();
	const start = readDate('Start of the invitation', event.start, zone);
	if (!start) throw new Error('Invitation: the start is missing.');
	const end = readDate('End of the invitation', event.end, zone);
	const organizer = asText(event.organizer).trim();
	const attendees = readMailboxes('Attendees', event.attendees);
	const { method } = event;
	return {
		method: method === 'CANCEL' || method === 'PUBLISH' ? method : 'REQUEST',
		title: asText(event.title),
		start,
		...(end ? { end } : {}),
		allDay: event.allDay === true,
		location: asText(event.location),
		description: asText(event.description),
		url: asText(event.url),
		organizer: organizer === '' ? from : readMailbox('Organizer', organizer),
		attendees: attendees.length > 0 ? attendees : [...to, ...cc],
		// The same for each try of the same item, so that a repeated mail is one event.
		uid:
			asText(event.uid).trim() ||
			`${context.getExecutionId()}-${itemIndex}-${context.getNode().id}`,
		sequence: Math.max(0, Math.floor(Number(event.sequence ?? 0)) || 0),
		...(typeof event.reminder === 'number' ? { reminderMinutes: event.reminder } : {}),
	};
}
