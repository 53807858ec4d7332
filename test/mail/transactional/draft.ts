import type { Draft } from '../../../mail/message/draft';

/** A mail from the shop to these addresses. */
export function draftTo(...addresses: string[]): Draft {
	return {
		from: { name: 'Shop', address: 'shop@example.com' },
		to: addresses.map((address) => ({ name: '', address })),
		cc: [],
		bcc: [],
		replyTo: [],
		subject: 'Your order',
		text: 'It is on its way.',
		attachments: [],
	};
}
