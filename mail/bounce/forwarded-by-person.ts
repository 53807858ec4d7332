import { first } from './headers';
import type { Headers } from './headers';

/** Programs that people write mails with; what servers and scripts call themselves is not among them. */
const CLIENT =
	/thunderbird|outlook|apple mail|i(?:phone|pad) mail|evolution|roundcube|squirrelmail|horde|snappymail|rainloop|\bmutt|\bk-?9 ?mail|kmail|claws|the bat|em ?client|windows (?:live )?mail|airmail|\bspark|mailmate|sylpheed|seamonkey|\bgnus|alpine|webmail|zimbra|yahoomail|fairemail|bluemail|postbox|\bmailspring/i;

/** What clients leave behind on what a person writes: a thread, or their own form of Message-ID. */
const OF_A_THREAD = [
	'references',
	'in-reply-to',
	'thread-index',
	'thread-topic',
	'x-ms-has-attach',
];
const CLIENT_MESSAGE_ID = /@mail\.gmail\.com>|@mail\.yahoo\.com>|\.prod\.outlook\.com>/i;

/** Begins the subject of what somebody forwards, in the words of clients. */
const FORWARDED_SUBJECT =
	/^\s{0,10}(?:fwd?|wg|tr|rv|enc|i|vl|vb|vs|pd|fs|ilt|doorst|továbbítás|πρθ|переслать|转发|轉寄|転送)\s?[:：]/iu;

/** Above what somebody forwards within their text, in the words of clients. */
const FORWARDED_LINE =
	/^[-_\s>]{0,20}(?:begin forwarded message|forwarded message|original message|original-nachricht|(?:anfang der )?weitergeleitete[nr]? (?:nachricht|e-?mail)|ursprüngliche nachricht|message (?:transféré|d'origine)|mensaje (?:reenviado|original)|mensagem (?:encaminhada|original)|messaggio (?:inoltrato|originale)|doorgestuurd bericht|oorspronkelijk bericht|vidarebefordrat meddelande|videresendt (?:meddelelse|melding)|(?:treść )?przekazan\p{L}* wiadomoś|пересыла\p{L}* сообщени|転送(?:された)?メ|转发的?邮件|轉寄)/imu;

/** Within this somebody has come to what they pass on. */
const MAX_BEGINNING = 4_000;

/**
 * Whether somebody passes on what they got: their words above a report are a question to us, and it
 * reports of a mail of theirs. Certain only where a mail client shows; what servers pass on goes through,
 * and so does a report attached as it came.
 *
 * @param text the mail's words, with what they quote
 */
export function isForwardedByPerson(headers: Headers, text: string): boolean {
	if (
		!FORWARDED_SUBJECT.test(first(headers, 'subject')) &&
		!FORWARDED_LINE.test(text.slice(0, MAX_BEGINNING))
	)
		return false;
	if (/^auto-/i.test(first(headers, 'auto-submitted'))) return false;
	const client = `${first(headers, 'user-agent')} ${first(headers, 'x-mailer')}`;
	return (
		CLIENT.test(client) ||
		OF_A_THREAD.some((name) => headers.has(name)) ||
		CLIENT_MESSAGE_ID.test(first(headers, 'message-id'))
	);
}

/** A text without the lines that a person quotes below their own words. */
export function withoutQuotes(text: string): string {
	return text.includes('\n>') ? text.replace(/^>.*$/gm, '') : text;
}
