import type { ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { newestMessages, watchMailbox } from '../../mail/index';
import type { MailboxWatch } from '../../mail/index';
import { problemToError } from '../shared/mail-problem';
import { eventToItem } from './report-item';
import { readMessage } from './source';
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
			signal: stopped.signal,
		});
		if (stopped.signal.aborted) return;
		if (!newest.ok) throw problemToError(context.getNode(), newest.problem);
		for (const message of newest.messages) {
			const { wanted } = await readMessage(source, message, false);
			if (wanted.length === 0) continue;
			context.emit([wanted.map(eventToItem)]);
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
		loadMark: () => Promise.resolve(undefined),
		saveMark: () => Promise.resolve(),
		onMessage: async (message) => {
			const { wanted } = await readMessage(source, message, false);
			if (wanted.length > 0) context.emit([wanted.map(eventToItem)]);
			return { action: 'leave' };
		},
	});
}
