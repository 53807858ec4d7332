import { existsSync } from 'node:fs';

import packageJson from '../../package.json';
import { CHROMIUM, openEditor } from './support/editor';
import type { Editor } from './support/editor';
import { chain, OWNER, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const suite = existsSync(CHROMIUM) ? describe : describe.skip;
if (!existsSync(CHROMIUM)) console.warn('The editor is not looked at: Chromium is not installed.');

const NODES = {
	smtpSend: 'SMTP Send',
	smtpBulkSend: 'SMTP Bulk Send',
	bounceTrigger: 'Bounce Trigger',
	bounceParser: 'Bounce Parser',
	suppressionList: 'Suppression List',
	emailTrackingTrigger: 'Email Tracking Trigger',
	campaignReport: 'Campaign Report',
	deliverabilityCheck: 'Deliverability Check',
};

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
				{ name: 'Parser', type: 'n8n-nodes-smtp-suite.bounceParser' },
				{ name: 'Suppressed', type: 'n8n-nodes-smtp-suite.suppressionList' },
				{ name: 'Tracking', type: 'n8n-nodes-smtp-suite.emailTrackingTrigger' },
				{ name: 'Report', type: 'n8n-nodes-smtp-suite.campaignReport' },
				{ name: 'Check', type: 'n8n-nodes-smtp-suite.deliverabilityCheck' },
			]),
		);
		workflow = made.id;
		editor = await openEditor(n8n.server.url, OWNER);
	}, 180_000);

	afterAll(async () => {
		await editor.close();
		await n8n.stop();
	}, 60_000);

	it('knows every node of the package, with icons for light and dark', async () => {
		const types = await n8n.server.api.request('POST', '/node-types', {
			nodeInfos: Object.keys(NODES).map((name) => ({
				name: `n8n-nodes-smtp-suite.${name}`,
				version: 1,
			})),
		});
		expect(types.map(({ displayName }: { displayName: string }) => displayName)).toEqual(
			Object.values(NODES),
		);
		expect(Object.keys(NODES)).toHaveLength(packageJson.n8n.nodes.length);
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
		['node-4', 'Parser', []],
		['node-5', 'Suppressed', ['Operation']],
		['node-6', 'Tracking', []],
		['node-7', 'Report', ['Operation', 'Campaign ID']],
		['node-8', 'Check', ['Operation', 'From Domain or Address', 'Kind of Mail', 'Output']],
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

	it('names the chosen operation below the node, and shows the form of each', async () => {
		const chosen = {
			suppressionList: {
				add: 'Add addresses',
				check: 'Check addresses',
				export: 'Export the list',
				get: 'Get an address',
				getMany: 'Get many addresses',
				import: 'Import addresses',
				remove: 'Remove addresses',
			},
			bounceParser: {
				file: 'binary file',
				item: 'item of a mail node',
				notification: 'Amazon SES notification',
				text: 'text',
			},
			campaignReport: { timeline: 'Get the timeline of a campaign' },
			deliverabilityCheck: { roundTrip: 'Send a test mail and see how it arrives' },
		};
		const nodes = Object.entries(chosen).flatMap(([type, forms]) =>
			Object.entries(forms).map(([value, subtitle]) => ({ type, value, subtitle })),
		);
		const made = await n8n.server.api.createWorkflow(
			chain('Forms', [
				PRESS,
				...nodes.map(({ type, value }) => ({
					name: `${type} ${value}`,
					type: `n8n-nodes-smtp-suite.${type}`,
					parameters: { [type === 'bounceParser' ? 'messageIn' : 'operation']: value },
				})),
			]),
		);
		await editor.openWorkflow(made.id);
		for (const { type, value, subtitle } of nodes) {
			const node = editor.page.locator(
				`[data-test-id="canvas-node"][data-node-name="${type} ${value}"]`,
			);
			expect(await node.innerText()).toContain(subtitle);
		}
		await editor.screenshot('subtitles');
		for (const [index, { type, value }] of nodes.entries()) {
			await editor.openNode(made.id, `node-${index + 1}`);
			await editor.screenshot(`form-${type}-${value}`);
		}
		expect(editor.errors).toEqual([]);
	}, 300_000);

	it.each([
		['email', 'SMTP Send'],
		['smtp', 'SMTP Bulk Send'],
		['newsletter', 'SMTP Bulk Send'],
		['mail merge', 'SMTP Bulk Send'],
		['bulk', 'SMTP Bulk Send'],
		['bounce', 'Bounce Trigger'],
		['dsn', 'Bounce Parser'],
		['unsubscribe', 'Email Tracking Trigger'],
		['suppress', 'Suppression List'],
		['open rate', 'Campaign Report'],
		['deliverability', 'Deliverability Check'],
		['dmarc', 'Deliverability Check'],
	])('is found by who types "%s": %s', async (words, name) => {
		const types = (await (
			await fetch(`${n8n.server.url}/types/nodes.json`, {
				headers: { cookie: n8n.server.api.cookie },
			})
		).json()) as { displayName: string; codex?: { alias?: string[] } }[];
		// What the nodes panel searches through: the name and the aliases.
		const found = types
			.filter(({ displayName, codex }) =>
				[displayName, ...(codex?.alias ?? [])].some((each) => each.toLowerCase().includes(words)),
			)
			.map(({ displayName }) => displayName);
		expect(found).toContain(name);
	});

	it('shows each node in the dark as well', async () => {
		await editor.setTheme('dark');
		for (const [index, name] of Object.keys(NODES).entries()) {
			await editor.openNode(workflow, `node-${index + 1}`);
			await editor.screenshot(`dark-${name}`);
		}
		await editor.setTheme('light');
		expect(editor.errors).toEqual([]);
	}, 300_000);

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
