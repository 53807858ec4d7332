import type { FetchedPart } from '../model/message-parts';
import type { MailReport, ReportedRecipient, ReportKind } from '../model/report';
import { addressesIn } from './addresses';
import { answerOf, isAnswerForPerson, readAutoReply } from './auto-reply';
import { oneLine, readDeliveryStatus } from './delivery-status';
import type { DeliveryStatus, OtherWords } from './delivery-status';
import { DIALECTS } from './dialects';
import { readComplaint } from './feedback-report';
import { isForwardedByPerson } from './forwarded-by-person';
import { first } from './headers';
import type { Headers } from './headers';
import { judge, MAX_CONTEXT, tellsReason } from './judge';
import { namedIn } from './naming';
import type { Named } from './naming';
import { noticeOf, ownAddresses, withoutDelivered, withoutQuotedTo } from './notice';
import type { Notice, OwnAddresses } from './notice';
import {
	isFromDaemon,
	isMachineWritten,
	isPeriodical,
	tellsDelay,
	tellsFailure,
	tellsOfMailbox,
	tellsSuccess,
} from './notice-signs';
import { describeOriginal, findOriginal, referenceSources } from './original';
import { isCutOff, joinMessage, splitMessage } from './parts';
import type { Message, Part } from './parts';
import { readSesNotification } from './ses-notification';

/** What a rung of the ladder found. */
interface Found {
	kind: ReportKind;
	recipients: ReportedRecipient[];
	reportingMta?: string;
	envelopeId?: string;
}

/** A message on the ladder. */
interface Reading {
	message: Message;
	notice: Notice;
	original: Headers | undefined;
	/** The message ends before it should. */
	isCut: boolean;
}

/**
 * Reads what a message reports about mails that were sent. Never throws; time is linear in the input.
 *
 * @param raw the message as received; newlines may be CRLF, LF or CR. Or a notification of Amazon SES:
 *   its JSON, bare or in the envelope of SNS.
 */
export async function parseBounce(raw: Buffer): Promise<MailReport> {
	return await Promise.resolve(readSesNotification(raw) ?? readReport(splitMessage(raw)));
}

/**
 * The same reading from what was fetched of a message: its header, and the sections that
 * `neededParts` names, in their order.
 *
 * @param message `header` is the whole header block, from the first field on
 */
export function readReportParts(message: {
	header: Buffer;
	parts: readonly FetchedPart[];
}): MailReport {
	return readReport(joinMessage(message.header, message.parts));
}

/**
 * A ladder from what is certain to what is likely, and `other` where no rung holds:
 *
 * 1. a complaint (ARF, RFC 5965)
 * 2. a delivery status report (RFC 3464), also where its fields stand in plain text
 * 3. an automatic answer (RFC 3834), which a report never is from here on
 * 4. a notice in words from a mail server: whom X-Failed-Recipients, the server's dialect or the forms
 *    that all servers use name
 * 5. reports that were forwarded, each as a mail of its own
 * 6. a notice that names nobody, with the only recipient of the returned mail, or with none
 * 7. what a server sent for a person, known by its empty return path alone
 */
function readReport(message: Message): MailReport {
	const reading = readingOf(message);
	const found: Found = readComplaint(message, reading.original) ??
		readStatusReport(reading) ??
		readAutoReply(message) ??
		readNotice(reading) ??
		readForwarded(message) ??
		readNameless(reading) ??
		(isAnswerForPerson(message.headers) ? answerOf(message.headers) : undefined) ?? {
			kind: 'other',
			recipients: [],
		};
	return describe(reading, found);
}

function readingOf(message: Message): Reading {
	const plain = noticeOf(message.parts, 'text/plain');
	const notice =
		plain.text.includes('@') || !message.parts.some(({ type }) => type === 'text/html')
			? plain
			: noticeOf(message.parts, 'text/html');
	const original = findOriginal(message, notice);
	const isCut = isCutOff(message);
	// Whom it failed for would have come behind: those whom the mail was for are many, or a list.
	return { message, notice: isCut ? withoutQuotedTo(notice) : notice, original, isCut };
}

function describe({ message, original }: Reading, found: Found): MailReport {
	const { headers } = message;
	const deliveredTo = ['delivered-to', 'x-original-to', 'to', 'envelope-to', 'x-envelope-to']
		.flatMap((name) => headers.get(name) ?? [])
		.slice(0, 20);
	const date = new Date(first(headers, 'date').slice(0, 100));
	const optional = (name: string) => first(headers, name).slice(0, 1_000) || undefined;
	return {
		kind: found.kind,
		recipients: found.recipients,
		original: {
			...describeOriginal(original),
			...(found.envelopeId ? { envelopeId: found.envelopeId } : {}),
		},
		messageId: optional('message-id')?.replace(/^<|>$/g, ''),
		subject: optional('subject'),
		from: optional('from'),
		deliveredTo,
		referenceSources: referenceSources(message, original, deliveredTo),
		reportingMta: found.reportingMta,
		date: Number.isNaN(date.getTime()) ? undefined : date.toISOString(),
	};
}

