import type { INodeProperties } from 'n8n-workflow';

/** Shown under Options of the nodes that send: what is done to the HTML on its way into the mail. */
export const inlineCssOption: INodeProperties = {
	displayName: 'Inline CSS',
	name: 'inlineCss',
	type: 'boolean',
	default: true,
	description:
		'Whether to move the rules of &lt;style&gt; into the elements they style. Some mail readers know only those.',
};
