import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { OWN_SERVER } from '../../credentials/shared/connection-properties';
import type { ConnectionSecurity, TlsTrust } from '../../mail/index';
import { asText } from './as-text';

interface Preset {
	id: string;
	host: string;
	port: number;
	security: ConnectionSecurity;
}

/** Where to connect and how: from the chosen service, or from the fields of an own server. */
export function readServer(
	credential: ICredentialDataDecryptedObject,
	presets: readonly Preset[],
): { host: string; port: number; security: ConnectionSecurity; tls: TlsTrust } {
	const service = credential.service ?? OWN_SERVER;
	const preset = presets.find(({ id }) => id === service);
	if (preset) {
		const { host, port, security } = preset;
		return { host, port, security, tls: readTlsTrust(credential) };
	}
	if (service !== OWN_SERVER)
		throw new Error(
			`The mail service "${asText(service)}" is not known. Choose another in the credential.`,
		);
	const host = asText(credential.host).trim();
	if (host === '')
		throw new Error('The credential names no host. Fill in the name of the mail server.');
	const port = Number(credential.port);
	if (!Number.isInteger(port) || port < 1 || port > 65535)
		throw new Error('The port of the credential is no number from 1 to 65535.');
	return { host, port, security: readSecurity(credential.security), tls: readTlsTrust(credential) };
}

function readSecurity(value: unknown): ConnectionSecurity {
	if (value === 'tls' || value === 'starttls' || value === 'none') return value;
	throw new Error('Choose TLS, STARTTLS or None as the security of the credential.');
}

function readTlsTrust(credential: ICredentialDataDecryptedObject): TlsTrust {
	switch (credential.certificate) {
		case 'ownCa': {
			const ca = asText(credential.caCertificate).trim();
			if (!ca.includes('-----BEGIN CERTIFICATE-----'))
				throw new Error(
					'The CA certificate of the credential is not in PEM form. It starts with "-----BEGIN CERTIFICATE-----".',
				);
			return { ca };
		}
		case 'any':
			return { allowInvalid: true };
		default:
			return {};
	}
}
