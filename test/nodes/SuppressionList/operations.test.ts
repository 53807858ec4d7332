import type { IDataObject } from 'n8n-workflow';

import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { add } from '../../../nodes/SuppressionList/operations/add.operation';
import { check } from '../../../nodes/SuppressionList/operations/check.operation';
import { exportFile } from '../../../nodes/SuppressionList/operations/export.operation';
import { getMany } from '../../../nodes/SuppressionList/operations/get-many.operation';
import { get } from '../../../nodes/SuppressionList/operations/get.operation';
import { importItems } from '../../../nodes/SuppressionList/operations/import.operation';
import type { Operation } from '../../../nodes/SuppressionList/operations/operation';
import { remove } from '../../../nodes/SuppressionList/operations/remove.operation';
import { executeContext } from '../execute-context';

let store: MailStore;
beforeEach(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'test' });
});
afterEach(() => store.close());

const EMAIL = '={{ $json.email }}';
const people = (...emails: string[]) => emails.map((email) => ({ email }));

async function run(
	operation: Operation,
	items: IDataObject[],
	parameters: IDataObject = {},
	more: { continueOnFail?: boolean } = {},
) {
	const context = executeContext(items, { email: EMAIL, ...parameters }, more);
	const outputs = await operation.execute(context, store.suppressions);
	return { context, outputs, json: outputs.map((each) => each.map(({ json }) => json)) };
}

describe('Check', () => {
	it('splits the items, and adds to the suppressed why', async () => {
		await run(add, people('Ada@x.test'), { reason: 'complained', options: { note: 'abuse desk' } });
		const { outputs, json } = await run(check, [
			{ email: 'ada@X.test', name: 'Ada' },
			{ email: 'bob@x.test', name: 'Bob' },
		]);
		expect(json[0]).toMatchObject([
			{
				name: 'Ada',
				suppression: { email: 'Ada@x.test', reason: 'complained', note: 'abuse desk' },
			},
		]);
		expect(json[1]).toEqual([{ email: 'bob@x.test', name: 'Bob' }]);
		expect(outputs.map((items) => items.map(({ pairedItem }) => pairedItem))).toEqual([
			[{ item: 0 }],
			[{ item: 1 }],
		]);
	});

	it('counts what is no address as one that must not be mailed', async () => {
		const { json } = await run(check, [...people('no address'), {}]);
		expect(json).toMatchObject([
			[
				{ suppression: { reason: 'invalidAddress' } },
				{ suppression: { reason: 'invalidAddress' } },
			],
			[],
		]);
	});

	it('keeps lists apart', async () => {
		await run(add, people('ada@x.test'), { list: 'news' });
		const free = async (list: string) =>
			(await run(check, people('ada@x.test'), { list })).json[1]?.length;
		expect([await free('news'), await free('offers'), await free('')]).toEqual([0, 1, 1]);
	});

	it('leaves the expression that only names a field to nobody, and others to n8n', async () => {
		await run(add, people('ada@x.test'));
		for (const email of [EMAIL, '={{ $json["email"] }}', "={{$json['email']}}"]) {
			const { context, json } = await run(check, people('ada@x.test'), { email });
			expect([context.evaluated, json[0]?.length]).toEqual([0, 1]);
		}
		const { context, json } = await run(check, people('ada@x.test', 'b@x.test'), {
			email: '={{ $json.email.toUpperCase() }}',
		});
		expect([context.evaluated, json[0]?.length]).toEqual([2, 1]);
	});

	it('reads no field that an object has by its nature', async () => {
		const { json } = await run(check, [{}], { email: '={{ $json.constructor.name }}' });
		expect(json[0]).toMatchObject([{ suppression: { email: '' } }]);
	});
});

describe('Add and Remove', () => {
	it('tell what stands on the list now, and whether it is new', async () => {
		await run(add, people('ada@x.test'), { reason: 'complained' });
		const { json } = await run(add, people('ada@x.test', 'bob@x.test'), {
			options: { expiresAfter: 2 },
		});
		expect(json[0]).toMatchObject([
			{ email: 'ada@x.test', reason: 'complained', added: false },
			{ email: 'bob@x.test', reason: 'manual', added: true },
		]);
		expect(json[0]?.[0]).not.toHaveProperty('until');
		const until = Date.parse(json[0]?.[1]?.until as string);
		expect(until - Date.now()).toBeGreaterThan(1.99 * 86_400_000);
	});

	it('stop at what is no address before anything is done', async () => {
		await expect(run(add, people('ada@x.test', 'no address'))).rejects.toThrow(
			'"no address" is not an email address',
		);
		expect(await store.suppressions.count()).toBe(0);
	});

	it('with On Error set to continue, fail that item alone, in its place', async () => {
		const { outputs } = await run(
			add,
			people('no address', 'ada@x.test'),
			{},
			{ continueOnFail: true },
		);
		expect(outputs[0]?.map(({ error }) => error !== undefined)).toEqual([true, false]);
		expect(await store.suppressions.count()).toBe(1);
	});

	it('remove from the named list, or from all', async () => {
		for (const list of ['', 'news', 'offers']) await run(add, people('ada@x.test'), { list });
		const removed = async (parameters: IDataObject) =>
			(await run(remove, people('ada@x.test', 'bob@x.test'), parameters)).json[0]?.map(
				(each) => each.removed,
			);
		expect(await removed({ list: 'news' })).toEqual([1, 0]);
		expect(await removed({ everywhere: true })).toEqual([2, 0]);
		expect(await store.suppressions.count()).toBe(0);
	});
});

