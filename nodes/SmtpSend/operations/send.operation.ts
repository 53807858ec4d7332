import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { sendTransactional } from '../../../mail/index';
import type { OnceOptions } from '../../../mail/index';
import { readDkimSigner } from '../../shared/dkim-key';
import { forEachItem } from '../../shared/for-each-item';
import { openNodeStoreNamed } from '../../shared/mail-store';
import { tellOfOtherStores } from '../../shared/other-stores';
import { runContext } from '../../shared/run-context';
import { withinPlan } from '../../shared/account-pace';
import { readSmtpSender, warmPool } from '../../shared/smtp-account';
import { EmptyMails } from '../empty-mails';
import { messageProperties, readDraft, sendOptionsProperty } from '../message';
import { onceFor, readRun, withinRun } from '../once';
import { readRepeats } from '../properties/repeats';
import { receiptToItem } from '../receipt-item';
import { openSentCopies } from '../sent-copies';
import { trackMails } from '../tracking';
import { readLongestWait, takeTurns } from '../turns';
import type { Operation } from './operation';

export const send: Operation = {
	choice: {
		name: 'Send',
		value: 'send',
		description: 'Send one email for each item',
		action: 'Send an email',
	},
	properties: [...messageProperties, sendOptionsProperty],
	execute: sendEachItem,
};

async function sendEachItem(nodeContext: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const context = runContext(nodeContext);
	const sender = await readSmtpSender(context);
	const account = withinPlan(sender.account, sender.plan);
	const signer = await readDkimSigner(context);
	const pool = warmPool(account);
	const opened = await openNodeStoreNamed(context);
	const { store } = opened;
	await tellOfOtherStores(context, opened, { account });
	const track = trackMails(context, () => Promise.resolve(store), 'send');
	const copies = await openSentCopies(context);
	const run = readRun(context);
	const turns = takeTurns(context, store, account, sender.plan);
	const emptyMails = new EmptyMails();
	const { atATime, mayFollow } = inHand(context, account.limits.connections);
	const sendItem = async (itemIndex: number, later: NonNullable<OnceOptions['later']>) => {
		const draft = await readDraft(context, itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as Record<string, unknown>;
		const repeats = readRepeats(options);
		const longestWaitMs = readLongestWait(options);
		// Before the links are in: they are of this try, and a retry is known by what the mail says.
		const { once, messageKey } = await onceFor(run, context, store, itemIndex, draft, repeats);
		const linked = await track(draft, { itemIndex, key: messageKey });
		const receipt = await sendTransactional(pool, linked, {
			...(once ? { once: { ...once, later } } : {}),
			messageKey,
			pausesMs: repeats.pausesMs,
			signer,
			turn: turns.turnFor(longestWaitMs),
			mayFollow,
			onSent: copies && ((raw) => copies.add(itemIndex, raw)),
		});
		if (receipt.outcome === 'sent') emptyMails.note(itemIndex, draft);
		const item = receiptToItem(context.getNode(), receipt, repeats);
		return { ...item, json: { ...item.json, ...copies?.outputOf(itemIndex) } };
	};
	try {
		return await withinRun(run, context, store, (later) =>
			forEachItem(context, { atATime, done: sentBefore }, (index) => sendItem(index, later)),
		);
	} finally {
		emptyMails.tell(context);
		await turns.close();
		await copies?.close();
	}
}

/**
 * Of a list, a second mail for each connection is ready when the first is out, and its envelope follows
 * at once: that saves a round trip a mail. Not with files, which would be in memory twice as often.
 */
function inHand(
	context: IExecuteFunctions,
	connections: number,
): { atATime: number; mayFollow: boolean } {
	const items = context.getInputData();
	const mayFollow = items.length > connections && !items.some(({ binary }) => binary);
	return { atATime: mayFollow ? connections * 2 : connections, mayFollow };
}

function sentBefore(count: number): string {
	return `${count} ${count === 1 ? 'mail of this run was' : 'mails of this run were'} sent before. Retry On Fail and Retry of this execution do not send them again. Executing the workflow anew does, unless they have an idempotency key.`;
}
