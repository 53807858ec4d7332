import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { parseBounce, takeInMail } from '../../mail/index';
import type { MailStore } from '../../mail/index';
import type { FeedbackFields } from '../shared/feedback-fields';
import { eventToItem } from '../shared/report-item';
import { readMessage } from '../shared/message-input';

export interface ParseChoices extends FeedbackFields {
	store: MailStore;
	/** A mail that reports nothing gives no item. */
	leaveOutOther: boolean;
}

/**
 * Each input item's mail as what it reports, one item a recipient, paired with the input item. With On
 * Error set to continue, an item without a mail carries its error and the others go on.
 */
export async function parseItems(
	context: IExecuteFunctions,
	choices: ParseChoices,
): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	for (const index of context.getInputData().keys()) {
		const pairedItem = { item: index };
		try {
			const raw = await readMessage(context, index);
			for (const item of await parse(raw, choices)) output.push({ ...item, pairedItem });
		} catch (thrown) {
			const error = asNodeError(context, thrown, index);
			if (!context.continueOnFail()) throw error;
			output.push({ json: { error: error.message }, error, pairedItem });
		}
	}
	return output;
}

async function parse(
	raw: Buffer,
	{ store, suppress, softBounces, leaveOutOther }: ParseChoices,
): Promise<INodeExecutionData[]> {
	const { events } = await takeInMail({ raw }, store, {
		record: true,
		suppress,
		...(softBounces ? { softBounces } : {}),
		replies: true,
	});
	if (events.length > 0) return events.map(eventToItem);
	return leaveOutOther ? [] : [await otherToItem(raw)];
}

/** What is not sure is left alone: the mail's own words for whoever looks into it. */
async function otherToItem(raw: Buffer): Promise<INodeExecutionData> {
	const { from, subject, messageId, date } = await parseBounce(raw);
	return {
		json: {
			event: 'other',
			verified: false,
			suppressed: false,
			severity: 'none',
			advice: 'none',
			message: {
				...(from ? { from } : {}),
				...(subject ? { subject } : {}),
				...(messageId ? { messageId } : {}),
				...(date ? { date } : {}),
			},
		},
	};
}

function asNodeError(
	context: IExecuteFunctions,
	thrown: unknown,
	itemIndex: number,
): NodeOperationError {
	if (thrown instanceof NodeOperationError) {
		thrown.context.itemIndex = itemIndex;
		return thrown;
	}
	return new NodeOperationError(context.getNode(), thrown as Error, { itemIndex });
}
