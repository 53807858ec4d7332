import path from 'node:path';

import axe from 'axe-core';
import { simpleParser } from 'mailparser';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

import { scriptedServer } from '../support/scripted-smtp-server';
import type { Script, ScriptedServer } from '../support/scripted-smtp-server';
import { CHROMIUM } from './support/editor';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { NodeJson, TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' };
const SCANNER = { 'user-agent': 'Mozilla/5.0 (compatible; BarracudaLinkProtect)' };

/** A person's way: the mail is read, its buttons lead to a page, the page's button answers. */
describe('Send and Wait for Response', () => {
	let n8n: TestN8n;
	let server: ScriptedServer;
	const script: Script = {};
	let account: { id: string; name: string };

	beforeAll(async () => {
		server = await scriptedServer(script);
		n8n = await startTestN8n();
		account = await plainAccount(n8n, server.port);
	}, 180_000);
	afterAll(async () => {
		await n8n.stop();
		await server.close();
	}, 60_000);

	const asking = (parameters: object, more: Partial<NodeJson> = {}) => ({
		name: 'Ask',
		type: 'n8n-nodes-smtp-suite.smtpSend',
		parameters: {
			operation: 'sendAndWait',
			fromEmail: 'Shop <shop@example.test>',
			toEmail: 'boss@example.test',
			subject: 'May we publish?',
			message: 'The newsletter of <October>\nis ready.',
			...parameters,
		},
		credentials: { smtpAccount: account },
		...more,
	});

	/** Presses Execute, and waits until the question is in the mailbox and the execution waits. */
	const ask = async (parameters: object, items: object[] = [{ order: 7 }]) => {
		const { api } = n8n.server;
		const known = server.accepted.length;
		const { id } = (await api.createWorkflow(
			chain('Question', [
				PRESS,
				...itemsOf(items),
				asking(parameters),
				{ name: 'After', type: 'n8n-nodes-base.noOp' },
			]),
		)) as { id: string };
		const execution = await api.execute(id, 'Press');
		const { mail, links } = await newMail(known);
		await eventually(
			async () => ((await status(execution)) === 'waiting' ? true : undefined),
			'it to wait',
		);
		return { execution, mail, links };
	};
	const newMail = async (known: number) => {
		const raw = await eventually(() => Promise.resolve(server.accepted[known]), 'the question');
		const mail = await simpleParser(raw);
		const links = [...(mail.text ?? '').matchAll(/^http\S+$/gm)].map(([link]) => link);
		return { mail, links };
	};
	const status = async (execution: string) =>
		((await n8n.server.api.request('GET', `/executions/${execution}`)) as { status: string })
			.status;
	const press = (link: string | undefined, body: Record<string, string> | FormData) =>
		fetch(link ?? '', {
			method: 'POST',
			...(body instanceof FormData
				? { body }
				: { headers: FORM, body: new URLSearchParams(body).toString() }),
		});
	const answered = async (execution: string, node = 'After') => {
		const { status: end, outputs } = await n8n.server.api.finished(execution);
		expect(end).toBe('success');
		return outputs(node)[0]?.map(({ json }) => json as { data: Record<string, unknown> });
	};

	it('approve: the page asks once more, and scanners that follow the links answer nothing', async () => {
		const { execution, mail, links } = await ask({
			approvalOptions: { values: { approvalType: 'double', approveLabel: 'Yes & go' } },
		});
		expect(mail.subject).toBe('May we publish?');
		expect(mail.text).toContain('The newsletter of <October>\nis ready.');
		expect(mail.html).toContain('The newsletter of &#60;October&#62;<br>');
		expect(links).toHaveLength(2);
		for (const link of links)
			for (const method of ['GET', 'HEAD']) await fetch(link, { method, headers: SCANNER });
		expect(await status(execution)).toBe('waiting');
		const page = await fetch(links[0] ?? '', { headers: { 'accept-language': 'de' } });
		expect(page.status).toBe(200);
		expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
		const html = await page.text();
		expect(html).toContain('<html lang="de">');
		expect(html).toContain('&#60;October&#62;');
		expect(html.indexOf('Yes &#38; go')).toBeLessThan(html.indexOf('Decline'));
		const done = await press(links[0], { approved: 'true' });
		expect(done.status).toBe(200);
		expect(await done.text()).toContain('Your answer is recorded');
		expect(await answered(execution)).toEqual([
			{ data: { approved: true, respondedAt: expect.any(String) as string } },
		]);
	}, 60_000);

	it('disapprove, and a second press that changes nothing', async () => {
		const { execution, links } = await ask({
			approvalOptions: { values: { approvalType: 'double' } },
		});
		const [, decline] = links;
		const html = await (await fetch(decline ?? '')).text();
		expect(html.indexOf('Decline')).toBeLessThan(html.indexOf('>Approve'));
		await press(decline, { approved: 'false' });
		expect((await answered(execution))?.[0]?.data.approved).toBe(false);
		await press(links[0], { approved: 'true' });
		expect((await answered(execution))?.[0]?.data.approved).toBe(false);
	}, 60_000);

	it('many presses at once: the workflow goes on once', async () => {
		const { execution, links } = await ask({});
		await Promise.all(Array.from({ length: 5 }, () => press(links[0], { approved: 'true' })));
		const { data, outputs } = await n8n.server.api.finished(execution);
		expect(outputs('After')[0]).toHaveLength(1);
		expect(data.resultData.runData.After).toHaveLength(1);
	}, 60_000);

	it('what is not offered is no answer', async () => {
		const { execution, links } = await ask({});
		for (const body of [{ approved: 'false' }, { approved: 'maybe' }, {}] as Record<
			string,
			string
		>[])
			expect((await press(links[0], body)).status).toBe(422);
		expect(await status(execution)).toBe('waiting');
		await press(links[0], { approved: 'true' });
		expect((await answered(execution))?.[0]?.data.approved).toBe(true);
	}, 60_000);

	it('an address that was changed is refused', async () => {
		const { execution, links } = await ask({
			approvalOptions: { values: { approvalType: 'single' } },
		});
		const [link = ''] = links;
		const changed = [
			link.replace('approved=true', 'approved=false'),
			link.replace(/round=\d+/, 'round=9'),
			link.replace(/signature=[^&]+/, 'signature=0'),
			link.replace(/[?&]signature=[^&]+/, ''),
		];
		for (const url of changed) {
			expect(url).not.toBe(link);
			expect((await press(url, { approved: 'true' })).status).toBe(401);
		}
		expect(await status(execution)).toBe('waiting');
		await press(link, { approved: 'true' });
		await answered(execution);
	}, 60_000);

	it('free text: an empty answer comes back, a real one is taken as it is', async () => {
		const { execution, links } = await ask({ responseType: 'freeText' });
		expect(links).toHaveLength(1);
		expect(await (await fetch(links[0] ?? '')).text()).toContain('<textarea');
		const empty = await press(links[0], { 'field-0': '  ' });
		expect(empty.status).toBe(422);
		expect(await empty.text()).toContain('Please fill this in.');
		expect(await status(execution)).toBe('waiting');
		await press(links[0], { 'field-0': 'Ja <b>gern</b>\r\nmorgen' });
		expect(await answered(execution)).toEqual([
			{ data: { text: 'Ja <b>gern</b>\nmorgen', respondedAt: expect.any(String) as string } },
		]);
	}, 60_000);

	it('a form: checked on the server, kept when it comes back, with its files', async () => {
		const { execution, links } = await ask({
			responseType: 'customForm',
			formFields: {
				values: [
					{ fieldLabel: 'Name', fieldType: 'text', requiredField: true },
					{ fieldLabel: 'Guests', fieldType: 'number' },
					{
						fieldLabel: 'Meal',
						fieldType: 'radio',
						requiredField: true,
						fieldOptions: { values: [{ option: 'Soup' }, { option: 'Fish' }] },
					},
					{
						fieldLabel: 'Extras',
						fieldType: 'checkbox',
						fieldOptions: { values: [{ option: 'Tea' }, { option: 'Cake' }] },
					},
					{ fieldLabel: 'Photo', fieldType: 'file', multipleFiles: false },
					{ fieldName: 'order', fieldType: 'hiddenField', fieldValue: '={{ $json.order }}' },
				],
			},
		});
		const form = (values: [string, string | Blob][]) => {
			const data = new FormData();
			for (const [name, value] of values)
				if (typeof value === 'string') data.append(name, value);
				else data.append(name, value, 'côté.txt');
			return data;
		};
		const wrong = await press(
			links[0],
			form([
				['field-0', '"><b>Ada'],
				['field-1', 'two'],
				['field-2', 'Cake'],
				['field-5', '8'],
			]),
		);
		expect(wrong.status).toBe(422);
		const html = await wrong.text();
		expect(html).toContain('Please give a number.');
		expect(html).toContain('Please choose one of these.');
		expect(html).toContain('value="&#34;&#62;&#60;b&#62;Ada"');
		expect(await status(execution)).toBe('waiting');
		await press(
			links[0],
			form([
				['field-0', 'Ada'],
				['field-1', '2'],
				['field-2', 'Soup'],
				['field-3', 'Tea'],
				['field-3', 'Cake'],
				['field-4', new Blob(['hello'], { type: 'text/plain' })],
				['field-5', '8'],
			]),
		);
		expect(await answered(execution)).toEqual([
			{
				data: {
					Name: 'Ada',
					Guests: 2,
					Meal: 'Soup',
					Extras: ['Tea', 'Cake'],
					order: '7',
					Photo: expect.objectContaining({ size: 5, mimetype: 'text/plain' }) as object,
					respondedAt: expect.any(String) as string,
				},
			},
		]);
		const { outputs } = await n8n.server.api.finished(execution);
		expect(outputs('After')[0]?.[0]?.binary.Photo).toMatchObject({ fileName: 'côté.txt' });
	}, 60_000);

	it('a person answers in a real browser, on a page that axe-core has nothing against', async () => {
		const { execution, mail, links } = await ask({
			responseType: 'customForm',
			formFields: {
				values: [
					{ fieldLabel: 'Name', fieldType: 'text', requiredField: true, placeholder: 'Ada' },
					{ fieldLabel: 'Day', fieldType: 'date' },
					{ fieldLabel: 'Email', fieldType: 'email' },
					{
						fieldLabel: 'Room',
						fieldType: 'dropdown',
						fieldOptions: { values: [{ option: 'Large' }, { option: 'Small' }] },
					},
					{
						fieldLabel: 'Extras',
						fieldType: 'checkbox',
						requiredField: true,
						fieldOptions: { values: [{ option: 'Tea' }, { option: 'Cake' }] },
					},
					{ fieldLabel: 'Photo', fieldType: 'file', multipleFiles: true },
					{ fieldLabel: 'Remarks', fieldType: 'textarea' },
				],
			},
		});
		const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
		try {
			const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
			const errors: string[] = [];
			page.on('console', (said) => said.type() === 'error' && errors.push(said.text()));
			await page.setContent(String(mail.html));
			await expectAccessible(page, 'question-mail');
			await page.goto(links[0] ?? '');
			await expectAccessible(page, 'question-form');
			await page.getByLabel('Name').fill('Ada');
			await page.getByLabel('Day').fill('2026-11-30');
			await page.getByLabel('Room').selectOption('Small');
			await page.getByRole('button', { name: 'Send' }).click();
			// The browser itself has no word for "at least one of these".
			await page.getByRole('alert').waitFor();
			await expectAccessible(page, 'question-form-back');
			expect(await page.getByLabel('Room').inputValue()).toBe('Small');
			await page.getByLabel('Cake').check();
			await page.getByLabel('Photo').setInputFiles(
				['a.txt', 'b.txt'].map((name) => ({
					name,
					mimeType: 'text/plain',
					buffer: Buffer.from(name),
				})),
			);
			await page.getByLabel('Remarks').fill('one\ntwo');
			await page.getByRole('button', { name: 'Send' }).click();
			await page.getByText('Your answer is recorded').waitFor();
			await expectAccessible(page, 'question-done');
			// The page that came back had the status 422, which the browser reports.
			expect(errors.filter((text) => !text.includes('422'))).toEqual([]);
		} finally {
			await browser.close();
		}
		expect((await answered(execution))?.[0]?.data).toMatchObject({
			Name: 'Ada',
			Day: '2026-11-30',
			Email: '',
			Room: 'Small',
			Extras: ['Cake'],
			Photo: [{ filename: 'a.txt' }, { filename: 'b.txt' }],
			Remarks: 'one\ntwo',
		});
	}, 90_000);

	it('nobody answers in time: the input goes on', async () => {
		const { execution, links } = await ask(
			{
				options: {
					limitWaitTime: {
						values: { limitType: 'afterTimeInterval', resumeAmount: 0.05, resumeUnit: 'minutes' },
					},
				},
			},
			[{ order: 7 }, { order: 8 }],
		);
		expect(await answered(execution)).toEqual([{ order: 7 }, { order: 8 }]);
		await press(links[0], { approved: 'true' });
		expect(await answered(execution)).toEqual([{ order: 7 }, { order: 8 }]);
	}, 90_000);

	it('asked again in a loop, the earlier mail answers nothing', async () => {
		const { api } = n8n.server;
		const known = server.accepted.length;
		const workflow = chain('Loop', [
			PRESS,
			...itemsOf([{ n: 1 }, { n: 2 }]),
			{ name: 'Loop', type: 'n8n-nodes-base.splitInBatches', typeVersion: 3 },
			asking({ subject: '=Question {{ $json.n }}' }),
		]);
		const { id } = (await api.createWorkflow({
			...workflow,
			connections: {
				...workflow.connections,
				Loop: { main: [[], [{ node: 'Ask', type: 'main', index: 0 }]] },
				Ask: { main: [[{ node: 'Loop', type: 'main', index: 0 }]] },
			},
		})) as { id: string };
		const execution = await api.execute(id, 'Press');
		const waits = () =>
			eventually(
				async () => ((await status(execution)) === 'waiting' ? true : undefined),
				'it to wait',
			);
		const first = await newMail(known);
		await waits();
		await press(first.links[0], { approved: 'true' });
		const second = await newMail(known + 1);
		await waits();
		expect(second.mail.subject).toBe('Question 2');
		const outdated = await press(first.links[0], { approved: 'true' });
		expect(outdated.status).toBe(409);
		expect(await outdated.text()).toContain('This question was asked again');
		expect(await status(execution)).toBe('waiting');
		await press(second.links[0], { approved: 'true' });
		expect((await api.finished(execution)).status).toBe('success');
	}, 90_000);

	it('a refused mail does not wait; On Error puts it out', async () => {
		const { api } = n8n.server;
		script.answers = { RCPT: '550 5.1.1 No such user' };
		try {
			const { id } = (await api.createWorkflow(
				chain('Refused', [PRESS, ...itemsOf([{}]), asking({}, { onError: 'continueErrorOutput' })]),
			)) as { id: string };
			const { status: end, outputs } = await api.finished(await api.execute(id, 'Press'));
			expect(end).toBe('success');
			expect(outputs('Ask')[1]?.[0]?.json.error).toContain('boss@example.test');
		} finally {
			script.answers = {};
		}
	}, 60_000);
});

/** Takes a picture of the page, too. */
async function expectAccessible(page: Page, name: string): Promise<void> {
	await page.screenshot({
		path: path.resolve(__dirname, 'screenshots', `${name}.png`),
		fullPage: true,
	});
	const width = page.viewportSize()?.width ?? 0;
	expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
	await page.evaluate(axe.source);
	const { violations } = await page.evaluate<Pick<axe.AxeResults, 'violations'>>('axe.run()');
	// A mail has no title, and its landmarks are the mail program's.
	const ofPages = [
		'document-title',
		'html-has-lang',
		'landmark-one-main',
		'page-has-heading-one',
		'region',
	];
	const counted = name.endsWith('mail')
		? violations.filter(({ id }) => !ofPages.includes(id))
		: violations;
	expect(counted.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
}
