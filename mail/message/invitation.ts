import ical, {
	ICalAttendeeRole,
	ICalAttendeeStatus,
	ICalCalendarMethod,
	ICalEventStatus,
} from 'ical-generator';

import type { Mailbox } from '../model/address';

/** What an invitation asks of the calendar that reads it (RFC 5546 section 3.2). */
export type InvitationMethod = 'REQUEST' | 'CANCEL' | 'PUBLISH' | 'REPLY' | 'COUNTER' | 'REFRESH';

const METHODS: readonly string[] = ['REQUEST', 'CANCEL', 'PUBLISH', 'REPLY', 'COUNTER', 'REFRESH'];

/** A calendar invitation as it goes into a mail. */
export interface Invitation {
	/** Must be that of the calendar file, else Outlook shows no buttons. */
	method: InvitationMethod;
	/** The whole calendar file (RFC 5545). */
	ics: string;
}

export type MadeInvitation = { ok: true; invitation: Invitation } | { ok: false; problem: string };

/** An event as a person fills it in. */
export interface EventFields {
	method: 'REQUEST' | 'CANCEL' | 'PUBLISH';
	title: string;
	start: Date;
	/** One hour after the start where it is left out. */
	end?: Date;
	allDay?: boolean;
	location?: string;
	description?: string;
	url?: string;
	organizer: Mailbox;
	attendees: readonly Mailbox[];
	/** The same for an update or a cancellation as for the invitation. */
	uid: string;
	/** Higher in each update; calendars ignore one that is not. */
	sequence?: number;
	/** Minutes before the start. */
	reminderMinutes?: number;
}

/** @param now when the invitation was made (DTSTAMP) */
export function makeInvitation(event: EventFields, now: Date): MadeInvitation {
	const { start } = event;
	const end = event.end ?? new Date(start.getTime() + 3_600_000);
	const refuse = (problem: string): MadeInvitation => ({
		ok: false,
		problem: `Invitation: ${problem}`,
	});
	if (Number.isNaN(start.getTime())) return refuse('the start is no date.');
	if (Number.isNaN(end.getTime())) return refuse('the end is no date.');
	if (end < start) return refuse('it ends before it starts.');
	if (event.title.trim() === '') return refuse('it has no title.');
	const calendar = ical({
		prodId: '//n8n-nodes-smtp-suite//invitation//EN',
		method: ICalCalendarMethod[event.method],
	});
	const entry = calendar.createEvent({
		id: clean(event.uid),
		sequence: event.sequence ?? 0,
		start,
		end,
		stamp: now,
		allDay: event.allDay ?? false,
		summary: clean(event.title),
		status: event.method === 'CANCEL' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
		organizer: { name: nameOf(event.organizer), email: event.organizer.address },
		...(event.location?.trim() ? { location: clean(event.location) } : {}),
		...(event.description?.trim() ? { description: event.description.toWellFormed() } : {}),
		...(event.url?.trim() && URL.canParse(event.url.trim())
			? { url: new URL(event.url.trim()).href }
			: {}),
	});
	for (const attendee of event.attendees)
		entry.createAttendee({
			name: nameOf(attendee),
			email: attendee.address,
			rsvp: event.method === 'REQUEST',
			status: ICalAttendeeStatus.NEEDSACTION,
			role: ICalAttendeeRole.REQ,
		});
	if (event.reminderMinutes !== undefined && event.method === 'REQUEST')
		entry.createAlarm({ type: 'display' as never, trigger: event.reminderMinutes * 60 });
	return { ok: true, invitation: { method: event.method, ics: calendar.toString() } };
}

/** Longer than any calendar that a person would send; it bounds the work. */
const MAX_ICS = 1_000_000;

/** A calendar file that the user brings, with the method that it names. */
export function readInvitation(file: Buffer): MadeInvitation {
	const refuse = (problem: string): MadeInvitation => ({
		ok: false,
		problem: `Invitation: ${problem}`,
	});
	if (file.length > MAX_ICS) return refuse('the calendar file is larger than 1 MB.');
	const text = file
		.toString('utf8')
		.replace(/^\ufeff/, '')
		.replace(/\r\n|\r|\n/g, '\r\n');
	if (!/^\s*BEGIN:VCALENDAR\r\n/i.test(text) || !/\r\nEND:VCALENDAR\s*$/i.test(text))
		return refuse(
			'the file is no calendar file: it does not begin with BEGIN:VCALENDAR and end with END:VCALENDAR.',
		);
	const named = /\r\nMETHOD:([A-Za-z]{1,20})\r\n/i.exec(text)?.[1]?.toUpperCase();
	const method = named ?? 'REQUEST';
	if (!METHODS.includes(method))
		return refuse(`its METHOD ${method} is not one that a mail can carry.`);
	return {
		ok: true,
		invitation: {
			method: method as InvitationMethod,
			ics: named
				? text
				: text.replace(/BEGIN:VCALENDAR\r\n/i, (begin) => `${begin}METHOD:REQUEST\r\n`),
		},
	};
}

function nameOf({ name, address }: Mailbox): string {
	// Quotes cannot be written in the parameter of a property (RFC 5545 section 3.1).
	return clean(name).replace(/"/g, "'") || address;
}

function clean(text: string): string {
	return text
		.toWellFormed()
		.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
		.trim();
}
