import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { SentFolder } from '../../mail/index';
import type { SentCopy } from '../../mail/index';
import { asText } from '../shared/as-text';
import { readImapCredential } from '../shared/imap-account';

/** @returns undefined when no copies are wanted */
export async function openSentCopies(context: IExecuteFunctions): Promise<SentCopies | undefined> {
	const type = context.getNodeParameter('options.copyInSent', 0, '');
	if (type !== 'imapAccount' && type !== 'imapOAuth2Api') return undefined;
	const folder = asText(context.getNodeParameter('options.sentFolder', 0, '')).trim();
	const account = await readImapCredential(context, type);
	return new SentCopies(context, new SentFolder(account, folder === '' ? {} : { folder }));
}

/** What became of the copies of this run's mails. No failure of one is a failure of its mail. */
export class SentCopies {
	readonly #copies = new Map<number, SentCopy>();

	constructor(
		private readonly context: Pick<IExecuteFunctions, 'addExecutionHints'>,
		private readonly folder: Pick<SentFolder, 'add' | 'close'>,
	) {}

	async add(itemIndex: number, raw: Buffer): Promise<void> {
		this.#copies.set(itemIndex, await this.folder.add(raw));
	}

	/** Nothing for an item whose mail an earlier try had sent. */
	outputOf(itemIndex: number): IDataObject {
		const copy = this.#copies.get(itemIndex);
		if (!copy) return {};
		return {
			sentCopy: copy.kept ? { ...copy } : { kept: false, reason: reasonOf(copy) },
		};
	}

	/** Closes the mailbox, and says what failed: the same reason once, however many mails have it. */
	async close(): Promise<void> {
		await this.folder.close();
		const failed = new Map<string, number>();
		for (const copy of this.#copies.values()) {
			if (copy.kept) continue;
			const reason = reasonOf(copy);
			failed.set(reason, (failed.get(reason) ?? 0) + 1);
		}
		for (const [reason, count] of failed)
			this.context.addExecutionHints({
				message: `${count === 1 ? 'A mail was sent, but its copy is not in Sent' : `${count} mails were sent, but their copies are not in Sent`}: ${reason}`,
				type: 'warning',
				location: 'outputPane',
			});
	}
}

function reasonOf({ problem }: Extract<SentCopy, { kept: false }>): string {
	const { code, message, advice, reply } = problem;
	return [
		message,
		advice,
		code === 'folderMissing' ? 'Write its full name in the option Sent Folder.' : '',
		reply ? `The server said: ${reply}` : '',
	]
		.filter(Boolean)
		.join(' ');
}
