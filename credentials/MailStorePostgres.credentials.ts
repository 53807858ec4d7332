import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { storeTlsProperties } from './shared/store-tls-properties';

const byFields = { show: { connectBy: ['fields'] } };
const byText = { show: { connectBy: ['connectionString'] } };

/** Where several machines keep what must outlive a run. Its test is the nodes' `mailStoreTest`. */
export class MailStorePostgres implements ICredentialType {
	name = 'mailStorePostgres';

	displayName = 'Mail Store (PostgreSQL)';

	icon = {
		light: 'file:../icons/mail-store.svg',
		dark: 'file:../icons/mail-store.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/mail-store.md';

	properties: INodeProperties[] = [
		{
			displayName:
				'Only needed when n8n runs on several machines or in queue mode. Choose it in every mail node then: what is kept here is unknown to a node without it.',
			name: 'notice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Connect By',
			name: 'connectBy',
			type: 'options',
			default: 'fields',
			options: [
				{ name: 'Host and Database', value: 'fields' },
				{ name: 'Connection String', value: 'connectionString' },
			],
		},
		// eslint-disable-next-line @n8n/community-nodes/credential-unnecessary-password -- it holds one
		{
			displayName: 'Connection String',
			name: 'connectionString',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'postgresql://user:password@db.example.com:5432/mail',
			description: 'What it says of TLS (sslmode) is not looked at: choose that below',
			displayOptions: byText,
		},
		{
			displayName: 'Host',
			name: 'host',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. db.example.com',
			description: 'The name of the PostgreSQL server',
			displayOptions: byFields,
		},
		{
			displayName: 'Port',
			name: 'port',
			type: 'number',
			default: 5432,
			typeOptions: { minValue: 1, maxValue: 65535 },
			displayOptions: byFields,
		},
		{
			displayName: 'Database',
			name: 'database',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. mail',
			description: "It may be n8n's own database: the mail store keeps to its own schema",
			displayOptions: byFields,
		},
		{
			displayName: 'User',
			name: 'user',
			type: 'string',
			default: '',
			required: true,
			description: 'It needs the right to make the schema and its tables',
			displayOptions: byFields,
		},
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			displayOptions: byFields,
		},
		{
			displayName: 'Schema',
			name: 'schema',
			type: 'string',
			default: 'smtp_suite',
			description: 'Where the tables are made. It belongs to the mail store alone.',
		},
		...storeTlsProperties,
		{
			displayName: 'Max Connections',
			name: 'maxConnections',
			type: 'number',
			default: 4,
			typeOptions: { minValue: 1, maxValue: 50 },
			description:
				'How many connections each n8n process may open to the database, for all its nodes together',
		},
	];
}
