import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

import { CHROMIUM } from './support/editor';
import { startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { publishTracking } from './support/tracking-site';
import type { TrackingSite } from './support/tracking-site';

const SCREENSHOTS = path.join(__dirname, 'screenshots');
const LOGO = 'https://shop.example/logo.svg';
const LOGO_PICTURE =
	'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="120"><rect width="480" height="120" rx="60" fill="#0f766e"/><text x="240" y="78" font-family="sans-serif" font-size="52" fill="#fff" text-anchor="middle">Shop &amp; Söhne</text></svg>';
const SCRIPT = `"><img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;
/** As a user may write them, and an enemy who got hold of a list's name. */
const OWN_LOOK = {
	language: 'de',
	senderName: 'Shop & Söhne',
	logoUrl: LOGO,
	color: '#0f766e',
	confirmTitle: 'Schade! Wirklich gehen?',
	confirmText:
		'Ab heute geht {what} nicht mehr an {address}. Bestellungen bestätigen wir weiterhin per Mail.',
	doneTitle: 'Erledigt – ohne Groll',
	doneText: '{address} bekommt {what} nicht mehr.',
	resubscribedTitle: 'Da sind Sie ja wieder',
	resubscribedText: 'Die nächste Ausgabe geht wieder an {address}.',
};
const HOSTILE_LOOK = {
	senderName: SCRIPT,
	color: '#fff;}</style><script>document.title="broken"</script>',
	logoUrl: `https://shop.example/logo.svg"onerror="document.title='broken'`,
	confirmTitle: SCRIPT,
	confirmText: `${SCRIPT}{address} {what}`,
};

interface Looks {
	name: string;
	/** What the reader's browser asks for. */
	locale: string;
	site: () => TrackingSite;
	/** Headings of confirm, done, resubscribed, notValid, askSender, failed. */
	headings: [string, string, string, string, string, string];
}

