import type { INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { CampaignRecord, Forgotten } from '../../../mail/index';
import { openNodeStore } from '../../shared/mail-store';
import type { Operation } from './operation';

const DAY_MS = 86_400_000;
/**
 * Who reads an old mail must still be able to unsubscribe: for 30 days after it was sent by law in the USA
 * (CAN-SPAM, 15 U.S.C. 7704(a)(3)), for 60 in Canada (CASL, section 11(2)).
 */
const LEAST_DAYS = 60;

/** Deletes what the mail store keeps of old campaigns. */
export const cleanUp: Operation = {
	choice: {
		name: 'Clean Up',
		value: 'cleanUp',
		description:
			'Delete what the mail store keeps of old campaigns: their recipients, bounces, opens and clicks',
		action: 'Clean up old campaigns',
	},
	properties: [
		{
			displayName:
				'A deleted campaign forgets whom it mailed: sent again under the same ID, it mails everybody again. The links in its mails stop working, the unsubscribe link too. The suppression list stays.',
			name: 'cleanUpNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Older Than (Days)',
			name: 'cleanUpDays',
			type: 'number',
			default: 365,
			typeOptions: { minValue: LEAST_DAYS },
			description:
				'Campaigns that were finished or cancelled at least so many days ago are deleted, and single mails of SMTP Send that are so old. At least 60: so long, unsubscribe links have to work by law.',
		},
		{
			displayName: 'Only Show Them',
			name: 'cleanUpOnlyShow',
			type: 'boolean',
			default: false,
			description: 'Whether to list the campaigns that would be deleted, and delete nothing',
		},
	],
	async execute(context) {
		const days = Number(context.getNodeParameter('cleanUpDays', 0, 365));
		if (!(days >= LEAST_DAYS))
			throw new NodeOperationError(
				context.getNode(),
				`Older Than (Days) is ${days}; it has to be at least ${LEAST_DAYS}.`,
				{
					description:
						'Readers of a mail must be able to unsubscribe for that long. Nothing was deleted.',
				},
			);
		const onlyShow = context.getNodeParameter('cleanUpOnlyShow', 0, false);
		const store = await openNodeStore(context);
		const before = store.clock() - days * DAY_MS;
		const signal = context.getExecutionCancelSignal();
		const items: INodeExecutionData[] = [];
		for (const id of await store.campaigns.aged(before)) {
			if (signal?.aborted) break;
			const record = await store.campaigns.get(id);
			const forgotten = onlyShow ? undefined : await store.campaigns.forget(id, before);
			items.push({ json: describe(id, record, forgotten), pairedItem: { item: 0 } });
		}
		if (items.length === 0)
			context.addExecutionHints({
				message: `No campaign was finished or cancelled more than ${days} days ago, so there is nothing to delete.`,
				type: 'info',
				location: 'outputPane',
			});
		return [items];
	},
};

function describe(id: string, record?: CampaignRecord, forgotten?: Forgotten) {
	const since = record && (record.finishedAt ?? record.stateSince);
	const { recipients, mails, events, entirely } = forgotten ?? {};
	return {
		campaignId: id,
		name: record?.name ?? '',
		...(since ? { doneAt: new Date(since).toISOString() } : {}),
		deleted: entirely === true ? 'everything' : forgotten ? 'old mails' : 'nothing',
		...(forgotten ? { recipients, singleMails: mails, events } : {}),
	};
}
