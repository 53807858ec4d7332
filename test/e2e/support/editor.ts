import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const FOLDER = path.resolve(__dirname, '../screenshots');

/** n8n's editor in a headless browser, signed in. */
export interface Editor {
	readonly page: Page;
	/** What went wrong in the page; empty when nothing did. */
	readonly errors: string[];
	openWorkflow(id: string): Promise<void>;
	/** Opens a node of the workflow that is open, as a double click does. */
	openNode(workflowId: string, nodeId: string): Promise<void>;
	openCredential(id: string): Promise<void>;
	setTheme(theme: 'light' | 'dark'): Promise<void>;
	/** Writes `test/e2e/screenshots/<name>.png`. */
	screenshot(name: string): Promise<string>;
	close(): Promise<void>;
}

const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

export const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Starts Debian's Chromium and signs in to n8n. */
export async function openEditor(
	url: string,
	owner: { email: string; password: string },
): Promise<Editor> {
	const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
	const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
	const errors: string[] = [];
	page.on('pageerror', (error) => errors.push(error.message));
	await page.goto(`${url}/signin`);
	await page.fill('input[autocomplete="email"], input[name="emailOrLdapLoginId"]', owner.email);
	await page.fill('input[type="password"]', owner.password);
	await page.click('button:has-text("Sign in")');
	await page.waitForURL((at) => !at.pathname.startsWith('/signin'));
	mkdirSync(FOLDER, { recursive: true });

	const settled = async () => {
		await page.waitForLoadState('networkidle').catch(() => undefined);
		await page.waitForTimeout(800);
	};
	return {
		page,
		errors,
		async openWorkflow(id) {
			await page.goto(`${url}/workflow/${id}`);
			await page.waitForSelector('[data-test-id="canvas-node"]');
			await settled();
		},
		async openNode(workflowId, nodeId) {
			await page.goto(`${url}/workflow/${workflowId}/${nodeId}`);
			await page.waitForSelector('[data-test-id="node-parameters"]');
			await settled();
		},
		async openCredential(id) {
			await page.goto(`${url}/home/credentials/${id}`);
			await page.waitForSelector(
				'[data-test-id="credential-edit-dialog"], [data-test-id="editCredential-modal"]',
			);
			await settled();
		},
		async setTheme(theme) {
			await page.evaluate((value) => {
				localStorage.setItem('N8N_THEME', value);
			}, theme);
			await page.reload();
			await settled();
		},
		async screenshot(name) {
			const file = path.join(FOLDER, `${name}.png`);
			await page.screenshot({ path: file });
			return file;
		},
		close: () => browser.close(),
	};
}
