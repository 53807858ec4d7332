import type { IDataObject } from 'n8n-workflow';

import type { Suppression } from '../../mail/index';

/** One entry as the user sees it; what it does not hold is left out. */
export function describeEntry(entry: Suppression): IDataObject {
	const { address, list, reason, createdAt, expiresAt, campaignId, detail } = entry;
	return {
		email: address,
		list,
		reason,
		since: new Date(createdAt).toISOString(),
		...(expiresAt === undefined ? {} : { until: new Date(expiresAt).toISOString() }),
		...(campaignId === undefined ? {} : { campaignId }),
		...(detail === undefined ? {} : { note: detail }),
	};
}
