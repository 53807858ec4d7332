import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { SEND_AND_WAIT_OPERATION } from 'n8n-workflow';

import { questionLinks, questionParts, sendTransactional } from '../../../mail/index';
import type { Draft, Question } from '../../../mail/index';
import { readDkimSigner, signWithDkimProperty } from '../../shared/dkim-key';
import { forEachItem } from '../../shared/for-each-item';
import { openNodeStoreNamed } from '../../shared/mail-store';
import { tellOfOtherStores } from '../../shared/other-stores';
import { runContext } from '../../shared/run-context';
import { withinPlan } from '../../shared/account-pace';
import { readSmtpSender, warmPool } from '../../shared/smtp-account';
import { onceFor, readRun, withinRun } from '../once';
import {
	addressOptions,
	fromEmailProperty,
	readAddresses,
	toEmailProperty,
} from '../properties/addresses';
import { questionOptions, questionProperties, readQuestion } from '../properties/question';
import { readRepeats, repeatOptions } from '../properties/repeats';
import { readWaitLimit, waitLimitOption } from '../properties/wait-limit';
import { roundOf, rememberRound } from '../question-round';
import { receiptToItem } from '../receipt-item';
import { longestWaitOption, readLongestWait, takeTurns } from '../turns';
import type { Operation } from './operation';

const optionsProperty: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		...addressOptions,
		...questionOptions,
		...repeatOptions.filter(({ name }) => name === 'retries' || name === 'unknown'),
		longestWaitOption,
		signWithDkimProperty,
		waitLimitOption,
	].toSorted((a, b) => a.displayName.localeCompare(b.displayName)),
};

export const sendAndWait: Operation = {
	choice: {
		name: 'Send and Wait for Response',
		value: SEND_AND_WAIT_OPERATION,
		description: 'Ask somebody by email, and go on with the answer',
		action: 'Send an email and wait for the response',
	},
	properties: [fromEmailProperty, toEmailProperty, ...questionProperties, optionsProperty],
	execute: askAndWait,
};

/**
 * One question a run, whatever the number of items, as in n8n's own nodes: n8n has one address a run
 * at which it can be answered.
 */
async function askAndWait(nodeContext: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const context = runContext(nodeContext);
	const items = context.getInputData();
	let waitTill: Date | undefined;
	const [asked] = await forEachItem(context, { atATime: 1, count: 1, done: () => '' }, async () => {
		const options = context.getNodeParameter('options', 0, {}) as Record<string, unknown>;
		// Whatever is wrong with the answer's form or the limit is found before the mail leaves.
		const question = readQuestion((name, fallback) =>
			context.getNodeParameter(name, 0, fallback as object),
		);
		waitTill = readWaitLimit(options, context.getTimezone(), Date.now());
		return await ask(context, question, options);
	});
	if (!waitTill || !asked || asked.error) return asked ? [asked] : [];
	if (items.length > 1)
		context.addExecutionHints({
			message: `One question was asked, about the first of ${items.length} items. To ask about each, put this node into a loop (Loop Over Items).`,
			location: 'outputPane',
		});
	await context.putExecutionToWait(waitTill);
	return items;
}

async function ask(
	context: IExecuteFunctions,
	question: Question,
	options: Readonly<Record<string, unknown>>,
): Promise<INodeExecutionData> {
	const sender = await readSmtpSender(context);
	const account = withinPlan(sender.account, sender.plan);
	const longestWaitMs = readLongestWait(options);
	const signer = await readDkimSigner(context);
	const opened = await openNodeStoreNamed(context);
	const { store } = opened;
	await tellOfOtherStores(context, opened, { account });
	const run = readRun(context);
	const round = roundOf(context);
	rememberRound(context, round);
	const repeats = readRepeats(options);
	const links = questionLinks(question, (approved) =>
		context.getSignedResumeUrl({ approved: String(approved), round }),
	);
	const draft: Draft = {
		...readAddresses(context, 0, options, []),
		subject: question.title,
		...questionParts(question, links),
		attachments: [],
	};
	const turns = takeTurns(context, store, account, sender.plan);
	try {
		return await withinRun(run, context, store, async () => {
			const once = await onceFor(run, context, store, 0, draft, repeats);
			const { pausesMs } = repeats;
			const receipt = await sendTransactional(warmPool(account), draft, {
				...once,
				pausesMs,
				signer,
				turn: turns.turnFor(longestWaitMs),
			});
			return receiptToItem(context.getNode(), receipt, repeats);
		});
	} finally {
		await turns.close();
	}
}
