import { existsSync } from 'node:fs';

import { CHROMIUM, openEditor } from './support/editor';
import type { Editor } from './support/editor';
import { chain, OWNER, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const suite = existsSync(CHROMIUM) ? describe : describe.skip;
if (!existsSync(CHROMIUM)) console.warn('The editor is not looked at: Chromium is not installed.');

suite('the editor', () => {
	let n8n: TestN8n;
	let editor: Editor;
	let workflow: string;

	beforeAll(async () => {
		n8n = await startTestN8n();
		const { api } = n8n.server;
		const made = await api.createWorkflow(
			chain('Looks', [
				PRESS,
				{ name: 'Send', type: 'n8n-nodes-smtp-suite.smtpSend' },
				{ name: 'Bulk', type: 'n8n-nodes-smtp-suite.smtpBulkSend' },
				{ name: 'Bounces', type: 'n8n-nodes-smtp-suite.bounceTrigger' },
			]),
		);
		workflow = made.id;
		editor = await openEditor(n8n.server.url, OWNER);
	}, 180_000);

	afterAll(async () => {
		await editor.close();
		await n8n.stop();
	}, 60_000);

	it('knows all three nodes, with icons for light and dark', async () => {
		const types = await n8n.server.api.request('POST', '/node-types', {
			nodeInfos: ['smtpSend', 'smtpBulkSend', 'bounceTrigger'].map((name) => ({
				name: `n8n-nodes-smtp-suite.${name}`,
				version: 1,
			})),
		});
		expect(types.map(({ displayName }: { displayName: string }) => displayName)).toEqual([
			'SMTP Send',
			'SMTP Bulk Send',
			'Bounce Trigger',
		]);
		for (const { iconUrl } of types)
			for (const icon of [iconUrl.light, iconUrl.dark]) {
				const answer = await fetch(`${n8n.server.url}/${icon}`);
				expect(answer.headers.get('content-type')).toContain('svg');
			}
	});

	it.each([
		[
			'node-1',
			'Send',
			['From Email', 'To Email', 'Subject', 'Email Format', 'HTML', 'Attachments'],
		],
		[
			'node-2',
			'Bulk',
			[
				'Operation',
				'Campaign ID',
				'From Email',
				'Bounce Address',
				'Recipient Email Field',
				'Recipient Name Field',
				'Subject',
				'Email Format',
				'HTML',
			],
		],
		[
			'node-3',
			'Bounces',
			[
				'Trigger On',
				'Suppress Bad Addresses',
				'Mailbox Folder',
				'Start With',
				'After Reading a Report',
			],
		],
	])(
		'opens %s (%s) with its fields in order',
		async (id, name, fields) => {
			await editor.openNode(workflow, id);
			const labels = await editor.page
				.locator('[data-test-id="node-parameters"] [data-test-id="parameter-item"] label')
				.allInnerTexts();
			const shown = labels
				.map((label) => label.split('\n')[0]?.trim() ?? '')
				.filter((label) => fields.includes(label));
			await editor.screenshot(`node-${name.toLowerCase()}`);
			expect([...new Set(shown)]).toEqual(fields);
			expect(editor.errors).toEqual([]);
		},
		60_000,
	);

	it.each([
		['smtpAccount', 'An SMTP account'],
		['imapAccount', 'An IMAP account'],
	])(
		'opens the credential %s',
		async (type, name) => {
			const id = await n8n.server.api.putCredential(name, type, {
				service: 'own',
				host: '127.0.0.1',
				port: 1,
				security: 'none',
				authentication: 'password',
				user: 'u',
				password: 'p',
			});
			await editor.openCredential(id);
			expect(await editor.page.getByText('Mail Service').count()).toBeGreaterThan(0);
			await editor.screenshot(`credential-${type}`);
			expect(editor.errors).toEqual([]);
		},
		60_000,
	);
});
