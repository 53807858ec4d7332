import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Dovecot } from '../support/dovecot';
import { canRunDovecot, startDovecot } from '../support/dovecot';
import { startOAuth2Server } from '../support/oauth2-server';
import type { OAuth2Server } from '../support/oauth2-server';
import { bounceOf } from './support/bounces';
import { connectOAuth2 } from './support/connect-oauth2';
import { chain, eventually, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const missing = canRunDovecot();
const suite = missing ? describe.skip : describe;
if (missing) console.warn(`The trigger with OAuth2 is skipped: ${missing}.`);

const USER = 'bounces@example.test';

suite('Bounce Trigger with OAuth2 on Dovecot', () => {
	let n8n: TestN8n;
	let oauth2: OAuth2Server;
	let dovecot: Dovecot;
	let folder: string;

	beforeAll(async () => {
		oauth2 = await startOAuth2Server(3_600, USER);
		folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-oauth2-'));
		const config = path.join(folder, 'oauth2.conf.ext');
		writeFileSync(
			config,
			`tokeninfo_url = ${oauth2.url}/tokeninfo?access_token=\nusername_attribute = email\n`,
		);
		dovecot = await startDovecot({
			users: [USER],
			config: `
auth_mechanisms = plain xoauth2
auth_cache_size = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = ${config}
}`,
		});
		n8n = await startTestN8n();
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await dovecot.stop();
		await oauth2.close();
		rmSync(folder, { recursive: true, force: true });
	}, 60_000);

	it('watches with the connected account, and goes on when its token runs out', async () => {
		const { api } = n8n.server;
		const credential: string = await api.putCredential('Mailbox', 'imapOAuth2Api', {
			service: 'own',
			host: '127.0.0.1',
			port: dovecot.imapsPort,
			security: 'tls',
			certificate: 'ownCa',
			caCertificate: dovecot.caPem,
			user: USER,
			grantType: 'authorizationCode',
			clientId: 'client',
			clientSecret: 'client-secret',
			ownAuthUrl: `${oauth2.url}/authorize`,
			ownAccessTokenUrl: `${oauth2.url}/token`,
			ownScope: 'imap offline_access',
		});
		const { id } = (await api.createWorkflow(
			chain('Bounces', [
				{
					name: 'Bounce Trigger',
					type: 'n8n-nodes-smtp-suite.bounceTrigger',
					parameters: { authentication: 'imapOAuth2Api', options: {} },
					credentials: { imapOAuth2Api: { id: credential, name: 'Mailbox' } },
				},
				{ name: 'Done', type: 'n8n-nodes-base.noOp' },
			]),
		)) as { id: string };
		await expect(api.activate(id)).rejects.toThrow('not connected yet');

		await connectOAuth2(n8n, credential);
		await api.activate(id);
		const started = async (count: number) =>
			await eventually(
				async () => {
					const executions = await api.executions(id);
					return executions.length >= count ? executions : undefined;
				},
				`${count} executions`,
				20_000,
			);
		await dovecot.deliver(USER, bounceOf('first@example.test'));
		await started(1);
		expect(oauth2.grants).toEqual(['authorization_code']);

		// The connection ends, as Exchange ends it when the token runs out; the same trigger goes on.
		oauth2.expireAll();
		await dovecot.doveadm('kick', USER);
		await dovecot.deliver(USER, bounceOf('second@example.test'));
		const executions = await started(2);
		expect(oauth2.grants).toEqual(['authorization_code', 'refresh_token']);
		const last = await api.finished(executions[0].id);
		expect(last.outputs('Bounce Trigger')[0]).toMatchObject([
			{ json: { event: 'hardBounce', recipient: 'second@example.test' } },
		]);

		// Taken back: told once, as a failed execution, and without a secret.
		oauth2.expireAll();
		oauth2.revoke();
		await n8n.restart('stop');
		await dovecot.deliver(USER, bounceOf('third@example.test'));
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		expect(await n8n.server.api.executions(id)).toHaveLength(2);
		expect(n8n.server.log()).not.toMatch(/access-token|client-secret/);
	}, 180_000);
});
