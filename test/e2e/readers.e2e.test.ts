import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import axe from 'axe-core';
import { simpleParser } from 'mailparser';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { Dovecot } from '../support/dovecot';
import { canRunPostfix, startPostfix } from '../support/postfix';
import type { Postfix } from '../support/postfix';
import { CHROMIUM } from './support/editor';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const missing =
	canRunDovecot() ??
	canRunPostfix() ??
	(existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is not installed (Debian: chromium)`);
if (missing !== undefined) console.warn(`The readers of a campaign are skipped: ${missing}.`);

/** SMTP_SUITE_READERS=200 for a campaign of that size. */
const RECIPIENTS = Number(process.env.SMTP_SUITE_READERS ?? 40);
const PERSON = {
	'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};
const TARGETS = ['https://shop.example/spring?a=1&b=2', 'https://shop.example/summer'];

/** What a recipient does, one after the other in this order, so that each has their share. */
const HABITS = [
	'gone',
	'ignores',
	'opens',
	'opensTwice',
	'clicks',
	'clicksBoth',
	'leavesByButton',
	'leavesOnPage',
	'comesBack',
	'isScanned',
	'isPrefetched',
	'isAskedByHead',
] as const;
type Habit = (typeof HABITS)[number];

const people = Array.from({ length: RECIPIENTS }, (_, index) => {
	const habit: Habit = HABITS[index % HABITS.length] ?? 'ignores';
	return { name: `Reader ${index}`, email: `${habit.toLowerCase()}${index}@example.test`, habit };
});
const howMany = (...habits: Habit[]) => people.filter(({ habit }) => habits.includes(habit)).length;

interface Letter {
	pixel: string;
	links: string[];
	leave: string;
	oneClick: string;
}

(missing === undefined ? describe : describe.skip)(
	'a campaign whose readers open, click and leave',
	() => {
		let dovecot: Dovecot;
		let postfix: Postfix;
		let n8n: TestN8n;
		let browser: Browser;
		let smtpAccount: { id: string; name: string };

		beforeAll(async () => {
			browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
			const mailboxes = people.filter(({ habit }) => habit !== 'gone').map(({ email }) => email);
			dovecot = await startDovecot({ users: [...mailboxes, 'bounces@example.test'] });
			postfix = await startPostfix({ dovecot });
			n8n = await startTestN8n();
			const server = {
				...{ service: 'own', host: '127.0.0.1', user: 'bounces@example.test' },
				...{ password: dovecot.password, certificate: 'ownCa', caCertificate: dovecot.caPem },
			};
			const { api } = n8n.server;
			const smtp = await api.putCredential('Postfix', 'smtpAccount', {
				...server,
				...{ port: postfix.smtpPort, security: 'starttls', authentication: 'password' },
			});
			smtpAccount = { id: smtp, name: 'Postfix' };
			const imap = await api.putCredential('Dovecot', 'imapAccount', {
				...server,
				...{ port: dovecot.imapsPort, security: 'tls' },
			});
			for (const trigger of [
				{
					name: 'Bounces',
					type: 'n8n-nodes-smtp-suite.bounceTrigger',
					credentials: { imapAccount: { id: imap, name: 'Dovecot' } },
				},
				{
					name: 'Readers',
					type: 'n8n-nodes-smtp-suite.emailTrackingTrigger',
					typeVersion: 1.1,
					webhookId: 'readers',
					parameters: {
						events: ['unsubscribed'],
						pages: { senderName: 'The Garden', doneText: 'Farewell, {address}.' },
					},
				},
			]) {
				const { id } = await api.createWorkflow(
					chain(trigger.name, [trigger, { name: 'Done', type: 'n8n-nodes-base.noOp' }]),
				);
				await api.activate(id);
			}
		}, 240_000);
		afterAll(async () => {
			await browser.close();
			await n8n.stop();
			await postfix.stop();
			await dovecot.stop();
		}, 60_000);

		async function run(name: string, node: object, outputs: string) {
			const { api } = n8n.server;
			const { id } = await api.createWorkflow(
				chain(name, [PRESS, ...itemsOf(people), node as never]),
			);
			const execution = await api.finished(await api.execute(id as string, 'Press'), 120_000);
			expect(execution.error).toBeUndefined();
			return execution.outputs(outputs) as { json: Record<string, unknown> }[][];
		}
		const send = (campaignId: string) =>
			run(
				campaignId,
				{
					name: 'Bulk',
					type: 'n8n-nodes-smtp-suite.smtpBulkSend',
					parameters: {
						...{ campaignId, fromEmail: 'News <news@example.test>', subject: 'Hello {{name}}' },
						bounceAddress: 'bounces@example.test',
						html: `<body>Dear {{name}}, <a href="${TARGETS[0]}">Spring</a> <a href="${TARGETS[1]}">Summer</a></body>`,
						tracking: { opens: true, clicks: true, unsubscribe: 'line' },
					},
					credentials: { smtpAccount },
				},
				'Bulk',
			);
		const report = async () => {
			const [[item] = []] = await run(
				'Report',
				{
					name: 'Report',
					type: 'n8n-nodes-smtp-suite.campaignReport',
					parameters: { operation: 'summary', campaignId: 'garden-1' },
					executeOnce: true,
				},
				'Report',
			);
			return item?.json;
		};

		/** As an IMAP server gives it, read by a parser that is not ours. */
		async function letterOf(email: string): Promise<Letter> {
			const stored = await eventually(async () => {
				const found = await dovecot.doveadm(
					'fetch',
					'-u',
					email,
					'text',
					'mailbox',
					'INBOX',
					'all',
				);
				return found === '' ? undefined : found;
			}, `the mail of ${email}`);
			const mail = await simpleParser(stored.replace(/^text:\r?\n/, ''));
			const html = String(mail.html).replaceAll('&amp;', '&').replaceAll('&#x3D;', '=');
			const hrefs = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, href = '']) => href);
			const header = mail.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line ?? '';
			return {
				pixel: /<img src="([^"]+)"/.exec(html)?.[1] ?? '',
				links: hrefs.slice(0, 2),
				leave: hrefs[2] ?? '',
				oneClick: /<(http[^>]+)>/.exec(header)?.[1] ?? '',
			};
		}

		const get = async (url: string, headers: Record<string, string> = PERSON, method = 'GET') =>
			await fetch(url, { headers, method, redirect: 'manual' });
		const follow = async (letter: Letter, index: 0 | 1) => {
			const answer = await get(letter.links[index] ?? '');
			expect(answer.headers.get('location')).toBe(TARGETS[index]);
		};

		/** On a phone: the link at the end of the mail, then the button of the page. */
		async function onPage(letter: Letter, then: (page: Page) => Promise<void>): Promise<void> {
			const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
			try {
				await page.goto(letter.leave);
				await page.click('button:has-text("Unsubscribe")');
				await page.waitForSelector('text=Farewell');
				await then(page);
			} finally {
				await page.close();
			}
		}
		async function isAccessible(page: Page): Promise<void> {
			expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
			await page.evaluate(axe.source);
			const { violations } = await page.evaluate<Pick<axe.AxeResults, 'violations'>>('axe.run()');
			expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
		}

		const ACTS: Record<Habit, (letter: Letter) => Promise<unknown>> = {
			gone: () => Promise.resolve(),
			ignores: () => Promise.resolve(),
			opens: ({ pixel }) => get(pixel),
			async opensTwice({ pixel }) {
				await get(pixel);
				await get(pixel);
			},
			async clicks(letter) {
				await get(letter.pixel);
				await follow(letter, 1);
			},
			async clicksBoth(letter) {
				await follow(letter, 0);
				await sleep(1_500);
				await follow(letter, 1);
			},
			// As Gmail does: no cookie, no page before.
			async leavesByButton({ oneClick }) {
				const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' });
				expect((await fetch(oneClick, { method: 'POST', body })).status).toBe(200);
			},
			leavesOnPage: (letter) => onPage(letter, isAccessible),
			comesBack: (letter) =>
				onPage(letter, async (page) => {
					await page.click('button');
					await page.waitForLoadState();
					await isAccessible(page);
				}),
			// A gateway that tries whatever a mail links to, pretending to be a person.
			async isScanned({ pixel, links, leave }) {
				await Promise.all([pixel, ...links, leave].map((url) => get(url)));
			},
			isPrefetched: ({ pixel }) => get(pixel, { 'user-agent': 'Mozilla/5.0' }),
			isAskedByHead: ({ links }) => get(links[0] ?? '', PERSON, 'HEAD'),
		};

		it('the report says exactly what was done, and the next campaign skips who left', async () => {
			const [sent = []] = await send('garden-1');
			expect(sent).toHaveLength(RECIPIENTS);
			// Sooner than two seconds after sending, everybody would be a machine.
			await sleep(2_500);
			for (const { email, habit } of people) {
				if (habit === 'gone') continue;
				await ACTS[habit](await letterOf(email));
			}
			const expected = {
				sent: RECIPIENTS,
				bounced: howMany('gone'),
				hardBounced: howMany('gone'),
				delivered: RECIPIENTS - howMany('gone'),
				openedAtLeast: howMany('opens', 'opensTwice', 'clicks'),
				opens: howMany('opens', 'clicks') + 2 * howMany('opensTwice'),
				clickedAtLeast: howMany('clicks', 'clicksBoth'),
				clicks: howMany('clicks') + 2 * howMany('clicksBoth'),
				unsubscribed: howMany('leavesByButton', 'leavesOnPage', 'comesBack'),
				resubscribed: howMany('comesBack'),
				machines: {
					// A scanner loads the pixel as a person would; its clicks give it away.
					openedOnlyByMachines: howMany('isPrefetched', 'isScanned'),
					clickedOnlyByMachines: howMany('isScanned', 'isAskedByHead'),
					opens: howMany('isPrefetched', 'isScanned'),
					clicks: 2 * howMany('isScanned') + howMany('isAskedByHead'),
				},
			};
			// What was done last is judged some seconds later.
			await sleep(5_000);
			const told = await eventually(async () => {
				const now = await report();
				return now?.bounced === expected.bounced ? now : undefined;
			}, 'the bounces');
			expect(told).toMatchObject(expected);

			const [again = [], , , skipped = []] = await send('garden-2');
			expect(again).toHaveLength(RECIPIENTS - howMany('gone', 'leavesByButton', 'leavesOnPage'));
			expect(skipped.map(({ json }) => json.habit).sort()).toEqual(
				people
					.map(({ habit }) => habit)
					.filter((habit) => ['gone', 'leavesByButton', 'leavesOnPage'].includes(habit))
					.sort(),
			);
		}, 600_000);
	},
);
