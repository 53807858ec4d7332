import type { IDataObject, INodePropertyCollection } from 'n8n-workflow';

import { campaignHeaderOptions } from '../../../nodes/SmtpBulkSend/properties/headers';
import { readPacing } from '../../../nodes/SmtpBulkSend/properties/pacing';
import { readRecipients } from '../../../nodes/SmtpBulkSend/properties/recipients';
import { executeContext } from '../execute-context';

function pacing(parameters: IDataObject) {
	const context = executeContext([{}], parameters);
	return readPacing(Object.assign(context, { getTimezone: () => 'Europe/Berlin' }));
}

describe('the pace of the form', () => {
	it('becomes a plan', () => {
		expect(
			pacing({
				pace: 'own',
				limits: {
					limit: [
						{ count: 10, per: 'second' },
						{ count: 2_000, per: 'day' },
					],
				},
				providerLimits: { rule: [{ provider: ' Google ', count: 0, per: 'hour', connections: 2 }] },
				options: {
					longestWait: 5,
					warmUp: '50, 100;200',
					quietHours: { hours: { from: '22:30', to: '7:00', timeZone: '' } },
				},
			}),
		).toEqual({
			plan: {
				limits: [
					{ count: 10, perMs: 1_000 },
					{ count: 2_000, perMs: 86_400_000 },
				],
				providers: [{ provider: 'google', limits: [], connections: 2 }],
				quietHours: { from: 22 * 60 + 30, to: 7 * 60, timeZone: 'Europe/Berlin' },
				warmUp: [50, 100, 200],
			},
			longestWaitMs: 300_000,
		});
		expect(pacing({ pace: 'account' }).plan).toEqual({ limits: [], providers: [] });
	});

	it.each<[string, IDataObject]>([
		['Limits', { pace: 'own', limits: { limit: [{ count: 0, per: 'day' }] } }],
		['Limits', { pace: 'own', limits: { limit: [{ count: 'many', per: 'day' }] } }],
		['Limits by Provider', { pace: 'own', providerLimits: { rule: [{ provider: ' ' }] } }],
		['Limits: there is none', { pace: 'own', limits: {}, providerLimits: {} }],
		['Limits: a limit is per', { pace: 'own', limits: { limit: [{ count: 5, per: 'week' }] } }],
		[
			'Limits by Provider',
			{ pace: 'own', providerLimits: { rule: [{ provider: 'google', count: -5 }] } },
		],
		[
			'Limits by Provider',
			{ pace: 'own', providerLimits: { rule: [{ provider: 'google', connections: 'few' }] } },
		],
		[
			'there is no provider "gogle"',
			{ pace: 'own', providerLimits: { rule: [{ provider: 'gogle', count: 5 }] } },
		],
		['Pace', { pace: '__proto__' }],
		['Warm-Up', { options: { warmUp: '50, -1' } }],
		['Quiet Hours', { options: { quietHours: { hours: { from: '22:00', to: '22:00' } } } }],
		['Quiet Hours, From', { options: { quietHours: { hours: { from: '25:00', to: '7:00' } } } }],
		[
			'Quiet Hours',
			{ options: { quietHours: { hours: { from: '1:00', to: '7:00', timeZone: 'Moon' } } } },
		],
	])('says in which field the mistake is: %s', (field, parameters) => {
		expect(() => pacing(parameters)).toThrow(field);
	});
});

describe('the recipients of the form', () => {
	async function read(items: IDataObject[], parameters: IDataObject) {
		const all = [];
		for await (const one of readRecipients(executeContext(items, parameters))) all.push(one);
		return all;
	}

	it('are read by the names of fields, also by a path', async () => {
		const items = [
			{
				'user.mail': 'flat@x.example',
				user: { mail: 'deep@x.example', name: ' Ada ' },
				h: { 'X-A': 1 },
			},
			{ user: { mail: 'deep@x.example' } },
			{},
		];
		expect(
			await read(items, {
				emailField: 'user.mail',
				nameField: 'user.name',
				options: { headersField: 'h' },
			}),
		).toEqual([
			{
				index: 0,
				address: 'flat@x.example',
				name: 'Ada',
				data: items[0],
				headers: [{ name: 'X-A', value: '1' }],
			},
			{ index: 1, address: 'deep@x.example', data: items[1] },
			{ index: 2, address: '', data: items[2] },
		]);
	});

	it('have a language where theirs is one, however it is written', async () => {
		const items = ['pt_br', ' DE ', 'x'.repeat(40), 'so what', 4, undefined].map((l) => ({ l }));
		const all = await read(items, { options: { languageField: 'l' } });
		expect(all.map(({ language }) => language)).toEqual([
			'pt-BR',
			'de',
			undefined,
			undefined,
			undefined,
			undefined,
		]);
	});

	it('have no fields but their own', async () => {
		const [one] = await read([{ email: 'a@x.example' }], {
			emailField: '__proto__.constructor.name',
			nameField: 'constructor.name',
		});
		expect(one).toMatchObject({ address: '' });
		expect(one).not.toHaveProperty('name');
	});
});

it('header fields that are filled in for each recipient keep their {{fields}}', () => {
	const groups = campaignHeaderOptions
		.filter(({ type }) => type === 'fixedCollection')
		.flatMap(({ options = [] }) => options as INodePropertyCollection[]);
	const fields = groups.flatMap(({ values }) => values);
	const kept = fields.filter(({ noDataExpression }) => noDataExpression).map(({ name }) => name);
	expect(kept.toSorted()).toEqual(['mailto', 'url', 'value']);
});
