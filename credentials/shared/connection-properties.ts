import type { INodeProperties } from 'n8n-workflow';

/** A known mail service, as the presets of mail/ list it. */
interface ServicePreset {
	id: string;
	name: string;
	host: string;
	port: number;
	note?: string;
}

/** What the `service` field holds when the user fills in host, port and security. */
export const OWN_SERVER = 'own' as const;

/**
 * The fields that say which server and how its connection is secured. Choosing a known service fills
 * in all three, and hides them.
 */
export function serverProperties(
	protocol: 'SMTP' | 'IMAP',
	presets: readonly ServicePreset[],
	own: { hostPlaceholder: string; port: number; tlsPort: number; security: 'tls' | 'starttls' },
	service: string = OWN_SERVER,
): INodeProperties[] {
	const ownServerOnly = { displayOptions: { show: { service: [OWN_SERVER] } } };
	return [
		{
			displayName: 'Mail Service',
			name: 'service',
			type: 'options',
			default: service,
			description: `A known service fills in the server, the port and the security`,
			options: [
				{
					name: 'Other or Own Server',
					value: OWN_SERVER,
					description: 'Fill in the server, the port and the security yourself',
				},
				...presets.map(({ id, name, host, port, note }) => ({
					name,
					value: id,
					description: [`${host}, port ${port}`, note].filter(Boolean).join('. '),
				})),
			],
		},
		{
			displayName: 'Host',
			name: 'host',
			type: 'string',
			default: '',
			required: true,
			placeholder: `e.g. ${own.hostPlaceholder}`,
			description: `The name of the ${protocol} server, as your mail provider gives it`,
			...ownServerOnly,
		},
		{
			displayName: 'Security',
			name: 'security',
			type: 'options',
			default: own.security,
			options: [
				{
					name: 'STARTTLS',
					value: 'starttls',
					description: `The connection is encrypted before the sign-in, or given up. Usual for port ${own.port}.`,
				},
				{
					name: 'TLS',
					value: 'tls',
					description: `Encrypted from the first byte. Usual for port ${own.tlsPort}.`,
				},
				{
					name: 'None',
					value: 'none',
					description:
						'Password and mails travel in the clear. Only for a server on your own machine.',
				},
			],
			...ownServerOnly,
		},
		{
			displayName: 'Port',
			name: 'port',
			type: 'number',
			default: own.security === 'tls' ? own.tlsPort : own.port,
			typeOptions: { minValue: 1, maxValue: 65535 },
			description: `${own.tlsPort} with TLS, ${own.port} with STARTTLS`,
			...ownServerOnly,
		},
	];
}

/** The fields that say which certificates are trusted. */
export const certificateProperties: INodeProperties[] = [
	{
		displayName: 'Server Certificate',
		name: 'certificate',
		type: 'options',
		default: 'verify',
		displayOptions: { hide: { security: ['none'] } },
		options: [
			{
				name: 'Must Be Valid',
				value: 'verify',
				description: 'Issued for this host by an authority that the system trusts',
			},
			{
				name: 'Must Be Signed by My Own CA',
				value: 'ownCa',
				description: 'For servers of a company or a lab with its own certificate authority',
			},
			{
				name: 'Accept Any Certificate',
				value: 'any',
				description:
					'Not safe: anybody between you and the server can read the password and the mails',
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
		displayOptions: { show: { certificate: ['ownCa'] }, hide: { security: ['none'] } },
	},
];
