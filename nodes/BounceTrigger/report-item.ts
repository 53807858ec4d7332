import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { ReportedEvent } from '../../mail/index';

/** One reported event as an item; what the report does not say is left out. */
export function eventToItem(event: ReportedEvent): INodeExecutionData {
	const entries = Object.entries({ ...event, original: dropUndefined(event.original) });
	return { json: dropUndefined(Object.fromEntries(entries)) };
}

function dropUndefined(object: object): IDataObject {
	return Object.fromEntries(
		Object.entries(object).filter(([, value]) => value !== undefined),
	) as IDataObject;
}
