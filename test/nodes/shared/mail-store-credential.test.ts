import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
} from 'n8n-workflow';

import { mailStoreTest, placeFrom } from '../../../nodes/shared/mail-store-credential';

const FIELDS = {
	connectBy: 'fields',
	host: ' db.example.com ',
	port: 5433,
	database: 'mail',
	user: 'suite',
	password: 'top-secret',
	schema: '',
	tls: 'verify',
	maxConnections: 6,
};

describe('the place that a credential names', () => {
	it('is read from its fields; a schema that was left out is ours', () => {
		expect(placeFrom(FIELDS)).toEqual({
			host: 'db.example.com',
			port: 5433,
			database: 'mail',
			user: 'suite',
			password: 'top-secret',
			schema: 'smtp_suite',
			tls: { mode: 'verify' },
			maxConnections: 6,
		});
	});

	it('is read from a connection string, whose parts may be written with %', () => {
		const connectionString = 'postgresql://su%40ite:p%2Fw%40d@[::1]/my%20mail?sslmode=disable';
		expect(placeFrom({ ...FIELDS, connectBy: 'connectionString', connectionString })).toMatchObject(
			{
				host: '::1',
				port: 5432,
				database: 'my mail',
				user: 'su@ite',
				password: 'p/w@d',
				// What the string says of TLS turns no check off.
				tls: { mode: 'verify' },
			},
		);
	});

	it.each<[string, ICredentialDataDecryptedObject]>([
		['names no host', { host: ' ' }],
		['names no host', { host: '/var/run/postgresql' }],
		['has no port from 1 to 65535', { port: 70_000 }],
		['names no database', { database: '' }],
		['names no user', { user: '' }],
		['cannot be read', { connectBy: 'connectionString', connectionString: 'mail at db:5432' }],
		['cannot be read', { connectBy: 'connectionString', connectionString: 'http://db/mail' }],
		['names no database', { connectBy: 'connectionString', connectionString: 'postgres://u@db' }],
		['holds a CA that is not in PEM form', { tls: 'ownCa', caCertificate: 'my-ca.pem' }],
	])('is refused where it %s', (words, change) => {
		expect(() => placeFrom({ ...FIELDS, ...change })).toThrow(words);
	});
});

describe('the test button', () => {
	const press = (data: ICredentialDataDecryptedObject) =>
		mailStoreTest.call(
			{} as ICredentialTestFunctions,
			{ data } as unknown as ICredentialsDecrypted,
		);

	it('says what is missing', async () => {
		expect(await press({ ...FIELDS, database: '' })).toEqual({
			status: 'Error',
			message: 'The credential names no database. Fill it in.',
		});
	});

	it('says that nobody answers, and not with which password it asked', async () => {
		const { status, message } = await press({ ...FIELDS, host: '127.0.0.1', port: 1 });
		expect(status).toBe('Error');
		expect(message).toContain('mail on 127.0.0.1:1');
		expect(message).toContain('Check host and port in the credential');
		expect(message).not.toContain('top-secret');
	});
});
