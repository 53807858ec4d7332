import { recipientKey } from '../../../mail/model/address';
import type { MailStore } from '../../../mail/store/store';
import { campaignRun, containing, memoryStore, outcomes, people, person } from './campaign';
import { scriptedPool } from '../../support/scripted-pool';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});
afterEach(() => store.close());

const suppress = (address: string, expiresAt?: number) =>
	store.suppressions.add([
		{
			key: recipientKey(address),
			address,
			reason: 'hardBounce',
			...(expiresAt ? { expiresAt } : {}),
		},
	]);

it('whoever is suppressed is skipped with the reason, and not mailed', async () => {
	const pool = scriptedPool();
	await suppress('R1@Example.com');
	const all = await outcomes(campaignRun({ store, pool, recipients: people(3) }));
	expect(all.map(({ outcome }) => outcome)).toEqual(['sent', 'skipped', 'sent']);
	expect(all[1]).toMatchObject({ skipReason: 'suppressed', recipient: 'r1@example.com' });
	expect(pool.taken.toSorted()).toEqual(['r0@example.com', 'r2@example.com']);
});

it('a suppression that has expired holds nobody back', async () => {
	await suppress('r0@example.com', Date.now() - 1);
	const [outcome] = await outcomes(campaignRun({ store, recipients: [person(0)] }));
	expect(outcome?.outcome).toBe('sent');
});

it('whoever left one list is skipped there, and mailed in another', async () => {
	await store.suppressions.add([
		{ key: 'r0@example.com', list: 'news', address: 'r0@example.com', reason: 'unsubscribed' },
	]);
	const mailed = async (id: string, list?: string) =>
		await outcomes(campaignRun({ store, recipients: [person(0)], campaign: { id }, list }));
	expect(await mailed('one', 'news')).toMatchObject([
		{ skipReason: 'suppressed', reason: containing('suppression list of "news"') },
	]);
	expect(await mailed('two', 'offers')).toMatchObject([{ outcome: 'sent' }]);
	expect(await mailed('three')).toMatchObject([{ outcome: 'sent' }]);
});

it('whoever leaves the list between intake and claim is not mailed', async () => {
	const { ledger } = store;
	const leaving = {
		...store,
		ledger: {
			...ledger,
			claim: async (...given: Parameters<typeof ledger.claim>) => {
				await store.suppressions.add([
					{
						key: 'r0@example.com',
						list: 'news',
						address: 'r0@example.com',
						reason: 'unsubscribed',
					},
				]);
				return await ledger.claim(...given);
			},
		},
	};
	const run = campaignRun({ store: leaving, recipients: [person(0)], list: 'news' });
	expect(await outcomes(run)).toMatchObject([{ skipReason: 'suppressed' }]);
});
