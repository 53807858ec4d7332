import type { TestN8n } from './n8n';

/** An SMTP Account for a server of the tests on loopback, in clear and without sign-in, as a node names it. */
export async function plainAccount(
	{ server: { api } }: Pick<TestN8n, 'server'>,
	port: number,
	name = 'Account',
): Promise<{ id: string; name: string }> {
	const id = await api.putCredential(name, 'smtpAccount', {
		service: 'own',
		host: '127.0.0.1',
		port,
		security: 'none',
		authentication: 'none',
	});
	return { id, name };
}
