import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';

import { startOAuth2Server } from '../support/oauth2-server';
import type { OAuth2Server } from '../support/oauth2-server';
import { connectOAuth2 } from './support/connect-oauth2';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

let n8n: TestN8n;
let oauth2: OAuth2Server;
let smtp: SMTPServer;
const signedIn: string[] = [];
const mails: string[] = [];

beforeAll(async () => {
	oauth2 = await startOAuth2Server();
	smtp = new SMTPServer({
		authMethods: ['XOAUTH2'],
		disabledCommands: ['STARTTLS'],
		allowInsecureAuth: true,
		onAuth(auth, _, done) {
			const token = auth.accessToken ?? '';
			if (auth.username !== 'ada@example.test' || !oauth2.accepts(token)) {
				done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
				return;
			}
			signedIn.push(token);
			done(null, { user: auth.username });
		},
		onData(stream, _, done) {
			let mail = '';
			stream.on('data', (chunk) => (mail += String(chunk)));
			stream.on('end', () => {
				mails.push(mail);
				done();
			});
		},
	});
	await new Promise<void>((resolve) => {
		smtp.listen(0, '127.0.0.1', resolve);
	});
	n8n = await startTestN8n();
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await oauth2.close();
	await new Promise<void>((resolve) => {
		smtp.close(resolve);
	});
}, 60_000);

const account = () => ({
	service: 'own',
	host: '127.0.0.1',
	port: (smtp.server.address() as AddressInfo).port,
	security: 'none',
	user: 'ada@example.test',
	clientId: 'client',
	clientSecret: 'client-secret',
	ownAuthUrl: `${oauth2.url}/authorize`,
	ownAccessTokenUrl: `${oauth2.url}/token`,
	ownScope: 'smtp offline_access',
});

async function workflowWith(credential: { id: string; name: string }) {
	const { id } = await n8n.server.api.createWorkflow(
		chain('OAuth2', [
			PRESS,
			...itemsOf([{ to: 'one@x.test' }, { to: 'two@x.test' }]),
			{
				name: 'Send',
				type: 'n8n-nodes-smtp-suite.smtpSend',
				parameters: {
					authentication: 'smtpOAuth2Api',
					fromEmail: 'ada@example.test',
					toEmail: '={{ $json.to }}',
					subject: 's',
					emailFormat: 'text',
					text: 't',
				},
				credentials: { smtpOAuth2Api: credential },
			},
		]),
	);
	return async () =>
		await n8n.server.api.finished(await n8n.server.api.execute(id as string, 'Press'));
}

describe('SMTP Send with OAuth2', () => {
	it('sends with the connected account, renews a token that ran out, and says when it cannot', async () => {
		const { api } = n8n.server;
		const data = { ...account(), grantType: 'authorizationCode' };
		const id: string = await api.putCredential('Mailbox', 'smtpOAuth2Api', data);
		const run = await workflowWith({ id, name: 'Mailbox' });

		const unconnected = await run();
		expect(unconnected.error.message).toContain('not connected yet');

		await connectOAuth2(n8n, id);
		const sent = await run();
		expect(sent.outputs('Send')[0]).toHaveLength(2);
		expect(new Set(signedIn)).toEqual(new Set(['access-token-1']));
		expect(oauth2.grants).toEqual(['authorization_code']);

		// The warm connections stay good; a new one needs a new token.
		oauth2.expireAll();
		await n8n.restart('stop');
		signedIn.length = 0;
		const renewed = await run();
		expect(renewed.outputs('Send')[0]).toHaveLength(2);
		expect(new Set(signedIn)).toEqual(new Set(['access-token-2']));
		expect(oauth2.grants).toEqual(['authorization_code', 'refresh_token']);

		// n8n keeps the new token: the next process asks for none.
		await n8n.restart('stop');
		await run();
		expect(oauth2.grants).toHaveLength(2);

		oauth2.expireAll();
		oauth2.revoke();
		await n8n.restart('stop');
		const before = mails.length;
		const revoked = await run();
		expect(revoked.status).toBe('error');
		expect(revoked.error.message).toContain('could not be renewed');
		expect(revoked.error.description).toContain('connect it again');
		expect(JSON.stringify(revoked.data)).not.toMatch(/access-token|client-secret/);
		expect(mails).toHaveLength(before);
	}, 180_000);
});
