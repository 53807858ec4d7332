import type { ICredentialType, INodeProperties } from 'n8n-workflow';

/** What signs the mail of a domain. Its test is the nodes' `dkimKeyTest`. */
export class DkimKey implements ICredentialType {
	name = 'dkimKey';

	displayName = 'DKIM Key';

	icon = {
		light: 'file:../icons/dkim-key.svg',
		dark: 'file:../icons/dkim-key.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/dkim-key.md';

	properties: INodeProperties[] = [
		{
			displayName:
				'Only needed when your mail server does not sign by itself. Gmail, Microsoft 365 and most mail services do.',
			name: 'notice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Domain',
			name: 'domain',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. example.com',
			description: 'The domain that signs: the one behind the @ of the sender',
		},
		{
			displayName: 'Selector',
			name: 'selector',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. s1',
			description:
				'The name of the key: its public half stands in the DNS as a TXT record at selector._domainkey.domain',
		},
		{
			displayName: 'Private Key',
			name: 'privateKey',
			type: 'string',
			typeOptions: { rows: 6, password: true },
			default: '',
			required: true,
			placeholder: '-----BEGIN PRIVATE KEY-----',
			description:
				'RSA, 2048 bits or more, in PEM form and without a passphrase. Made by: openssl genrsa 2048',
		},
	];
}
