import type { IBinaryKeyData, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Chart } from '../../mail/index';

export const chartProperty: INodeProperties = {
	displayName: 'Chart',
	name: 'chart',
	type: 'boolean',
	default: false,
	description:
		'Whether to draw the figures as well, as an SVG picture in the binary field "chart" of the first item',
};

/** The picture as a file of the item. */
export async function chartFile(
	context: IExecuteFunctions,
	chart: Chart,
	name: string,
): Promise<IBinaryKeyData[string]> {
	return await context.helpers.prepareBinaryData(
		Buffer.from(chart.svg),
		`${name}.svg`,
		'image/svg+xml',
	);
}

/** A page as a file of the item. */
export async function pageFile(
	context: IExecuteFunctions,
	html: string,
	name: string,
): Promise<IBinaryKeyData[string]> {
	return await context.helpers.prepareBinaryData(Buffer.from(html), `${name}.html`, 'text/html');
}

/** What the first item carries where Chart is on. */
export async function chartIfAsked(
	context: IExecuteFunctions,
	itemIndex: number,
	draw: () => Chart,
	name: string,
): Promise<{ binary?: IBinaryKeyData }> {
	if (context.getNodeParameter('chart', itemIndex, false) !== true) return {};
	return { binary: { chart: await chartFile(context, draw(), name) } };
}
