import type { INodeProperties } from 'n8n-workflow';

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
];
