import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startDemo } from '../../scripts/demo/demo.cjs';
import { buildPackage, ensureN8n, installPackage } from '../../scripts/lib/toolchain.cjs';
import { chain, eventually } from './support/n8n';

/** What npm start shows a newcomer, pressed by a test. */
describe('the demo', () => {
	const userFolder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-demo-'));
	let demo: Awaited<ReturnType<typeof startDemo>>;

	beforeAll(async () => {
		const n8nFolder = process.env.SMTP_SUITE_N8N ?? (await ensureN8n());
		await installPackage(
			process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(userFolder, 'packed'))),
			userFolder,
		);
		demo = await startDemo({ n8nFolder, userFolder });
	}, 180_000);

	afterAll(async () => {
		await demo.stop();
		rmSync(userFolder, { recursive: true, force: true });
	}, 60_000);

	const press = async (): Promise<number[]> => {
		const { api } = demo.n8n;
		const id = demo.workflows['Send the newsletter'] ?? '';
		const execution = await api.finished(await api.execute(id, 'Press Execute'));
		expect(execution.error).toBeUndefined();
		return execution.outputs('SMTP Bulk Send').map((items) => items.length);
	};

	const delivered = async () =>
		(await (await fetch(`http://127.0.0.1:${demo.mail.ports.page}/mails.json`)).json()) as {
			id: string;
			to: string;
			raw: string;
		}[];

	it('mails forty, names the two that do not exist, and repeats nobody', async () => {
		expect(await press()).toEqual([40, 0, 0, 0]);
		const handle = demo.workflows['Handle bounces'] ?? '';
		await eventually(
			async () => ((await demo.n8n.api.executions(handle)).length === 2 ? true : undefined),
			'two bounces',
		);
		expect(await press()).toEqual([0, 0, 0, 40]);
		expect(await delivered()).toHaveLength(38);
	}, 90_000);

	it('shows a mail as its reader sees it, hears of a click and of who leaves, and reports it', async () => {
		const page = `http://127.0.0.1:${demo.mail.ports.page}`;
		const mail = (await delivered()).find(({ to }) => to.startsWith('niklaus'));
		expect(await (await fetch(`${page}/mail/${mail?.id ?? ''}`)).text()).toContain(
			'<h1>Niklaus, news from Zürich</h1>',
		);
		const body = await (await fetch(`${page}/body/${mail?.id ?? ''}`)).text();
		const link = /<a href="([^"]+)">read it/.exec(body)?.[1] ?? '';
		const unsubscribe = /^List-Unsubscribe: <([^>]+)>/m.exec(mail?.raw ?? '')?.[1] ?? '';

		const redirect = await fetch(link, { redirect: 'manual' });
		expect(redirect.headers.get('location')).toBe('https://example.com/?city=Z%C3%BCrich');
		expect((await fetch(unsubscribe)).status).toBe(200);
		const left = await fetch(unsubscribe, {
			method: 'POST',
			body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
		});
		expect(left.status).toBe(200);

		const { api } = demo.n8n;
		const heard = await eventually(async () => {
			const executions = await api.executions(demo.workflows['Hear from readers'] ?? '');
			return executions.length >= 1 ? executions : undefined;
		}, 'an execution for who left');
		const { outputs } = await api.finished(heard[0].id as string);
		expect(outputs('Who and what')[0]?.[0]?.json).toMatchObject({
			recipient: mail?.to,
			campaignId: 'demo-newsletter-1',
		});
		const report = await api.finished(
			await api.execute(demo.workflows['See how it went'] ?? '', 'Press Execute'),
		);
		expect(report.error).toBeUndefined();
		expect(report.outputs('Campaign Report')[0]?.[0]).toMatchObject({
			json: { sent: 40, bounced: 2, delivered: 38, unsubscribed: 1 },
			binary: { page: { fileExtension: 'html' } },
		});
	}, 60_000);

	it('shows the newest bounce at once when a person listens in the editor', async () => {
		const { api } = demo.n8n;
		const imap = (await api.request('GET', '/credentials')).find(
			({ name }: { name: string }) => name === 'Demo bounces',
		);
		const { id } = await api.createWorkflow(
			chain('Listen', [
				{
					name: 'Bounce Trigger',
					type: 'n8n-nodes-smtp-suite.bounceTrigger',
					credentials: { imapAccount: { id: imap.id, name: imap.name } },
				},
				{ name: 'Done', type: 'n8n-nodes-base.noOp' },
			]),
		);
		const execution = await api.finished(await api.execute(id, 'Bounce Trigger'), 20_000);
		expect(execution.outputs('Bounce Trigger')[0]?.[0]?.json).toMatchObject({
			event: 'hardBounce',
			verified: true,
		});
	}, 60_000);
});
