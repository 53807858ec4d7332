import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const ON_ERROR = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;
type OnError = (typeof ON_ERROR)[number];

let n8n: TestN8n;
let server: ScriptedServer;
/** How often the recipient whose address says so was refused. */
let refusedTwice = 0;
const credentials: Record<string, { id: string; name: string }> = {};

beforeAll(async () => {
	server = await scriptedServer({
		answers: {
			RCPT: (line) => {
				if (line.includes('twice') && ++refusedTwice <= 2) return '550 5.7.1 Not yet';
				return line.includes('refused') ? '550 5.1.1 No such user' : '250 Ok';
			},
			AUTH: (line) =>
				line.includes(Buffer.from('\0u\0good').toString('base64')) ? '235 Ok' : '535 5.7.8 No',
		},
	});
	n8n = await startTestN8n();
	for (const [name, password] of [
		['Good', 'good'],
		['Bad', 'wrong-password'],
	] as const) {
		const account = {
			service: 'own',
			host: '127.0.0.1',
			port: server.port,
			security: 'none',
			authentication: 'password',
			user: 'u',
			password,
		};
		credentials[name] = {
			name,
			id: await n8n.server.api.putCredential(`${name} account`, 'smtpAccount', account),
		};
	}
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await server.close();
}, 60_000);

async function run(
	node: string,
	type: string,
	items: object[],
	parameters: object,
	more: { onError?: OnError; account?: string; settings?: object } = {},
) {
	const { api } = n8n.server;
	const { id } = await api.createWorkflow(
		chain('Trouble', [
			PRESS,
			...itemsOf(items),
			{
				name: node,
				type: `n8n-nodes-smtp-suite.${type}`,
				parameters,
				onError: more.onError ?? 'stopWorkflow',
				...more.settings,
				credentials: { smtpAccount: credentials[more.account ?? 'Good'] },
			},
		]),
	);
	const before = server.accepted.length;
	const execution = await api.finished(await api.execute(id as string, 'Press'));
	return {
		...execution,
		outputs: execution.outputs(node),
		mails: server.accepted.length - before,
		again: async () => await api.finished(await api.execute(id as string, 'Press')),
	};
}

const send = {
	fromEmail: 'a@example.test',
	toEmail: '={{ $json.to }}',
	subject: 's',
	emailFormat: 'text',
	text: 't',
};
const mixed = [
	{ to: 'one@x.test' },
	{ to: 'no address' },
	{ to: 'refused@x.test' },
	{ to: 'two@x.test' },
];

describe('SMTP Send with items that fail', () => {
	it('stops, and says how many went before', async () => {
		const { error, status } = await run('Send', 'smtpSend', mixed, send);
		expect(status).toBe('error');
		expect(error.message).toContain('"no address" is not an email address');
		expect(error.description).toMatch(/sent before/);
	});

	it('goes on, each failed item with its error in its place', async () => {
		const { outputs, mails } = await run('Send', 'smtpSend', mixed, send, {
			onError: 'continueRegularOutput',
		});
		expect(mails).toBe(2);
		expect(outputs[0]?.map(({ json }) => Boolean(json.error))).toEqual([false, true, true, false]);
		expect(outputs[0]?.map(({ pairedItem }) => pairedItem.item)).toEqual([0, 1, 2, 3]);
	});

	it('leads failed items to the error output', async () => {
		const { outputs, mails } = await run('Send', 'smtpSend', mixed, send, {
			onError: 'continueErrorOutput',
		});
		expect(mails).toBe(2);
		expect(outputs.map((items) => items.length)).toEqual([2, 2]);
	});

	it.each(ON_ERROR.flatMap((onError) => [0, 1, 2].map((place) => [onError, place] as const)))(
		'%s: one that fails at place %i of three',
		async (onError, place) => {
			const items = ['a', 'b', 'c'].map((name, index) => ({
				to: index === place ? 'refused@x.test' : `${name}@x.test`,
			}));
			const { outputs, mails, status, error } = await run('Send', 'smtpSend', items, send, {
				onError,
			});
			const indexes = (output = 0) =>
				outputs[output]?.map(({ pairedItem }) => pairedItem.item as number);
			const others = [0, 1, 2].filter((index) => index !== place);
			expect(mails).toBe(2);
			if (onError === 'stopWorkflow') {
				expect(status).toBe('error');
				expect(error.message).toContain('refused@x.test');
				// Those that were on their way with it are out, and are counted.
				expect(error.description).toContain('2 mails of this run were sent before');
				return;
			}
			expect(status).toBe('success');
			const isSplit = onError === 'continueErrorOutput';
			expect(indexes()).toEqual(isSplit ? others : [0, 1, 2]);
			if (isSplit) expect(indexes(1)).toEqual([place]);
			const failed = isSplit ? outputs[1]?.[0] : outputs[0]?.[place];
			expect(failed?.json.error).toContain('refused@x.test');
		},
	);

	it('with Retry On Fail mails each of six once, where the fourth fails twice', async () => {
		const six = ['a', 'b', 'c', 'twice', 'e', 'f'].map((name) => ({ to: `${name}@x.test` }));
		const { outputs, mails } = await run('Send', 'smtpSend', six, send, {
			settings: { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 },
		});
		expect(mails).toBe(6);
		const to = server.accepted.slice(-6).map((mail) => /^To: (.*)\r$/m.exec(mail)?.[1]);
		expect(to.sort()).toEqual(six.map((item) => item.to).sort());
		expect(outputs[0]).toHaveLength(6);
	});

	it('sends again when a person executes the workflow again', async () => {
		const first = await run('Send', 'smtpSend', [{ to: 'again@x.test' }], send);
		const before = server.accepted.length;
		await first.again();
		expect(server.accepted.length - before).toBe(1);
	});

	it('fails an item whose attachment is missing, with its name', async () => {
		const { error, mails } = await run('Send', 'smtpSend', [{ to: 'a@x.test' }], {
			...send,
			attachments: 'invoice',
		});
		expect(error.message).toContain('The attachment "invoice" is missing');
		expect(mails).toBe(0);
	});
});