describe('Get and Get Many', () => {
	it('tell of one address everything', async () => {
		await run(add, people('ada@x.test'), { list: 'news', reason: 'unsubscribed' });
		const { json } = await run(get, people('ada@x.test', 'bob@x.test'));
		expect(json[0]).toMatchObject([
			{ email: 'ada@x.test', suppressed: false, lists: ['news'], entries: [{ list: 'news' }] },
			{ email: 'bob@x.test', suppressed: false, lists: [], entries: [] },
		]);
	});

	it('list by list and by reason, up to the limit', async () => {
		await run(add, people('a@x.test', 'b@x.test'), { list: 'news' });
		await run(add, people('c@x.test'), { reason: 'complained' });
		const emails = async (parameters: IDataObject) =>
			(await run(getMany, [{}], parameters)).json[0]?.map(({ email }) => email);
		expect(await emails({ returnAll: true })).toHaveLength(3);
		expect(await emails({ limit: 1 })).toHaveLength(1);
		expect(await emails({ returnAll: true, filters: { list: '' } })).toEqual(['c@x.test']);
		expect(await emails({ returnAll: true, filters: { reason: 'manual' } })).toHaveLength(2);
	});
});

describe('Export and Import', () => {
	it('give the same list in another place, notes that look like formulas among it', async () => {
		const note = '=HYPERLINK("http://evil.test","x"),\r\nnext';
		await store.suppressions.add([
			{
				key: 'a@x.test',
				address: 'A@x.test',
				reason: 'hardBounce',
				detail: note,
				campaignId: '@spring',
				expiresAt: Date.now() + 86_400_000,
			},
			{ key: 'b@x.test', address: 'b@x.test', list: 'news', reason: 'unsubscribed' },
			{ key: '+c@x.test', address: '+c@x.test', reason: 'manual' },
		]);
		const before = await store.suppressions.list({ limit: 9 });
		const { context, json } = await run(exportFile, [{}]);
		expect(json[0]).toEqual([{ entries: 3, fileName: 'suppression-list.csv' }]);
		const rows = readCsv(context.files[0]!.toString());
		expect(
			rows.flatMap((row) => Object.values(row)).filter((cell) => /^[=+\-@]/.test(cell)),
		).toEqual([]);

		const first = store;
		store = await openStore({ path: ':memory:', masterKey: 'test' });
		const imported = await run(importItems, rows);
		expect(imported.json[0]).toMatchObject([{ read: 3, added: 3, known: 0, invalid: 0 }]);
		const same = (entries: typeof before) =>
			entries.map((entry) => ({ ...entry, createdAt: 0 })).sort((a, b) => (a.key < b.key ? -1 : 1));
		expect(same(await store.suppressions.list({ limit: 9 }))).toEqual(same(before));
		await first.close();
	});

	it('take in a bare list of addresses, and name what is none', async () => {
		const { json } = await run(importItems, people('a@x.test', 'nobody', 'A@x.test'), {
			importReason: 'unsubscribed',
			importList: 'news',
		});
		expect(json[0]).toMatchObject([
			{ read: 3, added: 1, known: 1, invalid: 1, problems: [{ item: 1, email: 'nobody' }] },
		]);
		expect(await store.suppressions.list({ limit: 9 })).toMatchObject([
			{ list: 'news', reason: 'unsubscribed' },
		]);
	});

	it('export by list and by reason', async () => {
		await run(add, people('a@x.test'), { list: 'news' });
		await run(add, people('b@x.test'));
		const { context } = await run(exportFile, [{}], { filters: { list: 'news' } });
		expect(readCsv(context.files[0]!.toString()).map(({ email }) => email)).toEqual(['a@x.test']);
	});
});

/** RFC 4180, as a spreadsheet reads it. */
function readCsv(text: string): Record<string, string>[] {
	const [header = [], ...rows] = [
		...text.matchAll(/((?:(?:"(?:[^"]|"")*"|[^",\r\n]*),)*(?:"(?:[^"]|"")*"|[^",\r\n]*))\r\n/g),
	].map(([, line = '']) =>
		[...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
			([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
		),
	);
	return rows.map((row) =>
		Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])),
	);
}
