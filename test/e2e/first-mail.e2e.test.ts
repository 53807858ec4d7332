import { existsSync } from 'node:fs';

import { countingServer } from '../support/counting-smtp-server';
import type { CountingServer } from '../support/counting-smtp-server';
import { CHROMIUM, openEditor } from './support/editor';
import type { Editor } from './support/editor';
import { chain, eventually, OWNER, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

const suite = existsSync(CHROMIUM) ? describe : describe.skip;
if (!existsSync(CHROMIUM)) console.warn('The editor is not looked at: Chromium is not installed.');

suite("a newcomer's first mail", () => {
	let n8n: TestN8n;
	let server: CountingServer;
	let editor: Editor;

	beforeAll(async () => {
		server = await countingServer({ answerAfterMs: 0 });
		n8n = await startTestN8n();
		editor = await openEditor(n8n.server.url, OWNER);
	}, 180_000);

	afterAll(async () => {
		await editor.close();
		await n8n.stop();
		await server.close();
	}, 60_000);

	it('takes three fields and one credential', async () => {
		const { page } = editor;
		await plainAccount(n8n, server.port, 'Shop mailbox');
		const made = await n8n.server.api.createWorkflow(
			chain('First', [PRESS, { name: 'Send', type: 'n8n-nodes-smtp-suite.smtpSend' }]),
		);
		await editor.openNode(made.id, 'node-1');
		// The only account is chosen already.
		await page.locator('[data-test-id="node-credentials-select"]').first().waitFor();
		const type = async (name: string, text: string) => {
			await page
				.locator(`[data-test-id="parameter-input-${name}"]`)
				.locator('input, textarea')
				.first()
				.fill(text);
		};
		await type('fromEmail', 'Ada <ada@example.test>');
		await type('toEmail', 'first@example.test');
		await type('html', '<p>Hello!</p>');
		await page.locator('[data-test-id="node-execute-button"]').first().click();
		await eventually(
			() => Promise.resolve(server.times.get('first@example.test')),
			'the first mail',
			60_000,
		);
		await page.getByText('sentAt').first().waitFor();
		await editor.screenshot('first-mail');
		expect(server.times.get('first@example.test')).toBe(1);
		expect(editor.errors).toEqual([]);
	}, 180_000);
});
