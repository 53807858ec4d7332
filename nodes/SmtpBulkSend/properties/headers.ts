import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';

import { headerOptions } from '../../shared/header-fields';

/** A custom header's value, and where Unsubscribe leads: texts that are filled in for each recipient. */
const TEMPLATES = new Set(['value', 'url', 'mailto']);

/**
 * The header fields of a campaign, shown under Options. noDataExpression keeps {{name}} as it was typed:
 * otherwise the editor turns the field into an n8n expression, which is worked out once for all.
 */
export const campaignHeaderOptions: INodeProperties[] = headerOptions.map((option) =>
	option.type === 'fixedCollection'
		? {
				...option,
				options: option.options?.map((group) => keepTemplates(group as INodePropertyCollection)),
			}
		: option,
);

function keepTemplates(group: INodePropertyCollection): INodePropertyCollection {
	const values = group.values.map((field) =>
		TEMPLATES.has(field.name) ? { ...field, noDataExpression: true } : field,
	);
	return { ...group, values };
}
