import type { INode, INodeProperties, INodeTypes } from 'n8n-workflow';
import { Workflow } from 'n8n-workflow';

import { CampaignReport } from '../../../nodes/CampaignReport/CampaignReport.node';
import { DeliverabilityCheck } from '../../../nodes/DeliverabilityCheck/DeliverabilityCheck.node';
import { SuppressionList } from '../../../nodes/SuppressionList/SuppressionList.node';
import { operationProperties } from '../../../nodes/shared/operations';

const NODES = [new CampaignReport(), new DeliverabilityCheck(), new SuppressionList()].map(
	({ description }) => description,
);

/** What stands below the node on the canvas, by n8n's own reading of the expression. */
function subtitleOf(description: (typeof NODES)[number], operation: string): unknown {
	const node: INode = {
		id: '1',
		name: 'Node',
		type: description.name,
		typeVersion: 1,
		position: [0, 0],
		parameters: { operation },
	};
	const nodeTypes = { getByNameAndVersion: () => ({ description }) } as unknown as INodeTypes;
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	return workflow.expression.getSimpleParameterValue(node, description.subtitle, 'internal', {});
}

describe.each(NODES.map((description) => [description.displayName, description] as const))(
	'the canvas below %s',
	(_, description) => {
		const { options = [] } = description.properties.find(({ name }) => name === 'operation') ?? {};

		it('names each operation in words', () => {
			expect(options.length).toBeGreaterThan(1);
			for (const option of options) {
				if (!('value' in option)) throw new Error('an option without a value');
				expect(subtitleOf(description, String(option.value))).toBe(option.action);
			}
		});
	},
);

describe('the forms of several operations', () => {
	const field = (name: string): INodeProperties => ({
		displayName: name,
		name,
		type: 'string',
		default: '',
	});
	const [subject, options, test, output] = ['subject', 'options', 'test', 'output'].map(field) as [
		INodeProperties,
		INodeProperties,
		INodeProperties,
		INodeProperties,
	];
	const form = (value: string, properties: INodeProperties[]) => ({
		choice: { name: value, value, action: value },
		properties,
	});
	const FORMS = [
		form('dryRun', [subject, options]),
		form('send', [subject, output, options]),
		form('testSend', [test, subject, options]),
		form('pause', []),
	];

	it('stand in the order that each has, with shared fields once', () => {
		const [, ...shown] = operationProperties(FORMS, 'send');
		expect(shown.map(({ name }) => name)).toEqual(['test', 'subject', 'output', 'options']);
		for (const { choice, properties } of FORMS) {
			const seen = shown.filter(({ displayOptions }) =>
				displayOptions?.show?.operation?.includes(choice.value),
			);
			expect(seen.map(({ name }) => name)).toEqual(properties.map(({ name }) => name));
		}
	});
});
