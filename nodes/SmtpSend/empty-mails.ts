import type { IExecuteFunctions } from 'n8n-workflow';

import type { Draft } from '../../mail/index';

/** Mails of a run in which there is nothing to read: mostly an expression that came out empty. */
export class EmptyMails {
	readonly #items: number[] = [];

	note(itemIndex: number, { html, text, attachments, invitation }: Draft): void {
		const isEmpty = isBlank(html) && isBlank(text) && attachments.length === 0 && !invitation;
		if (isEmpty) this.#items.push(itemIndex);
	}

	/** One hint for all of them. */
	tell(context: Pick<IExecuteFunctions, 'addExecutionHints'>): void {
		const count = this.#items.length;
		if (count === 0) return;
		const which = Math.min(...this.#items);
		context.addExecutionHints({
			message: `${count === 1 ? `The mail of item ${which} has` : `${count} mails, of item ${which} and others, have`} no text and no attachment. If that is not what you want, look at what the expressions in HTML and Text give for this item.`,
			type: 'warning',
			location: 'outputPane',
		});
	}
}

function isBlank(content: string | undefined): boolean {
	return content === undefined || content.trim() === '';
}
