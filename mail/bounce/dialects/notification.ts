import type { Named } from '../naming';
import type { Dialect } from './dialect';

interface BouncedRecipient {
	emailAddress?: unknown;
	status?: unknown;
	diagnosticCode?: unknown;
}

/** Amazon SES through SNS: the bounce is a JSON object in the text. */
export const notification: Dialect = {
	name: 'Amazon SES notification',
	read({ notice, message }) {
		const text = notice.text.includes('"notificationType"')
			? notice.text
			: (message.parts[0]?.text.slice(0, 200_000) ?? '');
		if (!/"(?:notificationType|eventType)"/.test(text)) return [];
		const list = bouncedRecipients(text);
		return list.flatMap(({ emailAddress, status, diagnosticCode }): Named[] =>
			typeof emailAddress === 'string'
				? [
						{
							address: emailAddress.replace(/^.*<|>.*$/g, ''),
							words: `${asText(diagnosticCode).replace(/^smtp;\s*/i, '')} ${asText(status)}`.trim(),
						},
					]
				: [],
		);
	},
};

/** The list alone: a mail may break the object around it, and a wrapped line the text within. */
function bouncedRecipients(text: string): BouncedRecipient[] {
	const joined = text.replace(/\n ?/g, '');
	const start = joined.search(/"bouncedRecipients" ?: ?\[/);
	if (start < 0) return [];
	const open = joined.indexOf('[', start);
	for (
		let end = joined.indexOf(']', open), tries = 0;
		end > 0 && tries < 20;
		end = joined.indexOf(']', end + 1), tries++
	) {
		try {
			const list: unknown = JSON.parse(joined.slice(open, end + 1));
			return Array.isArray(list) ? (list as BouncedRecipient[]).slice(0, 1_000) : [];
		} catch {
			// The bracket stood within a text.
		}
	}
	return [];
}

function asText(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
