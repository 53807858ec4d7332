import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { ReportedEvent } from '../../mail/index';

/** One reported event as an item; what the report does not say is left out. */
export function eventToItem(event: ReportedEvent): INodeExecutionData {
	const { original, reply, ...fields } = event;
	return {
		json: dropUndefined({
			...fields,
			original: dropUndefined(original),
			...(reply ? { reply: dropUndefined(reply) } : {}),
		}),
	};
}

function dropUndefined(fields: object): IDataObject {
	const kept: IDataObject = {};
	for (const [name, value] of Object.entries(fields) as [string, IDataObject[string]][])
		if (value !== undefined) kept[name] = value;
	return kept;
}
