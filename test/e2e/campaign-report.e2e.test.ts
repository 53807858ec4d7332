import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

import { openStore } from '../../mail/store/open';
import type { MailStore } from '../../mail/store/store';
import { startDemo } from '../../scripts/demo/demo.cjs';
import { buildPackage, ensureN8n, installPackage } from '../../scripts/lib/toolchain.cjs';
import { CHROMIUM } from './support/editor';
import { importExample } from './support/examples';
import { chain, eventually, PRESS } from './support/n8n';

const CAMPAIGN = 'demo-newsletter-1';
const LOGIN = { user: 'reader', password: 'Page-password-1' };
const SCREENSHOTS = path.join(__dirname, 'screenshots');
/** As in the example, but each second. */
const HEADERS = [
	{ name: 'Content-Type', value: 'text/html; charset=utf-8' },
	{ name: 'Refresh', value: '1' },
];
const OWN_LINK = 'https://example.com/?city={{urlEncode city}}';
const ENEMY = 'https://shop.example/?q="><script>document.title="broken"</script>';

/** The demo's newsletter goes out to forty; two bounce, and what people then do is written to the store. */
describe('Campaign Report', () => {
	const userFolder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-report-'));
	let demo: Awaited<ReturnType<typeof startDemo>>;
	let store: MailStore;
	let browser: Browser;

	beforeAll(async () => {
		const n8nFolder = process.env.SMTP_SUITE_N8N ?? (await ensureN8n());
		await installPackage(
			process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(userFolder, 'packed'))),
			userFolder,
		);
		demo = await startDemo({ n8nFolder, userFolder });
		browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
		mkdirSync(SCREENSHOTS, { recursive: true });

		const { api } = demo.n8n;
		await api.finished(
			await api.execute(demo.workflows['Send the newsletter'] ?? '', 'Press Execute'),
		);
		const folder = path.join(userFolder, '.n8n');
		const { encryptionKey } = JSON.parse(readFileSync(path.join(folder, 'config'), 'utf8')) as {
			encryptionKey: string;
		};
		store = await openStore({
			path: path.join(folder, 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite'),
			masterKey: encryptionKey,
		});
		await eventually(
			async () =>
				(await store.reports.feedbackCounts(CAMPAIGN)).hardBounce === 2 ? true : undefined,
			'two bounces',
		);
		// Behind the newsletter's own.
		const [, spring = 0, enemy = 0] = await store.tracking.numberLinks(CAMPAIGN, [
			OWN_LINK,
			'https://shop.example/spring',
			ENEMY,
		]);
		const people = await store.reports.recipients(CAMPAIGN, { limit: 12 });
		const at = Date.now();
		await store.tracking.record(
			people.flatMap(({ reference }, index) => {
				const event = { campaignId: CAMPAIGN, reference, at };
				return [
					{ ...event, event: 'opened' as const, link: 0 },
					{ ...event, event: 'opened' as const, link: 0, machine: 'prefetch' as const },
					...(index < 5
						? [{ ...event, event: 'clicked' as const, link: index % 2 === 0 ? spring : enemy }]
						: []),
					...(index === 0 ? [{ ...event, event: 'unsubscribed' as const, link: 0 }] : []),
				];
			}),
		);
	}, 240_000);

	afterAll(async () => {
		await browser.close();
		await store.close();
		await demo.stop();
		rmSync(userFolder, { recursive: true, force: true });
	}, 60_000);

	const report = async (parameters: object) => {
		const { api } = demo.n8n;
		const { id } = await api.createWorkflow(
			chain('Report', [
				PRESS,
				{
					name: 'Campaign Report',
					type: 'n8n-nodes-smtp-suite.campaignReport',
					parameters: { campaignId: CAMPAIGN, ...parameters },
				},
			]),
		);
		const execution = await api.finished(await api.execute(id, 'Press'));
		expect(execution.error).toBeUndefined();
		return execution.outputs('Campaign Report')[0] ?? [];
	};

	it('tells exactly what was done, and makes the page and the pictures', async () => {
		const [item] = await report({ operation: 'summary', htmlPage: true, charts: true });
		expect(item.json).toMatchObject({
			campaignId: CAMPAIGN,
			state: 'finished',
			recipients: 40,
			sent: 40,
			delivered: 38,
			failed: 0,
			hardBounced: 2,
			openedAtLeast: 12,
			clickedAtLeast: 5,
			unsubscribed: 1,
			machines: { openedOnlyByMachines: 0, opens: 12 },
			rates: { openAtLeast: 31.58, clickAtLeast: 13.16, bounce: 5 },
		});
		expect(
			Object.entries(item.binary as Record<string, { mimeType: string; fileName: string }>).map(
				([field, { mimeType, fileName }]) => [field, mimeType, fileName],
			),
		).toEqual([
			['page', 'text/html', 'campaign-report.html'],
			['deliveryChart', 'image/svg+xml', 'delivery.svg'],
			['timelineChart', 'image/svg+xml', 'timeline.svg'],
			['linksChart', 'image/svg+xml', 'links.svg'],
			['bouncesChart', 'image/svg+xml', 'bounces.svg'],
		]);
	}, 60_000);

	it('lists recipients, links, bounces and hours', async () => {
		const fields = async (operation: string, names: string[], more = {}) =>
			(await report({ operation, ...more })).map(({ json }: { json: Record<string, unknown> }) =>
				names.map((name) => json[name]),
			);
		expect(await fields('recipients', ['feedback'], { state: 'hardBounce' })).toEqual([
			['hardBounce'],
			['hardBounce'],
		]);
		expect(await fields('recipients', ['opens'], { state: 'clicked' })).toEqual(Array(5).fill([1]));
		expect(await fields('links', ['link', 'clickedAtLeast', 'share'])).toEqual([
			['https://shop.example/spring', 3, 60],
			[ENEMY, 2, 40],
			[OWN_LINK, 0, 0],
		]);
		expect(await fields('bounces', ['event', 'reason', 'recipients'])).toEqual([
			['hardBounce', 'userunknown', 2],
		]);
		const days = await fields('timeline', ['sent', 'opened', 'clicked'], { by: 'day' });
		expect(days.reduce((sum: number, [sent]: unknown[]) => sum + Number(sent), 0)).toBe(40);
		expect(await fields('compare', ['campaignId', 'openedAtLeast'])).toEqual([[CAMPAIGN, 12]]);
	}, 60_000);

	it.each([
		['phone', 390, 'light'],
		['desktop', 1280, 'light'],
		['dark desktop', 1280, 'dark'],
	] as const)(
		'is a page in a real browser on a %s, that axe-core has nothing against',
		async (device, width, colorScheme) => {
			const { api } = demo.n8n;
			const credential = await api.putCredential('Page', 'httpBasicAuth', LOGIN);
			const id = await importExample(api, 'campaign-page', {
				'n8n-nodes-base.webhook': { httpBasicAuth: { id: credential, name: 'Page' } },
			});
			await api.activate(id);
			const context = await browser.newContext({
				httpCredentials: { username: LOGIN.user, password: LOGIN.password },
				viewport: { width, height: 900 },
				colorScheme,
			});
			try {
				const page = await context.newPage();
				await eventually(async () => {
					const answer = await page.goto(`${demo.n8n.url}/webhook/campaign?campaign=${CAMPAIGN}`);
					return answer?.status() === 200 ? true : undefined;
				}, 'the page');
				await page.waitForLoadState('networkidle');
				await page.screenshot({
					path: path.join(SCREENSHOTS, `campaign-report-${device.replace(' ', '-')}.png`),
					fullPage: true,
				});
				expect(await page.title()).toContain('campaign report');
				expect(await page.locator('h1').innerText()).not.toBe('');
				// Nothing sticks out of the window, and every picture is drawn.
				expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
					width,
				);
				expect(
					await page.evaluate('[...document.images].map(({ naturalWidth }) => naturalWidth)'),
				).toEqual([400, 400, 400, 400]);
				await page.evaluate(axe.source);
				const { violations } = await page.evaluate<Pick<axe.AxeResults, 'violations'>>('axe.run()');
				expect(violations.map(({ id: rule, nodes }) => [rule, nodes[0]?.html])).toEqual([]);
			} finally {
				await context.close();
				await api.deactivate(id);
			}
		},
		60_000,
	);

	it('the page loads itself anew in the browser, and shows what happened meanwhile', async () => {
		const { api } = demo.n8n;
		const id = await importExample(
			api,
			'campaign-page',
			{},
			{
				'Open the page': { authentication: 'none', path: 'live' },
				'Show it': { options: { responseHeaders: { entries: HEADERS } } },
			},
		);
		await api.activate(id);
		const page = await browser.newPage();
		try {
			await eventually(async () => {
				const answer = await page.goto(`${demo.n8n.url}/webhook/live?campaign=${CAMPAIGN}`);
				return answer?.status() === 200 ? true : undefined;
			}, 'the page');
			const opened = page.locator('.card', { hasText: 'Opened' }).locator('strong');
			expect(await opened.innerText()).toBe('12');
			const [, last] = await store.reports.recipients(CAMPAIGN, { limit: 2, offset: 20 });
			await store.tracking.record([
				{
					campaignId: CAMPAIGN,
					reference: last?.reference ?? '',
					event: 'opened',
					link: 0,
					at: Date.now(),
				},
			]);
			await eventually(
				async () => ((await opened.innerText()) === '13' ? true : undefined),
				'the page to be loaded anew',
			);
		} finally {
			await page.close();
			await api.deactivate(id);
		}
	}, 60_000);
});