/** Where every address may be a recipient's. */
const NOBODY: OwnAddresses = { sure: new Set(), likely: new Set() };

const STATUS_TYPE = /^message\/(?:global-)?delivery-status$|^message\/.*-?delivery-?status$/;

function readStatusReport(reading: Reading): Found | undefined {
	const { message } = reading;
	const parts = message.parts.filter(({ type }) => STATUS_TYPE.test(type));
	const words = otherWords(reading, parts);
	const read = parts.map(({ text }) => readDeliveryStatus(text, words));
	if (!read.some(({ recipients }) => recipients.length > 0)) {
		const inText = readStatusInText(reading);
		if (inText) read.push(inText);
	}
	const recipients = withNotice(
		read.flatMap((status) => status.recipients),
		reading,
	);
	if (recipients.length === 0) return undefined;
	return {
		kind: kindOf(recipients),
		recipients,
		reportingMta: read.find((status) => status.reportingMta)?.reportingMta,
		envelopeId: read.find((status) => status.envelopeId)?.envelopeId,
	};
}

/**
 * What a report says of a recipient outside of their fields: the words beside their address, and the
 * whole of its words where it is about one recipient alone.
 */
function otherWords({ notice }: Reading, parts: readonly Part[]): OtherWords {
	let told: ReadonlyMap<string, string> | undefined;
	let isAboutOne: boolean | undefined;
	return (address) => {
		told ??= new Map(
			namedIn(notice, NOBODY).map((named) => [named.address.toLowerCase(), named.words]),
		);
		isAboutOne ??= parts.every(
			({ text }) => !/\nfinal-recipient:[^]*\nfinal-recipient:/i.test(text),
		);
		return {
			own: told.get(address.toLowerCase()) ?? '',
			all: isAboutOne ? notice.text.slice(0, MAX_CONTEXT) : '',
		};
	};
}

/** Looked for in every mail, and in few: a search for a bare word costs least. */
const REPORT_FIELD = /-recipient/i;

/** The fields of a report in plain text: from a server that knows no MIME, or forwarded. */
function readStatusInText(reading: Reading): DeliveryStatus | undefined {
	const { notice } = reading;
	const returned = notice.returned.slice(0, 64 * 1024);
	if (!REPORT_FIELD.test(notice.text) && !REPORT_FIELD.test(returned)) return undefined;
	const text = `${notice.text}\n${returned}`;
	const start =
		/^[ \t>]{0,8}(?:final|original)-recipient[ \t]*:[ \t]*(?:rfc822|smtp|x400|utf-8)[ \t]*;/im.exec(
			text,
		);
	// Whoever passes a whole report on: its fields say what the server meant for programs.
	if (!start || !(isByServer(reading) || isMachineWritten(reading.message.headers, notice.text)))
		return undefined;
	const before = text.slice(0, start.index).lastIndexOf('\n\n');
	const fields = text
		.slice(Math.max(0, before))
		.split('\n')
		.map((line) => line.replace(/^[> ]{0,8}(?=[A-Za-z][\w-]{1,40}[ \t]*:)/, ''))
		.join('\n');
	return readDeliveryStatus(fields, otherWords(reading, []));
}

/** A report that names a mailbox without its domain, or only says why in its other words. */
function withNotice(recipients: ReportedRecipient[], { notice }: Reading): ReportedRecipient[] {
	return recipients.map((recipient) => {
		if (recipient.address.includes('@')) return recipient;
		const prefix = `${recipient.address.toLowerCase()}@`;
		const whole = addressesIn(notice.text.slice(0, 50_000)).find(({ address }) =>
			address.toLowerCase().startsWith(prefix),
		);
		return whole ? { ...recipient, address: whole.address } : recipient;
	});
}

/** A report is as bad as the worst that it says. */
function kindOf(recipients: readonly ReportedRecipient[]): ReportKind {
	if (recipients.some(({ action }) => action === 'failed')) return 'bounce';
	return recipients.some(({ action }) => action === 'delayed') ? 'delay' : 'delivered';
}

function readNotice(reading: Reading): Found | undefined {
	const { message, notice } = reading;
	const failedHeader = message.headers.get('x-failed-recipients') ?? [];
	const action = failedHeader.length > 0 ? actionIn(reading) : toldAction(reading);
	if (!action) return undefined;
	const named = whoFailed(
		action === 'delivered' ? reading : { ...reading, notice: withoutDelivered(notice) },
		failedHeader,
	);
	if (named.length === 0) return undefined;
	const recipients = named.map((each) =>
		toRecipient(named.length === 1 ? withReason(each, notice) : each, action, notice),
	);
	return { kind: kindOf(recipients), recipients };
}

