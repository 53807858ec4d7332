import type { INodeProperties } from 'n8n-workflow';

import { PACE_PRESETS } from '../../mail/index';

const SHOWN_FOR_OWN = { show: { pace: ['own'] } };

function limit(name: string, displayName: string, placeholder: string): INodeProperties {
	return {
		displayName,
		name,
		type: 'number',
		default: 0,
		placeholder,
		typeOptions: { minValue: 0 },
		description: 'In no stretch of this length more mails than these; 0 stands for no limit',
		displayOptions: SHOWN_FOR_OWN,
	};
}

/** How we introduce ourselves to a server, and how much of it we take. */
export const limitProperties: INodeProperties[] = [
	{
		displayName: 'EHLO Name',
		name: 'ehloName',
		type: 'string',
		default: '',
		placeholder: 'e.g. n8n.example.com',
		description:
			'The name this machine introduces itself by. Leave empty for its host name; some servers want one that exists in the DNS.',
	},
	{
		displayName: 'Max Connections',
		name: 'maxConnections',
		type: 'number',
		default: 5,
		typeOptions: { minValue: 1, maxValue: 100 },
		description:
			'How many connections may be open to the server at a time, over all nodes that use this account',
	},
	{
		displayName: 'Messages per Connection',
		name: 'messagesPerConnection',
		type: 'number',
		default: 100,
		typeOptions: { minValue: 1, maxValue: 10000 },
		description: 'After so many messages a connection is closed and a new one opened',
	},
	{
		displayName: 'Sending Limits',
		name: 'pace',
		type: 'options',
		default: 'service',
		description:
			'How fast this account may send. The limits hold over all nodes, executions and workers together.',
		options: [
			{
				name: 'As the Mail Service Allows',
				value: 'service',
				description:
					'The limits of Gmail (500 mails a day) and Microsoft 365 are known; other services and own servers get none',
			},
			{ name: 'None', value: 'none' },
			...PACE_PRESETS.map(({ id, name, note }) => ({ name, value: id, description: note })),
			{ name: 'Own Limits', value: 'own' },
		],
	},
	limit('perSecond', 'Mails a Second', 'e.g. 10'),
	limit('perMinute', 'Mails a Minute', 'e.g. 300'),
	limit('perHour', 'Mails an Hour', 'e.g. 5000'),
	limit('perDay', 'Mails a Day', 'e.g. 50000'),
];
