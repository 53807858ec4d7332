import MailComposer from 'nodemailer/lib/mail-composer';

import { signMessage } from './dkim';
import type { DkimSigner } from './dkim';
import type { Draft } from './draft';
import { oneLine } from './headers';
import { textFromHtml } from './text-from-html';

export interface ComposedMessage {
	envelope: { from: string; to: string[] };
	raw: Buffer;
	/** In its brackets. */
	messageId: string;
}

/**
 * The bytes of any one mail: alternatives, attachments, inline pictures.
 *
 * An HTML mail gets a text alternative made from it where the draft has none. Bcc is in the envelope
 * only.
 */
export async function composeMessage(
	draft: Draft,
	{ messageId, date, signer }: { messageId: string; date: Date; signer?: DkimSigner },
): Promise<ComposedMessage> {
	const text = draft.text ?? (draft.html === undefined ? '' : textFromHtml(draft.html));
	const composer = new MailComposer({
		from: draft.from,
		to: draft.to,
		cc: draft.cc,
		replyTo: draft.replyTo,
		subject: oneLine(draft.subject),
		text,
		...(draft.html === undefined ? {} : { html: draft.html }),
		attachments: draft.attachments.map(({ fileName, contentType, content, contentId }) => ({
			filename: oneLine(fileName),
			contentType: oneLine(contentType),
			content,
			...(contentId ? { cid: contentId } : {}),
		})),
		messageId,
		date,
		// Content is what the draft holds; a path or an address in it is text and nothing to open.
		disableFileAccess: true,
		disableUrlAccess: true,
		newline: '\r\n',
	});
	const unsigned = await composer.compile().build();
	return {
		envelope: {
			from: draft.from.address,
			to: [...new Set([...draft.to, ...draft.cc, ...draft.bcc].map(({ address }) => address))],
		},
		raw: signer ? signMessage(signer, unsigned, date) : unsigned,
		messageId,
	};
}
