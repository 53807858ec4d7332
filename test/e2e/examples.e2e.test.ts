import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { simpleParser } from 'mailparser';

import { startDemo } from '../../scripts/demo/demo.cjs';
import { buildPackage, ensureN8n, installPackage } from '../../scripts/lib/toolchain.cjs';
import { startNameServer } from '../support/zone-server';
import { startChatModel } from './support/chat-model';
import { EXAMPLES, exampleNames, importExample, readExample } from './support/examples';
import type { Changes } from './support/examples';
import { eventually } from './support/n8n';

/** What the example has for a list, in a test's words. */
const rows = (list: readonly object[]) => ({ jsonOutput: JSON.stringify({ rows: list }) });

interface Delivered {
	to: string;
	raw: string;
}

/** Of the demo's own newsletter. */
const DEMO_CAMPAIGN = 'demo-newsletter-1';
const PDF = Buffer.from('%PDF-1.4\n%invoice\n%%EOF\n');

/** Every workflow in examples/, imported and run as its note says, against the demo's mail server. */
describe('the examples', () => {
	const userFolder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-examples-'));
	let demo: Awaited<ReturnType<typeof startDemo>>;
	let web: Server;
	/** What was posted to the channel. */
	const posted: string[] = [];
	let webUrl: string;

	beforeAll(async () => {
		const n8nFolder = process.env.SMTP_SUITE_N8N ?? (await ensureN8n());
		await installPackage(
			process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(userFolder, 'packed'))),
			userFolder,
		);
		demo = await startDemo({ n8nFolder, userFolder });
		web = createServer(answerWeb);
		await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
		webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
	}, 180_000);

	afterAll(async () => {
		web.close();
		await demo.stop();
		rmSync(userFolder, { recursive: true, force: true });
	}, 60_000);

	/** Serves a PDF, and takes what is posted to a channel. */
	const answerWeb = (request: IncomingMessage, response: ServerResponse): void => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			if (request.method === 'POST') posted.push(Buffer.concat(chunks).toString());
			response.setHeader(
				'content-type',
				request.method === 'GET' ? 'application/pdf' : 'text/plain',
			);
			response.end(request.method === 'GET' ? PDF : 'ok');
		});
	};

	const imported = async (file: string, changes: Changes = {}): Promise<string> => {
		const { api } = demo.n8n;
		const known = (await api.request('GET', '/credentials')) as {
			id: string;
			name: string;
			type: string;
		}[];
		const chosen = (type: string) => {
			const found = known.find((each) => each.type === type);
			return found ? { [type]: { id: found.id, name: found.name } } : {};
		};
		return await importExample(
			api,
			file,
			{
				'n8n-nodes-smtp-suite.smtpSend': chosen('smtpAccount'),
				'n8n-nodes-smtp-suite.smtpSendTool': chosen('smtpAccount'),
				'n8n-nodes-smtp-suite.smtpBulkSend': chosen('smtpAccount'),
				'n8n-nodes-smtp-suite.bounceTrigger': chosen('imapAccount'),
				'n8n-nodes-base.webhook': chosen('httpBasicAuth'),
				'@n8n/n8n-nodes-langchain.lmChatOpenAi': chosen('openAiApi'),
			},
			changes,
		);
	};
	const run = async (id: string, trigger: string) => {
		const { api } = demo.n8n;
		const execution = await api.finished(await api.execute(id, trigger));
		expect(execution.error).toBeUndefined();
		expect(execution.status).toBe('success');
		return execution;
	};
	const delivered = async (): Promise<Delivered[]> =>
		(await (
			await fetch(`http://127.0.0.1:${demo.mail.ports.page}/mails.json`)
		).json()) as Delivered[];
	/** The mails to these addresses, oldest first, parsed by a parser that is not ours. */
	const mailsTo = async (...addresses: string[]) =>
		await Promise.all(
			(await delivered())
				.filter(({ to }) => addresses.includes(to))
				.reverse()
				.map(async ({ to, raw }) => ({ ...(await simpleParser(Buffer.from(raw, 'latin1'))), to })),
		);
	const post = async (at: string, body: object) => {
		const answer = await eventually(
			async () => {
				const tried = await fetch(`${demo.n8n.url}/webhook/${at}`, {
					method: 'POST',
					headers: { 'content-type': 'application/json' },
					body: JSON.stringify(body),
				});
				// n8n takes a moment to register a webhook after the workflow is published.
				return tried.status === 404 ? undefined : tried;
			},
			`the webhook ${at}`,
			10_000,
		);
		expect(answer.status).toBe(200);
		return await answer.text();
	};
	/** Waits until so many executions of a workflow have ended, and none badly. */
	const ended = async (id: string, count: number) =>
		await eventually(async () => {
			const all = await demo.n8n.api.executions(id);
			const states = all.map(({ status }: { status: string }) => status);
			if (states.includes('error'))
				throw new Error(JSON.stringify((await demo.n8n.api.finished(all[0].id)).error));
			return states.length >= count && states.every((state) => state === 'success')
				? all
				: undefined;
		}, `${count} executions`);

	const scenarios: Record<string, () => Promise<void>> = {
		'domain-watch': async () => {
			const names = await startNameServer([['watched.test', 'MX', '10 mail.watched.test.']]);
			try {
				const id = await imported('domain-watch', {
					'Deliverability Check': {
						...{ domain: 'watched.test', output: 'changes' },
						dnsOptions: { servers: names.address },
					},
					'SMTP Send': {
						...readExample('domain-watch').nodes.find(({ name }) => name === 'SMTP Send')
							?.parameters,
						...{ fromEmail: 'alerts@example.test', toEmail: 'watcher@example.test' },
					},
				});
				await run(id, 'Each morning');
				const [mail] = await mailsTo('watcher@example.test');
				expect(mail?.subject).toMatch(/^watched\.test: [2-9] changes$/);
				expect(mail?.text).toContain('publish TXT _dmarc.watched.test: v=DMARC1; p=none;');
			} finally {
				await names.stop();
			}
		},
		'welcome-mail': async () => {
			const id = await imported('welcome-mail');
			await demo.n8n.api.activate(id);
			await post('welcome-mail', { name: 'Wanda <3', email: 'wanda@example.test' });
			await ended(id, 1);
			const mails = await mailsTo('wanda@example.test');
			expect(mails.map(({ subject }) => subject)).toEqual(['Welcome, Wanda <3']);
			expect(mails[0]?.html).toContain('Hello Wanda &lt;3,');
			await demo.n8n.api.deactivate(id);
		},
		newsletter: async () => {
			const id = await imported('newsletter', {
				'Some rows to try': rows([
					{ email: 'ines@example.test', name: 'Ines', status: 'active' },
					{ email: 'away@example.test', name: 'Away', status: 'active' },
					{ email: 'una@example.test', name: 'Una', status: 'active' },
					{ email: 'olga@example.test', name: 'Olga', status: 'left' },
				]),
				'SMTP Bulk Send': { bounceAddress: 'bounces@example.test' },
			});
			await run(id, 'Set up once');
			await demo.n8n.api.activate(id);
			const first = await run(id, 'Send this issue');
			expect(first.outputs('SMTP Bulk Send').map((items) => items.length)).toEqual([3, 0, 0, 0]);
			const [mail] = await mailsTo('ines@example.test');
			expect(mail?.subject).toBe('Ines, here is our news');
			// One leaves, as Gmail's button does it; the other's bounce comes home. The table knows both.
			const [leaver] = await mailsTo('una@example.test');
			const oneClick =
				/<(http[^>]+)>/.exec(
					String(leaver?.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line),
				)?.[1] ?? '';
			await fetch(oneClick, {
				method: 'POST',
				body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
			});
			await eventually(async () => {
				const found = await demo.n8n.api.executions(id);
				return found.length >= 4 ? true : undefined;
			}, 'the bounce and the one that left');
			const again = await run(id, 'Send this issue');
			const skipped = again.outputs('SMTP Bulk Send')[3] ?? [];
			expect(skipped.map(({ json }: { json: { email: string } }) => json.email)).toEqual([
				'ines@example.test',
			]);
			await demo.n8n.api.deactivate(id);
		},
		'invoice-with-pdf': async () => {
			const id = await imported('invoice-with-pdf');
			await demo.n8n.api.activate(id);
			const order = {
				name: 'Ivo',
				email: 'ivo@example.test',
				invoice: 'R-1042',
				total: 129.9,
				currency: 'EUR',
				pdf: `${webUrl}/R-1042.pdf`,
			};
			await post('order-paid', order);
			await ended(id, 1);
			const mails = await mailsTo('ivo@example.test');
			expect(mails).toHaveLength(1);
			expect(mails[0]?.subject).toBe('Your invoice R-1042');
			expect(mails[0]?.text).toContain('129.90');
			expect(mails[0]?.attachments.map(({ content, filename }) => [filename, content])).toEqual([
				['R-1042.pdf', PDF],
			]);
			await demo.n8n.api.deactivate(id);
		},
		'dunning-series': async () => {
			const id = await imported('dunning-series', {
				'Some rows to try': rows([
					{
						number: 'R-1',
						email: 'dora@example.test',
						name: 'Dora',
						total: 120,
						due: '2026-01-10',
						status: 'open',
					},
					{
						number: 'R-3',
						email: 'paul@example.test',
						name: 'Paul',
						total: 15,
						due: '2026-01-12',
						status: 'paid',
					},
				]),
				'Wait a week': { amount: 1, unit: 'seconds' },
			});
			await run(id, 'Set up once');
			await run(id, 'Each morning');
			const mails = await mailsTo('dora@example.test', 'paul@example.test');
			expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
				['dora@example.test', 'Reminder: invoice R-1'],
				['dora@example.test', 'Second reminder: invoice R-1'],
			]);
			expect(mails[0]?.text).toContain('120.00');
		},
		'double-opt-in': async () => {
			const id = await imported('double-opt-in');
			await run(id, 'Set up once');
			await demo.n8n.api.activate(id);
			await post('subscribe', { name: 'Dan', email: 'dan@example.test' });
			const mail = await eventually(async () => (await mailsTo('dan@example.test'))[0], 'the mail');
			// The text part has the link as it is, without HTML's entities.
			const link = /http\S+confirm\?token=\w+/.exec(mail.text ?? '')?.[0] ?? '';
			expect(link).toContain(demo.n8n.url);
			const page = await (await fetch(link)).text();
			expect(page).toContain('Thank you, Dan');
			const wrong = await (await fetch(`${demo.n8n.url}/webhook/confirm?token=guess`)).text();
			expect(wrong).not.toContain('Thank you');
			await demo.n8n.api.deactivate(id);
		},
		'bounce-digest': async () => {
			await run(demo.workflows['Send the newsletter'] ?? '', 'Press Execute');
			const id = await imported('bounce-digest', {
				'Bounce Trigger': { startWith: 'all' },
				'Post to the channel': { url: `${webUrl}/hook` },
			});
			await run(id, 'Set up once');
			await demo.n8n.api.activate(id);
			await eventually(
				async () => ((await demo.n8n.api.executions(id)).length > 1 ? true : undefined),
				'a bounce',
			);
			await run(id, 'Each morning');
			const { text } = JSON.parse(posted.at(-1) ?? '{}') as { text: string };
			expect(text).toContain('mails came back since yesterday');
			expect(text).toContain('gone@example.test');
			await demo.n8n.api.deactivate(id);
		},
		'birthday-mails': async () => {
			// The day of n8n's own time zone, which is this one unless GENERIC_TIMEZONE says otherwise.
			const zone = { timeZone: 'America/New_York' };
			const today = `1990${new Date().toLocaleDateString('sv-SE', zone).slice('2026'.length)}`;
			const id = await imported('birthday-mails', {
				'Some rows to try': rows([
					{ email: 'bea@example.test', name: 'Bea', born: today },
					{ email: 'noa@example.test', name: 'Noa', born: today.replace(/\d\d$/, '00') },
				]),
			});
			await run(id, 'Set up once');
			const first = await run(id, 'Each morning');
			const second = await run(id, 'Each morning');
			const counts = [first, second].map((each) =>
				each.outputs('SMTP Bulk Send').map((items) => items.length),
			);
			expect(counts).toEqual([
				[1, 0, 0, 0],
				[0, 0, 0, 1],
			]);
			expect((await mailsTo('bea@example.test')).map(({ subject }) => subject)).toEqual([
				'Happy birthday, Bea',
			]);
			expect(await mailsTo('noa@example.test')).toEqual([]);
		},
		'retry-deferred': async () => {
			const id = await imported('retry-deferred', {
				'Some people': rows([
					{ email: 'later@example.test', name: 'Later' },
					{ email: 'rita@example.test', name: 'Rita' },
				]),
				'SMTP Bulk Send': { options: { patience: 0 } },
				// The server names no time, so it would be minutes; here it is now.
				'Until the next try': { resume: 'timeInterval', amount: 3, unit: 'seconds' },
			});
			await run(id, 'Press Execute');
			const mails = await mailsTo('later@example.test', 'rita@example.test');
			expect(mails.map(({ to }) => to).sort()).toEqual(['later@example.test', 'rita@example.test']);
		},
		'moving-from-send-email': async () => {
			const id = await imported('moving-from-send-email', {
				'SMTP Send': { toEmail: 'amy@example.test' },
			});
			await run(id, 'Press Execute');
			const [mail] = await mailsTo('amy@example.test');
			expect(mail?.subject).toBe('Your order A-7');
			expect(mail?.html).toContain('Hello Ada, your order A-7');
			expect(mail?.replyTo?.text).toBe('help@example.com');
		},
		'daily-report': async () => {
			await run(demo.workflows['Send the newsletter'] ?? '', 'Press Execute');
			const id = await imported('daily-report', {
				'Campaign Report': { campaignId: DEMO_CAMPAIGN },
				'SMTP Send': { toEmail: 'boss@example.test' },
			});
			await run(id, 'Each morning');
			const [mail] = await mailsTo('boss@example.test');
			expect(mail?.subject).toMatch(/: 40 sent, 0 opened at least, \d bounced$/);
			expect(mail?.html).toContain('What became of the mails');
			expect(mail?.text).toContain('40');
		},
		'campaign-page': async () => {
			await run(demo.workflows['Send the newsletter'] ?? '', 'Press Execute');
			const login = { user: 'reader', password: 'Page-password-1' };
			await demo.n8n.api.putCredential('Page', 'httpBasicAuth', login);
			const id = await imported('campaign-page');
			await demo.n8n.api.activate(id);
			const open = async (headers: Record<string, string>) =>
				await eventually(
					async () => {
						const at = `${demo.n8n.url}/webhook/campaign?campaign=${DEMO_CAMPAIGN}`;
						const answer = await fetch(at, { headers });
						return answer.status === 404 ? undefined : answer;
					},
					'the page',
					10_000,
				);
			expect((await open({})).status).toBe(401);
			const key = Buffer.from(`${login.user}:${login.password}`).toString('base64');
			const page = await open({ authorization: `Basic ${key}` });
			expect(page.status).toBe(200);
			expect(page.headers.get('content-type')).toContain('text/html');
			expect(Number(page.headers.get('refresh'))).toBeGreaterThan(0);
			expect(await page.text()).toContain('<strong>40</strong> <span>of 40 recipients</span>');
			await demo.n8n.api.deactivate(id);
		},
		'ai-agent': async () => {
			const model = await startChatModel({
				To_Email: 'agent@example.test',
				Subject: 'The meeting moved',
				Text: 'It is at 3 pm.',
			});
			try {
				await demo.n8n.api.putCredential('Model', 'openAiApi', { apiKey: 'none', url: model.url });
				const id = await imported('ai-agent', { Chat: { public: true } });
				await demo.n8n.api.activate(id);
				const answer = await post('6f0b4f5e-0a9b-4d0e-9f52-000000000009/chat', {
					action: 'sendMessage',
					sessionId: '1',
					chatInput: 'Tell agent@example.test that the meeting moved to 3 pm.',
				});
				expect(answer).toContain('The tool said');
				const [mail] = await mailsTo('agent@example.test');
				expect([mail?.subject, mail?.text?.trim()]).toEqual([
					'The meeting moved',
					'It is at 3 pm.',
				]);
				// What the model was offered: a tool with a description and the three fields.
				const [tool] = model.requests[0]?.tools ?? [];
				expect(tool?.function.description).toMatch(/email/i);
				expect(Object.keys(tool?.function.parameters.properties ?? {}).sort()).toEqual([
					'Subject',
					'Text',
					'To_Email',
				]);
				await demo.n8n.api.deactivate(id);
			} finally {
				await model.stop();
			}
		},
	};

	it.each(exampleNames())(
		'%s',
		async (name) => {
			const scenario = scenarios[name];
			if (!scenario) throw new Error(`Nobody runs examples/${name}.json: write its scenario here.`);
			await scenario();
		},
		90_000,
	);

	it('each has a line in the list of examples', () => {
		const listed = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
		for (const name of exampleNames()) expect(listed).toContain(`(${name}.json)`);
	});
});
