import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { temporaryFolder } from './temporary-folder';

/*
 * Stores as earlier versions wrote them, with a recipient in each state and something in every table.
 * Each must open, and hold what it held.
 */
const FIXTURES = path.join(__dirname, '../../fixtures/stores');
const LATER = Date.parse('2026-12-01T00:00:00Z');

describe.each(['0.1.0'])('a store that version %s wrote', (version) => {
	const folder = temporaryFolder();
	let store: MailStore;

	beforeAll(async () => {
		const file = path.join(folder(), 'mail.sqlite');
		writeFileSync(file, gunzipSync(readFileSync(path.join(FIXTURES, `${version}.sqlite.gz`))));
		store = await openStore({ path: file, masterKey: 'a key of the test', clock: () => LATER });
	});

	afterAll(async () => {
		await store.close();
	});

	it('keeps every recipient in their state', async () => {
		await store.ledger.expireDispatched('autumn-news');
		const states = ['sent', 'deferred', 'failed', 'unknown', 'queued', 'claimed'];
		const entries = await store.ledger.getMany(
			'autumn-news',
			[...states, 'dispatched'].map((state) => `${state}@example.com`),
		);
		expect(entries.map(({ state }) => state)).toEqual([...states, 'unknown']);
		expect(entries[0]).toMatchObject({
			reply: '250 2.0.0 Ok',
			messageId: '<sent@example.com>',
			feedback: { event: 'softBounce', status: '4.2.2' },
		});
		expect(entries[2]).toMatchObject({ reason: 'The address does not exist.', blame: 'recipient' });
	});

	it('still owes whom it owed, with what is needed to mail them', async () => {
		const claims = await store.ledger.claim('autumn-news', {
			owner: 'run-2',
			limit: 10,
			leaseMs: 60_000,
		});
		expect(claims.map(({ key }) => key).sort()).toEqual([
			'claimed@example.com',
			'deferred@example.com',
			'queued@example.com',
		]);
		expect(JSON.parse(claims[0]?.payload ?? '')).toMatchObject({
			data: { name: claims[0]?.key.split('@')[0] },
		});
	});

	it('finds the recipient of a reference, so bounces of mail sent before still come home', async () => {
		expect(await store.ledger.findByReference('ref-sent')).toMatchObject({
			key: 'sent@example.com',
		});
	});

	it('keeps the suppressed suppressed', async () => {
		const found = await store.suppressions.check([
			'failed@example.com',
			'soon@example.com',
			'new@example.com',
		]);
		expect(found.get('failed@example.com')).toMatchObject({
			reason: 'hardBounce',
			detail: '5.1.1',
		});
		expect([...found.keys()].sort()).toEqual(['failed@example.com', 'soon@example.com']);
	});

	it('keeps its signing key, how far the mailbox was read, and the receipts', async () => {
		const { id, secret } = await store.signingKeys.current();
		expect([id, secret.toString('hex')]).toEqual([
			'h',
			'8adb62643d3acbbd3adc598ee802eb7bc2a3bde8cfc030d6c4a02c6794c60a2f',
		]);
		const mailbox = 'imap://bounces@example.com/INBOX';
		expect(await store.mailboxMarks.get(mailbox)).toMatchObject({ uidValidity: '17', lastUid: 42 });
		expect(await store.mailboxMarks.lookUp(mailbox, ['abc', 'def'])).toEqual(
			new Map([['abc', { batch: '', handedOn: true }]]),
		);
		expect(
			await store.receipts.claim('execution/1/node/0/0', { owner: 'another', leaseMs: 1_000 }),
		).toMatchObject({ answer: 'sent', receipt: '{"outcome":"sent"}' });
	});
});
