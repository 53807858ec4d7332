import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { parseBounce, takeInMail } from '../../mail/index';
import type { MailStore } from '../../mail/index';
import type { FeedbackFields } from '../shared/feedback-fields';
import { eventToItem } from '../shared/report-item';
import { itemsFromEach } from '../shared/items-from-each';
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
	return await itemsFromEach(
		context,
		async (index) => await parse(await readMessage(context, index), choices),
	);
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
