import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialDescription,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import { nameOfPlace, verifyPostgres } from '../../mail/index';
import type { PostgresPlace } from '../../mail/index';
import { asText } from './as-text';

/** Optional in every node that keeps something: with it, the node keeps it in PostgreSQL. */
export const MAIL_STORE_CREDENTIAL = 'mailStorePostgres';

/** Labelled by itself: n8n calls every picker of a node with several just "Credential". */
export const mailStoreCredential: INodeCredentialDescription = {
	name: MAIL_STORE_CREDENTIAL,
	displayName: 'Mail Store (Optional)',
	testedBy: 'mailStoreTest',
};

/** The credential's test button: connects, and looks whether the tables are there or may be made. */
export async function mailStoreTest(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const place = placeFrom(credential.data ?? {});
		const verified = await verifyPostgres(place);
		if (!verified.ok) return { status: 'Error', message: verified.problem.message };
		return {
			status: 'OK',
			message: `Connected to PostgreSQL ${verified.serverVersion}. ${TABLES[verified.tables]} (${nameOfPlace(place)})`,
		};
	} catch (error) {
		return { status: 'Error', message: (error as Error).message };
	}
}

const TABLES = {
	ready: 'The tables of the mail store are there.',
	toBeMade: 'The tables of the mail store may be made, and will be by the first node that uses it.',
	toBeUpgraded:
		'The tables of the mail store are of an older version, and will be upgraded by the first node that uses it.',
} as const;

const DEFAULT_SCHEMA = 'smtp_suite';

/** @throws Error in the user's words for what is missing or cannot be read */
export function placeFrom(credential: ICredentialDataDecryptedObject): PostgresPlace {
	const server =
		credential.connectBy === 'connectionString'
			? serverFromText(asText(credential.connectionString).trim())
			: serverFromFields(credential);
	const maxConnections = Math.floor(Number(credential.maxConnections));
	return {
		...server,
		schema: asText(credential.schema).trim() || DEFAULT_SCHEMA,
		tls: readTls(credential),
		...(maxConnections >= 1 ? { maxConnections } : {}),
	};
}

type Server = Pick<PostgresPlace, 'host' | 'port' | 'database' | 'user' | 'password'>;

function serverFromFields(credential: ICredentialDataDecryptedObject): Server {
	return checked({
		host: asText(credential.host).trim(),
		port: Number(credential.port ?? 5432),
		database: asText(credential.database).trim(),
		user: asText(credential.user).trim(),
		password: asText(credential.password),
	});
}

function serverFromText(text: string): Server {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !['postgres:', 'postgresql:'].includes(url.protocol))
		throw new Error(
			'The connection string cannot be read. It looks like postgresql://user:password@db.example.com:5432/mail; characters such as @ or / in the password are written as %40 and %2F.',
		);
	return checked({
		host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
		port: url.port === '' ? 5432 : Number(url.port),
		database: decoded(url.pathname.slice(1)),
		user: decoded(url.username),
		password: decoded(url.password),
	});
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function checked(server: Server): Server {
	const { host, port, database, user } = server;
	if (host === '' || host.startsWith('/'))
		throw new Error('The credential names no host. Fill in the name of the PostgreSQL server.');
	if (!Number.isInteger(port) || port < 1 || port > 65535)
		throw new Error('The credential has no port from 1 to 65535.');
	if (database === '') throw new Error('The credential names no database. Fill it in.');
	if (user === '') throw new Error('The credential names no user. Fill it in.');
	return server;
}

function readTls(credential: ICredentialDataDecryptedObject): PostgresPlace['tls'] {
	switch (credential.tls) {
		case 'none':
			return { mode: 'none' };
		case 'encrypt':
			return { mode: 'encrypt' };
		case 'ownCa': {
			const ca = asText(credential.caCertificate).trim();
			if (!ca.includes('-----BEGIN CERTIFICATE-----'))
				throw new Error(
					'The credential holds a CA that is not in PEM form. It starts with "-----BEGIN CERTIFICATE-----".',
				);
			return { mode: 'verify', ca };
		}
		default:
			return { mode: 'verify' };
	}
}
