import type { Finding, MailProfile } from './finding';
import { checkAttachments } from './message-attachments';
import { checkContent } from './message-content';
import { checkHeaders } from './message-headers';
import { readMail } from './message-read';
import { checkReceived } from './message-received';
import { checkUnsubscribe } from './message-unsubscribe';

export interface MessageQuestion {
	/** The whole message as it is sent (RFC 5322). */
	raw: Buffer;
	profile: MailProfile;
	/** Names of the servers of a mail's receiver, where its verdict on a mail that arrived is asked for. */
	receivers?: readonly string[];
}

export interface CheckedMessage {
	subject: string;
	findings: Finding[];
}

/**
 * Has a message what receivers want to see in it, and nothing that filters mistrust? Looks at the message
 * alone: nothing is asked of the network, no link is opened. Never rejects for what is in the message.
 */
export async function checkMessage({
	raw,
	profile,
	receivers = [],
}: MessageQuestion): Promise<CheckedMessage> {
	const mail = await readMail(raw);
	const { subject } = mail;
	const findings = [
		...checkReceived(mail.fields, receivers),
		...checkHeaders(mail),
		...(profile === 'bulk' ? checkUnsubscribe(mail) : []),
		...checkContent(mail),
		...checkAttachments(mail),
	];
	if (findings.some(({ status }) => status === 'fail' || status === 'warning'))
		return { subject, findings };
	return {
		subject,
		findings: [
			{
				id: 'content.sound',
				area: 'content',
				subject,
				status: 'pass',
				title: 'The message has what receivers want to see, and nothing that filters mistrust.',
				why: 'Words of the text itself are not judged: no receiver says which ones it minds.',
				requiredBy: {},
				fixes: [],
				evidence: [],
				source: 'RFC 5322; Gmail, Yahoo, Microsoft and Apple sender guidelines',
			},
			...findings,
		],
	};
}
