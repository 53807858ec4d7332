import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { neededParts, newestMessages, watchMailbox } from '../../mail/index';
import type { MailboxWatch } from '../../mail/index';
import { problemToError } from '../shared/mail-problem';
import { readMessage, toItems } from './source';
import type { ReportSource } from './source';

/** How many of the newest messages are looked through for one to show. */
const LOOK_THROUGH = 30;

/**
 * "Listen for event" in the editor: shows the newest matching report at once, or waits for the next.
 * Nothing is changed by it, neither in the mailbox nor in the store.
 */
export function listenOnce(context: ITriggerFunctions, source: ReportSource): ITriggerResponse {
	const stopped = new AbortController();
	let watch: MailboxWatch | undefined;

	const show = async (): Promise<void> => {
		const { account, mailbox } = source;
		const newest = await newestMessages(account, {
			mailbox,
			limit: LOOK_THROUGH,
			neededParts,
			signal: stopped.signal,
		});
		if (stopped.signal.aborted) return;
		if (!newest.ok) throw problemToError(context.getNode(), newest.problem);
		for (const message of newest.messages) {
			const { wanted } = await readMessage(source, message, false);
			if (wanted.length === 0) continue;
			// Of a large message, what was fetched: the connection is closed again, and this is a look.
			const raw = () => Promise.resolve(message.raw);
			context.emit([await toItems(context, source, wanted, raw)]);
			return;
		}
		watch = waitForNext(context, source);
	};

	return {
		manualTriggerFunction: show,
		closeFunction: async () => {
			stopped.abort();
			await watch?.stop();
		},
	};
}

function waitForNext(context: ITriggerFunctions, source: ReportSource): MailboxWatch {
	return watchMailbox(source.account, {
		mailbox: source.mailbox,
		startWith: 'new',
		readOnly: true,
		neededParts,
		loadMark: () => Promise.resolve(undefined),
		saveMark: () => Promise.resolve(),
		lookUp: () => Promise.resolve(new Map()),
		onMail: async ({ messages, whole }) => {
			for (const message of messages) {
				const { wanted } = await readMessage(source, message, false);
				const items = await toItems(context, source, wanted, () => whole(message));
				if (items.length > 0) context.emit([items]);
			}
			return [];
		},
	});
}