const bulk = (campaignId: string, more: object = {}) => ({
	campaignId,
	fromEmail: 'a@example.test',
	subject: 'Hi {{name}}',
	emailFormat: 'text',
	text: 't',
	...more,
});
const people = [
	{ email: 'one@x.test', name: 'One' },
	{ email: 'no address', name: 'Two' },
	{ email: 'three@x.test' },
	{ email: 'refused@x.test', name: 'Four' },
	{ email: 'ONE@x.test', name: 'Again' },
	{ email: 'five@x.test', name: 'Five' },
];

describe('SMTP Bulk Send with recipients that fail', () => {
	it.each(ON_ERROR)(
		'gives each an output and a reason, whatever On Error says (%s)',
		async (onError) => {
			// A refused address is suppressed, so each setting gets one of its own.
			const list = people.map((person) => ({
				...person,
				email: person.email.replace('refused', `refused-${onError}`),
			}));
			const { outputs, mails, status } = await run(
				'Bulk',
				'smtpBulkSend',
				list,
				bulk(`mixed-${onError}`),
				{ onError },
			);
			expect(status).toBe('success');
			expect(mails).toBe(2);
			const [sent = [], deferred = [], failed = [], skipped = []] = outputs;
			expect(sent.map(({ json }) => json.email)).toEqual(['one@x.test', 'five@x.test']);
			expect(deferred).toEqual([]);
			expect(failed.map(({ json }) => json.delivery.reason)).toEqual([
				expect.stringContaining('"name" is missing'),
				expect.any(String),
			]);
			expect(failed.map(({ pairedItem }) => pairedItem.item)).toEqual([2, 3]);
			const reasons = skipped.map(({ json }) => json.delivery.skipReason);
			expect(reasons).toEqual(['invalidAddress', 'duplicate']);
		},
	);

	it('mails a recipient whose missing field was filled in, in the next run', async () => {
		const first = await run('Bulk', 'smtpBulkSend', [{ email: 'later@x.test' }], bulk('mended'));
		expect(first.outputs[2]).toHaveLength(1);
		const second = await run(
			'Bulk',
			'smtpBulkSend',
			[{ email: 'later@x.test', name: 'L' }],
			bulk('mended'),
		);
		expect(second.outputs[0]).toHaveLength(1);
	});

	it('stops with line and column at a template that does not compile, and mails nobody', async () => {
		const { error, mails } = await run(
			'Bulk',
			'smtpBulkSend',
			people,
			bulk('broken', { subject: 'Hi {{#if name}}' }),
		);
		expect(error.message).toMatch(/Subject is no valid template \(line 1, column \d+\)/);
		expect(mails).toBe(0);
	});

	it('stops at a refused sign-in without showing the password, and keeps everybody for later', async () => {
		const wrong = await run('Bulk', 'smtpBulkSend', [people[0]!, people[5]!], bulk('account'), {
			account: 'Bad',
		});
		expect(wrong.error.message).toContain('wrong user or password');
		expect(wrong.error.description).toContain('2 recipients are waiting');
		expect(JSON.stringify(wrong.data)).not.toContain('wrong-password');
		const right = await run('Bulk', 'smtpBulkSend', [people[0]!, people[5]!], bulk('account'));
		expect(right.outputs[0]).toHaveLength(2);
		const again = await right.again();
		expect(again.outputs('Bulk')[3]).toHaveLength(2);
	});
});
