import PostalMime from 'postal-mime';
import { compileMessage } from '../../../mail/message/compile';
import type { CampaignTemplate, CompiledMessage } from '../../../mail/message/compile';
import type { CampaignRecipient } from '../../../mail/campaign/run';
import type { MailStore } from '../../../mail/store/store';
import { scriptedPool } from '../../support/scripted-pool';
import { campaignRun, containing, memoryStore, outcomes } from './campaign';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(() => store.close());

function compile(more: Partial<CampaignTemplate> = {}): CompiledMessage {
	const compiled = compileMessage(
		{
			from: { name: 'Shop', address: 'shop@example.com' },
			subject: 'Hello {{name}}',
			text: 'Dear {{name}}, welcome.',
			html: '<p title="{{name}}">Dear {{name}}</p>',
			...more,
		},
		{ missing: 'error' },
	);
	if (!compiled.ok) throw new Error('The template of the tests does not compile.');
	return compiled.message;
}

const before: CampaignRecipient = { index: 0, address: 'before@x.example', data: { name: 'Ada' } };
const after: CampaignRecipient = { index: 2, address: 'after@x.example', data: { name: 'Bob' } };
/** The enemy is in the middle of the list. */
const enemy = (more: Partial<CampaignRecipient>): CampaignRecipient => ({
	index: 1,
	address: 'enemy@x.example',
	data: { name: 'Eve' },
	...more,
});

/** Mails the three; the two others are to be mailed whatever the enemy does. */
async function mail(recipient: CampaignRecipient, message = compile()) {
	const pool = scriptedPool();
	const all = await outcomes(
		campaignRun({ store, pool, message, recipients: [before, recipient, after] }),
	);
	expect(all).toMatchObject([{ outcome: 'sent' }, {}, { outcome: 'sent' }]);
	const raw = pool.mails.get('enemy@x.example');
	return {
		outcome: all[1],
		read: raw === undefined ? undefined : await PostalMime.parse(raw),
		raw,
	};
}

describe('a recipient’s data', () => {
	it.each(['\r\n', '\n', '\r', '\u2028', '\u0085', '\0'])(
		'with the line break %j adds no header and no body of its own',
		async (end) => {
			const name = `Eve${end}Bcc: victim@x.example${end}${end}Buy now`;
			const { outcome, read, raw } = await mail(
				enemy({ name, data: { name }, headers: [{ name: 'X-Customer', value: name }] }),
			);
			if (outcome?.outcome === 'failed') {
				expect(outcome).toMatchObject({ blame: 'content', attempts: 0 });
				return;
			}
			expect(outcome).toMatchObject({ outcome: 'sent' });
			expect(read?.bcc).toBeUndefined();
			expect(read?.to).toMatchObject([{ address: 'enemy@x.example' }]);
			expect(raw?.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/im);
			expect(read?.headers.map(({ key }) => key)).not.toContain('bcc');
		},
	);

	it('with template syntax is text, also where it is well-formed', async () => {
		for (const name of [
			'{{email}}',
			'{{#each a}}',
			'{{{name}}}',
			'{{> partial}}',
			'\u{e000}1\u{e001}',
		]) {
			const { outcome, read } = await mail(enemy({ address: `enemy@x.example`, data: { name } }));
			expect(outcome).toMatchObject({ outcome: 'sent' });
			expect(read?.text?.trim()).toBe(`Dear ${name}, welcome.`);
			await store.close();
			store = await memoryStore();
		}
	});

	it('with HTML is text in the HTML, and cannot leave an attribute', async () => {
		const name = '"><script>alert(1)</script><img src=x onerror="y">';
		const { outcome, read } = await mail(enemy({ data: { name } }));
		expect(outcome).toMatchObject({ outcome: 'sent' });
		expect(read?.html).not.toMatch(/<script|<img/i);
		expect(read?.html).toContain('&lt;script&gt;');
		expect(read?.html).not.toContain('""');
		expect(read?.text?.trim()).toBe(`Dear ${name}, welcome.`);
	});

	it('with keys of a prototype changes nobody else’s mail, and no object', async () => {
		const data: unknown = JSON.parse(
			'{"__proto__": {"name": "polluted", "polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
		);
		const { outcome } = await mail(enemy({ data }));
		expect(outcome).toMatchObject({
			outcome: 'failed',
			blame: 'content',
			reason: containing('name'),
		});
		expect(({} as Record<string, unknown>).polluted).toBeUndefined();
	});

	it('with a million characters in a field is mailed whole', async () => {
		const name = 'x'.repeat(1_000_000);
		const message = compile({ subject: 'Hello' });
		const { outcome, read } = await mail(enemy({ data: { name } }), message);
		expect(outcome).toMatchObject({ outcome: 'sent' });
		expect(read?.text).toContain(name);
	});

	it('with a million characters for the subject fails that recipient by name', async () => {
		const { outcome } = await mail(enemy({ data: { name: 'é'.repeat(1_000_000) } }));
		expect(outcome).toMatchObject({
			outcome: 'failed',
			blame: 'content',
			reason: containing('Subject'),
		});
	});

	it.each<[string, unknown]>([
		['null', null],
		['a text', 'name'],
		['a list', ['name']],
		['a number', 7],
		['a field that is null', { name: null }],
		['a date that is none', { name: new Date(NaN) }],
		['a function', { name: () => 'x' }],
		['a BigInt', { name: 1n }],
		[
			'something that throws when it is read',
			{
				get name() {
					throw new Error('boom');
				},
			},
		],
		[
			'something that throws when it is written',
			{
				toJSON() {
					throw new Error('boom');
				},
			},
		],
	])('that is %s fails that recipient alone', async (_, data) => {
		const { outcome } = await mail(enemy({ data }));
		expect(outcome).toMatchObject({ outcome: 'failed', blame: 'content', attempts: 0 });
	});
});

