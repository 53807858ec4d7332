import type { INodeProperties } from 'n8n-workflow';

/** How the connection to a database is secured, and which certificates are trusted. */
export const storeTlsProperties: INodeProperties[] = [
	{
		displayName: 'TLS',
		name: 'tls',
		type: 'options',
		default: 'verify',
		options: [
			{
				name: 'Accept Any Certificate',
				value: 'encrypt',
				description:
					'Encrypted, but not safe: anybody between you and the server can read and change everything',
			},
			{
				name: 'Certificate Must Be Signed by My Own CA',
				value: 'ownCa',
				description:
					'For servers with a certificate authority of their own, as many cloud services',
			},
			{
				name: 'Certificate Must Be Valid',
				value: 'verify',
				description: 'Issued for this host by an authority that the system trusts',
			},
			{
				name: 'Off',
				value: 'none',
				description:
					'Everything travels in the clear. Only for a server on the same machine or in a network of your own, such as that of a compose file.',
			},
		],
	},
	{
		displayName: 'CA Certificate',
		name: 'caCertificate',
		type: 'string',
		default: '',
		typeOptions: { rows: 5 },
		placeholder: '-----BEGIN CERTIFICATE-----',
		description: 'In PEM form. A self-signed server certificate is its own CA: paste that one.',
		displayOptions: { show: { tls: ['ownCa'] } },
	},
];