type ToldAction = 'failed' | 'delayed' | 'delivered';

/** What a mail says became of another; nothing, where it is no server's. */
function toldAction(reading: Reading): ToldAction | undefined {
	const { headers } = reading.message;
	const { text } = reading.notice;
	const subject = first(headers, 'subject');
	if (isFromDaemon(headers) && !isPeriodical(subject)) {
		if (tellsSuccess(subject, text.slice(0, 4_000))) return 'delivered';
		if (tellsFailure(subject) || tellsFailure(text) || tellsDelay(subject))
			return actionIn(reading);
	}
	const isTold = isMachineWritten(headers, text) && !headers.has('in-reply-to');
	return isTold && !isPassedOn(reading.message) ? actionIn(reading) : undefined;
}

function isByServer({ message, notice }: Reading): boolean {
	if (isFromDaemon(message.headers)) return true;
	return isMachineWritten(message.headers, notice.text) && !isPassedOn(message);
}

/** A person passes on what their words quote. */
function isPassedOn({ headers, parts }: Message): boolean {
	const [text] = parts;
	return text?.type.startsWith('text/') === true && isForwardedByPerson(headers, text.text);
}

function actionIn({ message, notice }: Reading): 'failed' | 'delayed' {
	const words = `${first(message.headers, 'subject')}\n${notice.text.slice(0, 4_000)}`;
	return tellsDelay(words) ? 'delayed' : 'failed';
}

/** Exim and Gmail name the failed addresses in a header; what happened to each, their words say. */
function whoFailed(
	{ message, notice, original }: Reading,
	failedHeader: readonly string[],
): Named[] {
	const own = ownAddresses(message, original);
	const listed = failedHeader.flatMap((value) => addressesIn(value)).map(({ address }) => address);
	if (listed.length > 0) {
		const told = new Map(
			namedIn(notice, NOBODY).map((named) => [named.address.toLowerCase(), named]),
		);
		return [...new Set(listed)].map(
			(address) =>
				told.get(address.toLowerCase()) ?? {
					address,
					words: listed.length === 1 ? oneLine(notice.text) : '',
				},
		);
	}
	for (const dialect of DIALECTS) {
		const named = dialect.read({ message, notice, original });
		if (named.length > 0) return named;
	}
	return namedIn(notice, own);
}

/** A server that says that a mail did not arrive, and not whose: perhaps the returned mail tells. */
function readNameless(reading: Reading): Found | undefined {
	const { message, notice, original, isCut } = reading;
	const subject = first(message.headers, 'subject');
	if (!isByServer(reading) || !tellsFailure(subject) || tellsOfMailbox(subject, notice.text))
		return undefined;
	const own = ownAddresses(message, original);
	const to = isCut ? [] : (original?.get('to') ?? []).flatMap((field) => addressesIn(field));
	const [only] = to;
	const address =
		only && to.length === 1 && !own.likely.has(only.address.toLowerCase()) ? only.address : '';
	const words = notice.text.slice(0, 2_000);
	const recipient = toRecipient({ address, words }, actionIn(reading), notice);
	return { kind: kindOf([recipient]), recipients: [recipient] };
}

/** What a notice about one recipient says before it names them is about them too. */
function withReason(named: Named, { text }: Notice): Named {
	return tellsReason(named.words) ? named : { ...named, words: text.slice(0, 4_000) };
}

function toRecipient(
	{ address, originalAddress, words }: Named,
	action: ToldAction,
	notice: Notice,
): ReportedRecipient {
	const diagnostic = oneLine(words);
	const remoteMta = /\bhost:? ([\w.-]{3,200}\w) ?[[(]/i.exec(diagnostic)?.[1];
	return {
		address,
		...(originalAddress ? { originalAddress } : {}),
		action,
		diagnostic,
		...(remoteMta ? { remoteMta } : {}),
		...judge({ action, diagnostic, context: () => notice.text }),
	};
}

/** Reports that somebody forwarded as attachments; a mail that only returns one is read above. */
function readForwarded(message: Message): Found | undefined {
	const found = message.parts
		.filter(({ type }) => type === 'message/rfc822')
		.slice(0, 200)
		.flatMap((part) => {
			const inner = readingOf(part.message);
			return readStatusReport(inner) ?? readNotice(inner) ?? [];
		});
	const recipients = found.flatMap((each) => each.recipients);
	return recipients.length === 0
		? undefined
		: { ...found[0], kind: kindOf(recipients), recipients };
}
