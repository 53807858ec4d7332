import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { ReportedEvent } from '../../mail/index';

/** One reported event as an item; what the report does not say is left out. */
export function eventToItem(event: ReportedEvent): INodeExecutionData {
	return { json: dropUndefined({ ...event, original: dropUndefined(event.original) }) };
}

function dropUndefined(fields: object): IDataObject {
	const kept: IDataObject = {};
	for (const [name, value] of Object.entries(fields) as [string, IDataObject[string]][])
		if (value !== undefined) kept[name] = value;
	return kept;
}
