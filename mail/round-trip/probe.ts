import { randomBytes } from 'node:crypto';

import { composeMessage } from '../message/compose';
import { domainOf } from '../model/address';
import type { Mailbox } from '../model/address';
import type { Envelope } from '../smtp/send-result';

/** A mail that is to be found again, wherever it lands and whatever a server does to it. */
export interface Probe {
	envelope: Envelope;
	raw: Buffer;
	/** Stands in its header, in a field that no server touches. */
	token: string;
	/** Without angle brackets. */
	messageId?: string;
}

/** Some servers put a Message-ID of their own into the mail; nobody touches this one. */
const FIELD = 'X-Round-Trip';

/** A mail of our own words, for who has none to send. */
export async function writeProbe(
	{ from, to, envelopeFrom }: { from: Mailbox; to: string; envelopeFrom?: string },
	at: Date,
): Promise<Probe> {
	const token = newToken();
	const { envelope, raw, messageId } = await composeMessage(
		{
			from,
			to: [{ name: '', address: to }],
			cc: [],
			bcc: [],
			replyTo: [],
			...(envelopeFrom !== undefined && { envelopeFrom }),
			subject: `Test mail ${token.slice(0, 8)}`,
			html: `<p>This is a test mail.</p>\n<p>The node Deliverability Check of n8n sent it to see whether mail from ${domainOf(from.address)} arrives. You can delete it.</p>`,
			attachments: [],
		},
		{ messageId: `<${token}@${domainOf(from.address)}>`, date: at },
	);
	return { envelope, raw: marked(raw, token), token, messageId: messageId.slice(1, -1) };
}

/** A mail that was written elsewhere, as it is: a field above all others breaks no signature. */
export function markProbe(raw: Buffer, envelope: Envelope): Probe {
	const token = newToken();
	const head =
		raw
			.subarray(0, 64 * 1024)
			.toString('latin1')
			.split(/\r?\n\r?\n/, 1)[0] ?? '';
	const messageId = /^message-id:\s*<([^<>\s]{1,998})>/im.exec(head)?.[1];
	return {
		envelope,
		raw: marked(raw, token),
		token,
		...(messageId !== undefined && { messageId }),
	};
}

function newToken(): string {
	return randomBytes(16).toString('hex');
}

function marked(raw: Buffer, token: string): Buffer {
	return Buffer.concat([Buffer.from(`${FIELD}: ${token}\r\n`), raw]);
}
