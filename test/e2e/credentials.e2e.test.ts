import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

/** The test button of a credential, as n8n presses it: what a person reads. */
describe('the test button', () => {
	let n8n: TestN8n;
	let server: ScriptedServer;

	beforeAll(async () => {
		server = await scriptedServer({ answers: { AUTH: '535 5.7.8 Bad credentials' } });
		n8n = await startTestN8n();
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await server.close();
	}, 60_000);

	const account = (more: object) => ({
		service: 'own',
		host: '127.0.0.1',
		port: server.port,
		security: 'none',
		authentication: 'password',
		user: 'ada',
		password: 'top-secret',
		...more,
	});

	it.each([
		['smtpAccount', {}, 'wrong user or password'],
		['smtpAccount', { port: 1 }, 'Nobody answers at 127.0.0.1, port 1'],
		['smtpAccount', { host: 'no-such-host.invalid' }, 'There is no server named'],
		['smtpAccount', { security: 'tls' }, 'does not speak TLS from the first byte'],
		['smtpAccount', { security: 'starttls' }, 'offers no STARTTLS'],
		['smtpAccount', { password: '' }, 'has no user or no password'],
		['smtpAccount', { host: '' }, 'names no host'],
		['imapAccount', {}, 'no IMAP server'],
		['imapAccount', { port: 1 }, 'Nobody answers at 127.0.0.1, port 1'],
	])(
		'of %s with %j says "%s"',
		async (type, more, words) => {
			const { status, message } = await n8n.server.api.testCredential('Tried', type, account(more));
			expect(status).toBe('Error');
			expect(message).toContain(words);
			expect(message).not.toContain('top-secret');
		},
		40_000,
	);

	it('of an account that is right says so', async () => {
		const right = account({ authentication: 'none' });
		expect(await n8n.server.api.testCredential('Right', 'smtpAccount', right)).toMatchObject({
			status: 'OK',
		});
	});
});
