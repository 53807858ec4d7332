import { recipientKey } from '../../../mail/model/address';
import type { MailStore } from '../../../mail/store/store';
import { campaignRun, memoryStore, outcomes, people, person } from './campaign';
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
