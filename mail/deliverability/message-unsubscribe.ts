import type { Finding } from './finding';
import { contentFinding } from './message-finding';
import type { ReadMail } from './message-read';

/** Gmail and Yahoo demand one-click unsubscribe of bulk senders; Apple and Microsoft a way out that works. */
const ONE_CLICK: Finding['requiredBy'] = { bulk: ['gmail', 'yahoo'] };
const SOURCE = 'RFC 8058; Gmail and Yahoo sender guidelines';
const MAX_LINE = 900;

/** In many languages; a hint and never proof, so a miss is no failure. */
const WORDS =
	/unsubscri|abmeld|abbestell|d[ée]sabonn|d[ée]sinscri|darse de baja|cancelar (?:la )?suscri|cancelar (?:a )?(?:inscri|assinatura)|disiscri|annulla|uitschrijv|afmeld|avregistrer|avslut|afmeld|peruuta|wypisz|odhl[áa]si|leiratkoz|dezabon|отпис|відпис|配信停止|購読解除|退订|取消订阅|수신거부|구독 취소|preferences|opt.?out/iu;

export function* checkUnsubscribe(mail: ReadMail): Generator<Finding> {
	const header = mail.headers.get('list-unsubscribe')?.[0];
	const post = mail.headers.get('list-unsubscribe-post')?.[0];
	if (header === undefined)
		yield contentFinding(
			'noUnsubscribe',
			'fail',
			'List-Unsubscribe',
			'The message has no List-Unsubscribe.',
			'Mail programs show no button to leave, so people press "spam" instead. Gmail and Yahoo demand it of who sends to many.',
			'Switch Unsubscribe Link on in SMTP Bulk Send, or fill in List-Unsubscribe in SMTP Send.',
			{ requiredBy: ONE_CLICK, source: SOURCE },
		);
	else yield* checkOneClick(mail, header, post);
	if (!mail.headers.has('list-id'))
		yield contentFinding(
			'noListId',
			'info',
			'List-Id',
			'The message has no List-Id.',
			'It helps people to sort, and receivers to tell your lists apart.',
			'',
			{ source: 'RFC 2919' },
		);
	const seen = [
		mail.content?.text ?? mail.text ?? '',
		...(mail.content?.links.map(({ href }) => href) ?? []),
	];
	if (!seen.some((text) => WORDS.test(text)))
		yield contentFinding(
			'noVisibleUnsubscribe',
			'warning',
			'body',
			'There seems to be no link to unsubscribe in the text.',
			'Apple, Microsoft and laws (such as CAN-SPAM) want one that people see.',
			'Put {{unsubscribeUrl}} into the template, with the word "Unsubscribe".',
			{ source: 'Apple and Microsoft sender guidelines' },
		);
}

function* checkOneClick(
	mail: ReadMail,
	header: string,
	post: string | undefined,
): Generator<Finding> {
	const uris = [...header.slice(0, 4_000).matchAll(/<([^<>]*)>/g)].map(([, uri = '']) =>
		uri.trim(),
	);
	const isSecure = uris.some((uri) => /^https:\/\//i.test(uri));
	if (!isSecure)
		yield contentFinding(
			'unsubscribeNotHttps',
			'fail',
			header,
			uris.some((uri) => /^mailto:/i.test(uri))
				? 'List-Unsubscribe has a mail address only.'
				: 'List-Unsubscribe has no https address.',
			'One-click unsubscribe needs one.',
			'Use Unsubscribe Link, with an Email Tracking Trigger that is active under an https address.',
			{ requiredBy: ONE_CLICK, source: SOURCE, evidence: [header] },
		);
	else if (post?.trim().toLowerCase() !== 'list-unsubscribe=one-click')
		yield contentFinding(
			'unsubscribeNotOneClick',
			'fail',
			'List-Unsubscribe-Post',
			post === undefined
				? 'The message has no List-Unsubscribe-Post.'
				: 'List-Unsubscribe-Post is not "List-Unsubscribe=One-Click".',
			'Without it the button opens a page instead of acting at once.',
			'Switch One-Click on beside List-Unsubscribe.',
			{ requiredBy: ONE_CLICK, source: SOURCE, evidence: post === undefined ? [] : [post] },
		);
	const covering = ['list-unsubscribe', 'list-unsubscribe-post'];
	if (
		isSecure &&
		mail.signatures.length > 0 &&
		!mail.signatures.some(({ fields }) => covering.every((name) => fields.includes(name)))
	)
		yield contentFinding(
			'unsubscribeNotSigned',
			'fail',
			'DKIM-Signature',
			'No signature covers List-Unsubscribe and List-Unsubscribe-Post.',
			'Gmail then shows no button.',
			'Let the signature cover both (h=); Sign With DKIM of our nodes does.',
			{ requiredBy: ONE_CLICK, source: 'RFC 8058 section 4' },
		);
	if (header.length > MAX_LINE)
		yield contentFinding(
			'longUnsubscribe',
			'warning',
			'List-Unsubscribe',
			`List-Unsubscribe has ${header.length} characters.`,
			'Some servers fold it, and then receivers cannot read it.',
			'Use a shorter address.',
			{ source: 'RFC 5322 section 2.1.1' },
		);
}