describe('an address', () => {
	it.each(
		[
			'a@x.example\r\nRCPT TO:<victim@x.example>',
			'a@x.example>, <victim@x.example',
			'a@x.example, victim@x.example',
			'@',
			`${'a'.repeat(1_000_000)}@x.example`,
			'',
		].map((address) => [address.slice(0, 40), address]),
	)('%j is left out as invalid', async (_, address) => {
		const { outcome } = await mail(enemy({ address }));
		expect(outcome).toMatchObject({ outcome: 'skipped', skipReason: 'invalidAddress' });
	});
});

describe('a header of a recipient’s own', () => {
	it.each(['Bcc', 'From', 'X Y', 'X:Y', 'X\r\nBcc', '', '__proto__\r\n'])(
		'named %j fails that recipient, or adds nothing',
		async (name) => {
			const { outcome, raw } = await mail(
				enemy({ headers: [{ name, value: 'victim@x.example' }] }),
			);
			if (outcome?.outcome === 'failed') expect(outcome.blame).toBe('content');
			else expect(raw).not.toContain('victim@x.example');
		},
	);
});

describe('a template that blows up with one recipient’s data', () => {
	it.each<[string, string, Record<string, unknown>, string]>([
		[
			'rounds within rounds',
			'{{#each list}}{{#each ../list}}{{#each ../../list}}x{{/each}}{{/each}}{{/each}}',
			{ list: Array(1_500).fill(1) },
			'too often',
		],
		[
			'a text that is repeated until it is too large',
			'{{#each list}}{{../long}}{{/each}}',
			{ list: Array(2_000).fill(1), long: 'x'.repeat(100_000) },
			'too much text',
		],
		['a field that is missing', '{{a.b.c}}', { a: {} }, 'c'],
	])('by %s: that recipient fails with a reason', async (_, text, data, words) => {
		const calm = { list: [], long: '', a: { b: { c: 'x' } } };
		const message = compile({ subject: 'Hello', text, html: undefined });
		const pool = scriptedPool();
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				message,
				recipients: [{ ...before, data: calm }, enemy({ data }), { ...after, data: calm }],
			}),
		);
		expect(all).toMatchObject([
			{ outcome: 'sent' },
			{ outcome: 'failed', blame: 'content', attempts: 0, reason: containing(words) },
			{ outcome: 'sent' },
		]);
	});
});