describe('the pages that a recipient meets, in a browser', () => {
	let n8n: TestN8n;
	let browser: Browser;
	let own: TrackingSite;
	let plain: TrackingSite;
	let hostile: TrackingSite;

	beforeAll(async () => {
		mkdirSync(SCREENSHOTS, { recursive: true });
		n8n = await startTestN8n();
		browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
		const publish = (number: number, list: string, pages: object) =>
			publishTracking(n8n, {
				campaign: `campaign-${number}`,
				list,
				targets: [],
				webhookId: `3f0c8f6e-7a55-4e0b-9d0e-6d3f5c1b2a1${number}`,
				parameters: { events: ['unsubscribed'], pages },
			});
		own = await publish(1, 'Frühlingspost für Gärtnerinnen und Gärtner', OWN_LOOK);
		plain = await publish(2, '', {});
		hostile = await publish(3, SCRIPT, HOSTILE_LOOK);
		await own.mailed(['ada390', 'ada1100']);
		await plain.mailed(['ada390', 'ada1100']);
		await hostile.mailed(['eve']);
	}, 240_000);

	afterAll(async () => {
		await browser.close();
		for (const site of [own, plain, hostile]) await site.close();
		await n8n.stop();
	}, 60_000);

	const looks: Looks[] = [
		{
			name: 'own',
			locale: 'en-GB',
			site: () => own,
			headings: [
				OWN_LOOK.confirmTitle,
				OWN_LOOK.doneTitle,
				OWN_LOOK.resubscribedTitle,
				'Dieser Link funktioniert nicht',
				'Das geht hier nicht',
				'Das hat nicht geklappt',
			],
		},
		{
			name: 'plain',
			locale: 'fr-FR',
			site: () => plain,
			headings: [
				'Se désabonner\u00a0?',
				'Vous êtes désabonné(e)',
				'Heureux de vous retrouver',
				'Ce lien ne fonctionne pas',
				'Ce n’est pas possible ici',
				'Cela n’a pas fonctionné',
			],
		},
	];
	const widths = [390, 1100];

	it.each(looks.flatMap((look) => widths.map((width) => ({ ...look, width }))))(
		'are readable and pressed by keyboard alone, and axe-core has nothing against them: $name, $width px',
		async ({ name, locale, site, headings, width }) => {
			const { store, link } = site();
			const list = name === 'own' ? 'Frühlingspost für Gärtnerinnen und Gärtner' : '';
			const reader = `ada${width}`;
			const key = `${reader}@example.test`;
			const page = await openBrowser(browser, locale, width);
			const [confirm, done, resubscribed, notValid, askSender, failed] = headings;
			const expectPage = (heading: string, picture: string) =>
				expectReadable(page, heading, `unsubscribe-${name}-${picture}-${width}`);
			const isOut = async () => (await store.suppressions.check([key], { list })).size > 0;

			await page.goto(link('unsubscribe', reader));
			await expectPage(confirm, 'confirm');
			expect(await isOut()).toBe(false);
			await pressByKeyboard(page);
			await expectPage(done, 'done');
			expect(await isOut()).toBe(true);
			await pressByKeyboard(page);
			await expectPage(resubscribed, 'resubscribed');
			expect(await isOut()).toBe(false);

			await page.goto(`${link('unsubscribe', reader)}x`);
			await expectPage(notValid, 'not-valid');

			await page.goto(link('unsubscribe', reader));
			await pressByKeyboard(page);
			await store.suppressions.add([{ key, address: key, reason: 'complained', list }]);
			await pressByKeyboard(page);
			await expectPage(askSender, 'ask-sender');
			expect(await isOut()).toBe(true);

			// Another program holds the store for longer than anybody waits.
			const file = path.join(n8n.userFolder, '.n8n/storage/n8n-nodes-smtp-suite/mail.sqlite');
			const other = new DatabaseSync(file);
			other.exec('BEGIN IMMEDIATE');
			try {
				await page.goto(link('unsubscribe', reader));
				await pressByKeyboard(page);
				await expectPage(failed, 'failed');
			} finally {
				other.exec('ROLLBACK');
				other.close();
			}
			await page.context().close();
		},
		120_000,
	);

	it('hold the words, the logo and the list of an enemy as text', async () => {
		const page = await openBrowser(browser, 'en-GB', 390);
		await page.goto(hostile.link('unsubscribe', 'eve'));
		await expectReadable(page, SCRIPT, 'unsubscribe-hostile-confirm-390');
		expect(await page.locator('img:not(.logo), script, svg').count()).toBe(0);
		await pressByKeyboard(page);
		expect(await page.locator('main').innerText()).toContain(`the list “${SCRIPT}”`);
		expect(await page.title()).not.toBe('broken');
		await page.context().close();
	}, 60_000);
});

async function openBrowser(browser: Browser, locale: string, width: number): Promise<Page> {
	const context = await browser.newContext({ locale, viewport: { width, height: 780 } });
	const page = await context.newPage();
	page.setDefaultTimeout(45_000);
	// The sender's own site, which no test reaches.
	await page.route('https://shop.example/**', (route) =>
		route.fulfill({ contentType: 'image/svg+xml', body: LOGO_PICTURE }),
	);
	return page;
}

/** The first thing that Tab comes to is the page's one button. */
async function pressByKeyboard(page: Page): Promise<void> {
	await page.keyboard.press('Tab');
	expect(await page.evaluate('document.activeElement.tagName')).toBe('BUTTON');
	await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

/** Takes a picture of it, too. */
async function expectReadable(page: Page, heading: string, picture: string): Promise<void> {
	await page.screenshot({ path: path.join(SCREENSHOTS, `${picture}.png`), fullPage: true });
	expect(await page.locator('h1').innerText()).toBe(heading);
	expect(await page.title()).toContain(heading);
	const width = page.viewportSize()?.width ?? 0;
	expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
	await page.evaluate(axe.source);
	const { violations } = await page.evaluate<Pick<axe.AxeResults, 'violations'>>('axe.run()');
	expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
}
