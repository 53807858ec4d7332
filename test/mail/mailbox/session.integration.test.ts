import { setTimeout as sleep } from 'node:timers/promises';

import { neededParts } from '../../../mail/bounce/needed-parts';
import { readReportParts } from '../../../mail/bounce/read';
import type { ImapAccount } from '../../../mail/mailbox/account';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import type { FaultProxy } from '../../support/fault-proxy';
import { startFaultProxy } from '../../support/fault-proxy';
import type { Watching } from './watching';
import { daysAgo, eventually, mail, startWatching, stopAllWatches, subjectOf } from './watching';

const missing = canRunDovecot();
if (missing !== undefined) console.warn(`Mailbox tests are skipped: ${missing}`);

jest.setTimeout(20_000);

(missing === undefined ? describe : describe.skip)('watching a mailbox on Dovecot', () => {
	let dovecot: Dovecot;
	let proxy: FaultProxy;
	let account: ImapAccount;
	/** Each test has a user, and so a mailbox, of its own. */
	let user: string;
	let next = 0;

	beforeAll(async () => {
		const users = Array.from({ length: 60 }, (_, index) => `user${index}@example.test`);
		dovecot = await startDovecot({ users });
	});
	afterAll(async () => {
		await dovecot.stop();
	});
	beforeEach(async () => {
		user = `user${next}@example.test`;
		next += 1;
		proxy = await startFaultProxy(dovecot.imapPort);
		account = accountAt(proxy.port);
	});
	afterEach(async () => {
		await stopAllWatches();
		await proxy.close();
	});

	const accountAt = (port: number): ImapAccount => ({
		host: '127.0.0.1',
		port,
		security: 'starttls',
		auth: { user, pass: dovecot.password },
		tls: { ca: dovecot.caPem },
	});
	const deliver = async (...subjects: string[]): Promise<void> => {
		for (const subject of subjects)
			expect(await dovecot.deliver(user, mail(subject))).toMatch(/^250/);
	};
	const flagsOf = async (subject: string): Promise<string> =>
		dovecot.doveadm('fetch', '-u', user, 'flags', 'header', 'subject', subject);
	const countIn = async (folder: string): Promise<number> =>
		Number(
			/messages=(\d+)/.exec(
				await dovecot.doveadm('mailbox', 'status', '-u', user, 'messages', folder),
			)?.[1],
		);

	describe('handing on', () => {
		it('hands each new mail on within a moment, in order, and leaves it as it is', async () => {
			const watching = startWatching(account, { timing: { heartbeatMs: 10_000 } });
			await eventually('idling', () => watching.watch.state === 'idling');
			const start = Date.now();
			await deliver('one');
			await eventually('the first', () => watching.messages.length === 1);
			// Dovecot itself waits half a second for more to tell of.
			expect(Date.now() - start).toBeLessThan(2_000);
			await deliver('two', 'three');
			await eventually('all', () => watching.messages.length === 3);
			expect(watching.subjects()).toEqual(['one', 'two', 'three']);
			expect(watching.messages[0]).toMatchObject({
				uid: 1,
				messageId: expect.stringMatching(/@mx\.example\.test$/) as string,
				digest: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
				truncated: false,
			});
			expect(await flagsOf('one')).not.toContain('Seen');
			expect(watching.changes).toEqual([{ state: 'connected' }]);
		});

		it('from now on: what lies there already is not handed on', async () => {
			await deliver('old');
			const watching = startWatching(account, { startWith: 'new' });
			await eventually('idling', () => watching.watch.state === 'idling');
			await deliver('new');
			await eventually('the new one', () => watching.messages.length === 1);
			expect(watching.subjects()).toEqual(['new']);
		});

		it('unread: what was read already is not handed on, also after a restart in the middle', async () => {
			await deliver('unread 1', 'known 1', 'unread 2', 'known 2', 'unread 3', 'known 3');
			for (const subject of ['known 1', 'known 2', 'known 3'])
				await dovecot.doveadm('flags', 'add', '-u', user, '\\Seen', 'header', 'subject', subject);
			const first = startWatching(account, {
				startWith: 'unread',
				onMessage: async (_message, signal) => {
					if (first.messages.length === 1)
						await new Promise((_, fail) => {
							signal.addEventListener('abort', () => {
								fail(new Error('stopped'));
							});
						});
					return { action: 'leave' };
				},
			});
			await eventually('the first', () => first.messages.length === 1);
			await first.stop();
			const second = startWatching(account, { startWith: 'unread', shelf: first.shelf });
			await eventually('idling', () => second.watch.state === 'idling');
			await deliver('later');
			await eventually('all', () => second.messages.length === 3);
			expect([...first.subjects(), ...second.subjects()]).toEqual([
				'unread 1',
				'unread 2',
				'unread 3',
				'later',
			]);
		});

		it('exactly once each, over stops and starts while mail keeps coming', async () => {
			const shelf = { saves: 0 };
			const subjects: string[] = [];
			const expected: string[] = [];
			for (let round = 0; round < 5; round += 1) {
				const watching = startWatching(account, { shelf });
				for (let index = 0; index < 4; index += 1) {
					expected.push(`${round}.${index}`);
					await deliver(`${round}.${index}`);
				}
				await sleep(round * 15);
				await watching.stop();
				subjects.push(...watching.subjects());
			}
			const last = startWatching(account, { shelf });
			await eventually('the rest', () => subjects.length + last.messages.length >= expected.length);
			await sleep(100);
			expect([...subjects, ...last.subjects()]).toEqual(expected);
		});

		it('a mail that another program moves away and back is not handed on again', async () => {
			await dovecot.doveadm('mailbox', 'create', '-u', user, 'Elsewhere');
			await deliver('wanderer');
			const watching = startWatching(account);
			await eventually('handed on', () => watching.messages.length === 1);
			await dovecot.doveadm('move', '-u', user, 'Elsewhere', 'mailbox', 'INBOX', 'all');
			await dovecot.doveadm('move', '-u', user, 'INBOX', 'mailbox', 'Elsewhere', 'all');
			await deliver('another');
			await eventually('the other', () => watching.subjects().includes('another'));
			expect(watching.subjects()).toEqual(['wanderer', 'another']);
		});

		it('of a mail of 30 MB only the start is fetched', async () => {
			const watching = startWatching(account);
			await eventually('idling', () => watching.watch.state === 'idling');
			const before = proxy.bytesToClient;
			await dovecot.deliver(user, mail('huge', `${'x'.repeat(76)}\r\n`.repeat(400_000)));
			await eventually('handed on', () => watching.messages.length === 1);
			expect(watching.messages[0]).toMatchObject({ truncated: true });
			expect(watching.messages[0]!.size).toBeGreaterThan(30e6);
			expect(watching.messages[0]!.raw).toHaveLength(256 * 1024);
			expect(proxy.bytesToClient - before).toBeLessThan(300_000);
		});

		it('tells apart mails without a Message-ID', async () => {
			const watching = startWatching(account);
			for (const body of ['one', 'two', 'three'])
				await dovecot.deliver(user, `Subject: failure notice\r\n\r\n${body}\r\n`);
			await eventually('all', () => watching.messages.length === 3);
			expect(new Set(watching.messages.map(({ digest }) => digest)).size).toBe(3);
		});
	});

	it('pairs that arrive while others are being handed on and moved: each once, none waits for a next one', async () => {
		const watching = startWatching(account, {
			together: 10,
			verdict: { action: 'move', folder: 'Handled' },
			// Nothing but what the server tells, so a mail whose news is missed is missed.
			timing: { heartbeatMs: 60_000, recheckMs: 60_000, silenceMs: 60_000 },
		});
		await eventually('idling', () => watching.watch.state === 'idling');
		const expected: string[] = [];
		for (let pair = 0; pair < 40; pair += 1) {
			const [one, two] = [`pair ${pair} a`, `pair ${pair} b`];
			expected.push(one, two);
			await Promise.all([
				deliver(one),
				sleep(Math.random() * 30).then(() => deliver(two)),
				sleep(Math.random() * 150),
			]);
			if (pair % 10 === 9)
				await eventually('all so far', () => watching.messages.length === expected.length, 5_000);
		}
		expect(watching.subjects().sort()).toEqual(expected.sort());
		await eventually('moved', async () => (await countIn('Handled')) === expected.length);
		expect(await countIn('INBOX')).toBe(0);
	});

	describe('in batches', () => {
		/** A watch that died between handing on a batch of two mails and recording it. */
		const diedWithTwo = async (shelf: Watching['shelf']): Promise<Watching> => {
			await deliver('a', 'b');
			const first = startWatching(account, {
				together: 9,
				shelf,
				saveMark: (mark) =>
					mark.lastUid > 0 ? Promise.reject(new Error('killed')) : Promise.resolve(),
			});
			await eventually('handed on', () => first.messages.length === 2);
			await first.stop();
			return first;
		};

		it('what is there comes together, in order, up to the limit', async () => {
			await deliver('a', 'b', 'c', 'd', 'e');
			const watching = startWatching(account, { together: 3, verdict: { action: 'markRead' } });
			await eventually('all', () => watching.messages.length === 5);
			expect(watching.subjects()).toEqual(['a', 'b', 'c', 'd', 'e']);
			expect(watching.batches).toHaveLength(2);
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 5);
			expect(await dovecot.doveadm('search', '-u', user, 'unseen')).toBe('');
		});

		it('after a death in between, the same mails come in the same batch, and new ones in another', async () => {
			const shelf: Watching['shelf'] = { saves: 0 };
			const first = await diedWithTwo(shelf);
			await deliver('c');
			const batches = new Map<string, string[]>();
			const second = startWatching(account, {
				together: 9,
				shelf,
				onMail: ({ id, messages }) => {
					batches.set(id, messages.map(subjectOf));
					return Promise.resolve([]);
				},
			});
			await eventually('all', () => second.messages.length === 3);
			expect(batches.get(first.batches[0]!)).toEqual(['a', 'b']);
			expect([...batches.values()]).toEqual([['a', 'b'], ['c']]);
		});

		it('handed on without one of its mails, it is over: that one comes alone', async () => {
			const shelf: Watching['shelf'] = { saves: 0 };
			const first = await diedWithTwo(shelf);
			const [a, b] = first.messages;
			shelf.mails?.set(a!.digest, { batch: first.batches[0]!, handedOn: true });
			const second = startWatching(account, { together: 9, shelf });
			await eventually('recorded', () => shelf.mark?.lastUid === 2);
			expect(second.subjects()).toEqual(['b']);
			expect(second.batches).toEqual([b!.digest]);
		});

		it('two that watch and see different parts of it: each mail in one batch of a name', async () => {
			const shelf: Watching['shelf'] = { saves: 0 };
			/** What the first batch of each name held: a second one starts nothing. */
			const started = new Map<string, string[]>();
			const differing: string[] = [];
			const watch = () =>
				startWatching(account, {
					together: 9,
					shelf,
					onMail: async ({ id, messages }) => {
						await sleep(Math.random() * 40);
						const subjects = messages.map(subjectOf);
						const before = started.get(id);
						if (before && before.join() !== subjects.join()) differing.push(id);
						if (!before) started.set(id, subjects);
						return [];
					},
					lookUp: async (digests) => {
						// Between what it sees and what it takes, the other one may see more.
						const known = [...shelf.mails!].filter(([digest]) => digests.includes(digest));
						await sleep(Math.random() * 60);
						return new Map(known);
					},
				});
			const watches = [watch(), watch()];
			const expected = Array.from({ length: 500 }, (_, index) => `mail ${index}`);
			for (const subject of expected) {
				await deliver(subject);
				await sleep(Math.random() * 12);
			}
			const all = expected.length;
			await eventually('all recorded', () => shelf.mark?.lastUid === all, 60_000);
			await Promise.all(watches.map((each) => each.stop()));
			expect([...started.values()].flat().sort()).toEqual(expected.sort());
			expect(differing).toEqual([]);
		});

		it('one that cannot be handled does not keep the others of its batch', async () => {
			await deliver('a', 'bad', 'c');
			const watching = startWatching(account, {
				together: 9,
				onMessage: (message) =>
					message.raw.includes('Subject: bad')
						? Promise.reject(new Error('no'))
						: Promise.resolve(undefined),
			});
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 3);
			expect(watching.problems).toMatchObject([{ code: 'handlerFailed', uid: 2 }]);
			expect(new Set(watching.subjects())).toEqual(new Set(['a', 'c']));
		});
	});

	it('of a bounce of 30 MB only the needed parts are fetched', async () => {
		const returned = 'returned mail\r\n'.repeat(2_200_000);
		const raw = [
			'From: MAILER-DAEMON@mx.example.test',
			`X-Long: ${'x'.repeat(900)}`,
			'Subject: Undelivered',
			'Message-ID: <large@mx.example.test>',
			'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
			'',
			'--b',
			'Content-Type: text/plain',
			'',
			'It could not be delivered.',
			'--b',
			'Content-Type: message/delivery-status',
			'',
			'Reporting-MTA: dns; mx.example.test',
			'',
			'Final-Recipient: rfc822; ada@example.test',
			'Action: failed',
			'Status: 5.1.1',
			'--b',
			'Content-Type: message/rfc822',
			'',
			'Message-ID: <the-original@example.test>',
			'Subject: Offers',
			'',
			returned,
			'--b--',
			'',
		].join('\r\n');
		expect(await dovecot.deliver(user, raw)).toMatch(/^250/);
		const watching = startWatching(account, { neededParts });
		await eventually('handed on', () => watching.messages.length === 1);
		const [message] = watching.messages;
		expect(message!.parts?.parts.map(({ part, type }) => [part, type])).toEqual([
			['1', 'text/plain'],
			['2', 'message/delivery-status'],
			['3', 'message/rfc822'],
		]);
		expect(readReportParts(message!.parts!)).toMatchObject({
			kind: 'bounce',
			recipients: [{ address: 'ada@example.test', status: '5.1.1' }],
			original: { messageId: 'the-original@example.test', subject: 'Offers' },
		});
		expect(proxy.bytesToClient).toBeLessThan(100_000);
	});

	it('deletes a mail, and no other that is marked as deleted', async () => {
		await deliver('a', 'b');
		await dovecot.doveadm('flags', 'add', '-u', user, '\\Deleted', 'header', 'subject', 'b');
		const watching = startWatching(account, {
			onMessage: (message) =>
				Promise.resolve({ action: message.raw.includes('Subject: a') ? 'delete' : 'leave' }),
		});
		await eventually('recorded', () => watching.shelf.mark?.lastUid === 2);
		await eventually('deleted', async () => (await countIn('INBOX')) === 1);
		expect(await flagsOf('b')).toContain('Deleted');
		expect(watching.problems).toEqual([]);
	});

	describe('what is done with a mail', () => {
		it('marks it as read', async () => {
			const watching = startWatching(account, { verdict: { action: 'markRead' } });
			await deliver('a');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
			expect(await flagsOf('a')).toContain('\\Seen');
		});

		it.each([
			['with MOVE', ''],
			['without MOVE', 'imap_capability = IMAP4rev1 UIDPLUS IDLE LITERAL+ AUTH=PLAIN'],
			['without MOVE and UIDPLUS', 'imap_capability = IMAP4rev1 IDLE LITERAL+ AUTH=PLAIN'],
		])('moves it to a folder, which is made (%s)', async (_name, config) => {
			const server = config
				? await startDovecot({ users: [user], config: `protocol imap {\n${config}\n}` })
				: dovecot;
			try {
				const watching = startWatching(
					{ ...accountAt(server.imapPort), tls: { ca: server.caPem } },
					{
						onMessage: (message) =>
							Promise.resolve(
								message.raw.includes('not ours')
									? { action: 'leave' }
									: { action: 'move', folder: 'Done/Bounces' },
							),
					},
				);
				await server.deliver(user, mail('a'));
				await eventually('idling', () => watching.shelf.mark?.lastUid === 1);
				// Marked by somebody who has not yet decided to expunge.
				await server.deliver(user, mail('not ours'));
				await server.doveadm(
					'flags',
					'add',
					'-u',
					user,
					'\\Deleted',
					'header',
					'subject',
					'not ours',
				);
				await server.deliver(user, mail('b'));
				await eventually('recorded', () => watching.shelf.mark?.lastUid === 3);
				const subjects = async (folder: string, which: string): Promise<string[]> => {
					const found = await server.doveadm(
						...['fetch', '-u', user, 'hdr.subject', 'mailbox', folder, which],
					);
					return [...found.matchAll(/hdr\.subject: (.*)/g)].map(([, subject = '']) => subject);
				};
				expect(await subjects('Done/Bounces', 'all')).toEqual(['a', 'b']);
				expect(await subjects('INBOX', 'undeleted')).toEqual([]);
				expect(await subjects('INBOX', 'deleted')).toContain('not ours');
				expect(watching.problems).toEqual([]);
			} finally {
				if (server !== dovecot) await server.stop();
			}
		});

		it('a folder that cannot be made is reported once, and nothing waits for it', async () => {
			const watching = startWatching(account, {
				verdict: { action: 'move', folder: 'x'.repeat(300) },
			});
			await deliver('a', 'b');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 2);
			expect(watching.subjects()).toEqual(['a', 'b']);
			expect(watching.problems).toMatchObject([{ code: 'actionFailed', uid: 1 }]);
			expect(watching.problems[0]!.advice).toMatch(/refused: \S/);
		});

		it('a move to the folder that is watched is none', async () => {
			const watching = startWatching(account, { verdict: { action: 'move', folder: 'INBOX' } });
			await deliver('a');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
			await sleep(200);
			expect([await countIn('INBOX'), watching.messages.length]).toEqual([1, 1]);
		});

		it('a connection that dies before the mark moves: the mail is not handed on twice, and is marked all the same', async () => {
			const watching = startWatching(account, {
				onMessage: () => {
					proxy.reset();
					return Promise.resolve({ action: 'markRead' });
				},
			});
			await deliver('a');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
			expect(watching.subjects()).toEqual(['a']);
			expect(await flagsOf('a')).toContain('\\Seen');
			expect(watching.problems).toEqual([]);
		});
	});

	describe('a handler that fails', () => {
		it('is asked again, and the mail is handed on once it works', async () => {
			let tries = 0;
			const watching = startWatching(account, {
				onMessage: () => {
					tries += 1;
					if (tries < 4) throw new Error('not now');
					return Promise.resolve({ action: 'leave' });
				},
			});
			await deliver('a');
			await eventually('handed on', () => watching.messages.length === 1);
			expect(tries).toBe(4);
			expect(watching.problems).toEqual([]);
		});

		it('for ever: the mail is reported and passed over, the next ones come', async () => {
			let tries = 0;
			const watching = startWatching(account, {
				verdict: { action: 'markRead' },
				onMessage: (message) => {
					if (message.raw.includes('poison')) {
						tries += 1;
						throw new Error('cannot read this');
					}
					return Promise.resolve({ action: 'markRead' });
				},
			});
			await deliver('poison', 'good');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 2);
			expect([tries, watching.subjects()]).toEqual([5, ['good']]);
			expect(watching.problems).toMatchObject([
				{
					code: 'handlerFailed',
					uid: 1,
					message: expect.stringContaining('cannot read this') as string,
				},
			]);
			expect(await flagsOf('poison')).not.toContain('Seen');
		});

		it('by never coming back: the mail is reported and passed over', async () => {
			let stuck = 0;
			const watching = startWatching(account, {
				timing: { handlerMs: 100 },
				onMessage: (message) => {
					if (!message.raw.includes('stuck')) return Promise.resolve({ action: 'leave' });
					stuck += 1;
					return new Promise(() => undefined);
				},
			});
			await deliver('stuck', 'good');
			await eventually('the next', () => watching.messages.length === 1);
			expect(watching.problems).toMatchObject([{ code: 'handlerFailed', uid: 1 }]);
			// It may still be at work: asking it again could do the work twice.
			expect(stuck).toBe(1);
		});

		it('by the store: nothing more is handed on until the mark can be saved, and nothing twice', async () => {
			let broken = true;
			const shelf: { saves: number; mark?: never } = { saves: 0 };
			const watching = startWatching(account, {
				shelf,
				saveMark: (mark) => {
					if (broken && mark.lastUid > 0) throw new Error('disk full');
					Object.assign(shelf, { mark });
					return Promise.resolve();
				},
			});
			await deliver('a', 'b');
			await eventually('told', () => watching.changes.some(({ state }) => state === 'lost'));
			expect(watching.changes.at(-1)).toMatchObject({
				problem: {
					code: 'markUnavailable',
					advice: expect.stringContaining('disk full') as string,
				},
			});
			expect(watching.subjects()).toEqual(['a']);
			broken = false;
			await eventually('both', () => watching.messages.length === 2);
			expect(watching.subjects()).toEqual(['a', 'b']);
		});
	});

	describe('connections that fail', () => {
		it.each(['all', 'open'] as const)(
			'frozen without a word (%s): found, and what came meanwhile is handed on',
			async (which) => {
				const watching = startWatching(account, { timing: { silenceMs: 30_000 } });
				await eventually('idling', () => watching.watch.state === 'idling');
				proxy.freeze(which);
				await deliver('meanwhile');
				// Quiet for heartbeat and answer, a pause, and a new connection.
				await eventually(
					'noticed',
					() => watching.watch.state !== 'idling' && proxy.totalConnections > 1,
					3_000,
				);
				proxy.unfreeze();
				await eventually('handed on', () => watching.messages.length === 1, 4_000);
				expect(proxy.peakConnections).toBe(1);
			},
		);

		it('frozen in the middle of fetching: found, and each mail comes once', async () => {
			await deliver('a', 'b', 'c');
			const watching = startWatching(account, {
				onMessage: (message) => {
					if (message.uid === 2 && proxy.totalConnections === 1) proxy.freeze('open');
					return Promise.resolve({ action: 'markRead' });
				},
			});
			await eventually('all', () => watching.shelf.mark?.lastUid === 3);
			expect(watching.subjects()).toEqual(['a', 'b', 'c']);
			expect([proxy.totalConnections, proxy.peakConnections]).toEqual([2, 1]);
		});

		it('reset again and again: nothing is lost, nothing comes twice, never two connections', async () => {
			const watching = startWatching(account, { verdict: { action: 'markRead' } });
			const expected: string[] = [];
			for (let index = 0; index < 25; index += 1) {
				expected.push(`mail ${index}`);
				await deliver(`mail ${index}`);
				await sleep((index * 17) % 150);
				proxy.reset();
			}
			await eventually('all', () => watching.messages.length >= 25, 15_000);
			await sleep(100);
			expect(watching.subjects()).toEqual(expected);
			expect(proxy.peakConnections).toBe(1);
			expect(await dovecot.connectionsOf(user)).toBeLessThanOrEqual(1);
			expect(proxy.totalConnections).toBeGreaterThan(5);
		});

		it('refused for a while: tried for ever, told once, and told of the recovery', async () => {
			const watching = startWatching(account);
			await eventually('idling', () => watching.watch.state === 'idling');
			await proxy.refuse();
			proxy.reset();
			await deliver('meanwhile');
			await sleep(1_500);
			expect(watching.changes).toMatchObject([
				{ state: 'connected' },
				{ state: 'lost', problem: { code: 'nobodyListening' } },
			]);
			await proxy.accept();
			await eventually('handed on', () => watching.messages.length === 1);
			await eventually('told', () => watching.changes.length === 3);
			expect(watching.changes[2]).toMatchObject({ state: 'recovered' });
		});

		it('a short failure is not told', async () => {
			const watching = startWatching(account);
			await eventually('idling', () => watching.watch.state === 'idling');
			proxy.reset();
			await deliver('meanwhile');
			await eventually('handed on', () => watching.messages.length === 1);
			expect(watching.changes).toEqual([{ state: 'connected' }]);
		});

		it('a slow link: all comes, over one connection', async () => {
			proxy.delay(60);
			await deliver('a', 'b');
			const watching = startWatching(account, { verdict: { action: 'markRead' } });
			await eventually('both', () => watching.messages.length === 2);
			await deliver('c');
			await eventually('the third', () => watching.messages.length === 3);
			await sleep(1_000);
			expect(proxy.totalConnections).toBe(1);
		});

		it('one connection is kept while nothing comes, and while a handler takes its time', async () => {
			const watching = startWatching(account, {
				onMessage: async () => {
					await sleep(4_000);
					return { action: 'markRead' };
				},
			});
			await deliver('slow');
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
			await sleep(1_500);
			expect([proxy.totalConnections, proxy.connections]).toEqual([1, 1]);
			expect(watching.watch.state).toMatch(/idling|catchingUp/);
		});

		it('the server restarts: watched again', async () => {
			const watching = startWatching(account);
			await eventually('idling', () => watching.watch.state === 'idling');
			await dovecot.down();
			await sleep(300);
			await dovecot.up();
			await deliver('after');
			await eventually('handed on', () => watching.messages.length === 1);
			expect(proxy.peakConnections).toBe(1);
		});

		it('a wrong password is told at once, and it goes on once it is right', async () => {
			account.auth = { user, pass: 'wrong' };
			const watching = startWatching(account);
			await eventually('told', () => watching.changes.length === 1);
			expect(watching.changes[0]).toMatchObject({
				state: 'lost',
				problem: { code: 'wrongPassword' },
			});
			expect(JSON.stringify(watching.changes)).not.toContain('wrong"');
			account.auth = { user, pass: dovecot.password };
			await eventually('recovered', () =>
				watching.changes.some(({ state }) => state === 'recovered'),
			);
		});
	});

	describe('folders that change', () => {
		const FOLDER = 'Bounces';
		/** @param at the server's date of it; now when left out */
		const save = async (raw: string, at?: Date): Promise<void> => {
			const { ImapFlow } = await import('imapflow');
			const client = new ImapFlow({
				host: '127.0.0.1',
				port: dovecot.imapsPort,
				secure: true,
				logger: false,
				auth: { user, pass: dovecot.password },
				tls: { ca: dovecot.caPem },
			});
			await client.connect();
			await client.append(FOLDER, raw, [], at);
			await client.logout();
		};

		it('deleted and made anew with the old mail: only what is new is handed on', async () => {
			await dovecot.doveadm('mailbox', 'create', '-u', user, FOLDER);
			const old = [mail('old 1'), mail('old 2'), mail('old 3')];
			for (const raw of old) await save(raw);
			const watching = startWatching(account, { mailbox: FOLDER });
			await eventually('the old ones', () => watching.messages.length === 3);
			await eventually('idling', () => watching.watch.state === 'idling');
			const { uidValidity } = watching.shelf.mark!;
			await dovecot.doveadm('mailbox', 'delete', '-s', '-u', user, FOLDER);
			await dovecot.doveadm('mailbox', 'create', '-u', user, FOLDER);
			for (const raw of [old[1]!, mail('new 1'), old[0]!, old[2]!, mail('new 2')]) await save(raw);
			await eventually('the new ones', () => watching.messages.length >= 5);
			await eventually('the new mark', () => watching.shelf.mark!.uidValidity !== uidValidity);
			await save(mail('new 3'));
			await eventually('the next', () => watching.messages.length >= 6);
			expect(watching.subjects().slice(3)).toEqual(['new 1', 'new 2', 'new 3']);
		});

		it('while nobody watches, and with mail from before the watch began: not replayed', async () => {
			await dovecot.doveadm('mailbox', 'create', '-u', user, FOLDER);
			const before = mail('before');
			const yesterday = mail('dated by the server', '', { written: daysAgo(2) });
			const old = mail('dated by its writer', '', { written: daysAgo(30) });
			const traced = mail('dated by its trace', '', { written: daysAgo(2), arrived: daysAgo(2) });
			await save(old, daysAgo(30));
			await save(traced, daysAgo(2));
			await save(yesterday, daysAgo(2));
			await save(before);
			const first = startWatching(account, { mailbox: FOLDER, startWith: 'new' });
			await eventually('idling', () => first.watch.state === 'idling');
			await save(mail('during'));
			await eventually('handed on', () => first.messages.length === 1);
			await first.stop();
			await dovecot.doveadm('mailbox', 'delete', '-s', '-u', user, FOLDER);
			await dovecot.doveadm('mailbox', 'create', '-u', user, FOLDER);
			await save(yesterday, daysAgo(2));
			// A bounce may have been on its way for days.
			const late = mail('meanwhile', '', { written: daysAgo(4), arrived: new Date() });
			for (const raw of [old, traced, before, late]) await save(raw);
			const second = startWatching(account, {
				mailbox: FOLDER,
				startWith: 'new',
				shelf: first.shelf,
			});
			await eventually('idling', () => second.watch.state === 'idling');
			expect(second.subjects()).toEqual(['meanwhile']);
		});

		it('missing: told at once with the names that are near, and watched once it is there', async () => {
			await dovecot.doveadm('mailbox', 'create', '-u', user, 'Bounced');
			const watching = startWatching(account, { mailbox: FOLDER });
			await eventually('told', () => watching.changes.length === 1);
			expect(watching.changes[0]).toMatchObject({
				state: 'lost',
				problem: {
					code: 'folderMissing',
					message: 'There is no folder "Bounces" in this mailbox.',
					advice: 'Did you mean "Bounced"?',
				},
			});
			await dovecot.doveadm('mailbox', 'create', '-u', user, FOLDER);
			await save(mail('there'));
			await eventually('handed on', () => watching.messages.length === 1);
		});
	});

	describe('a server without IDLE', () => {
		it('is asked from time to time', async () => {
			const server = await startDovecot({
				users: [user],
				config: 'protocol imap {\nimap_capability = IMAP4rev1 UIDPLUS LITERAL+ AUTH=PLAIN\n}',
			});
			try {
				const watching = startWatching({
					...accountAt(server.imapPort),
					tls: { ca: server.caPem },
				});
				await eventually('idling', () => watching.watch.state === 'idling');
				await server.deliver(user, mail('polled'));
				await eventually('handed on', () => watching.messages.length === 1, 1_000);
			} finally {
				await server.stop();
			}
		});
	});

	describe('stop', () => {
		it.each<[string, (proxy: FaultProxy) => Promise<void> | void]>([
			['while it idles', () => sleep(300)],
			['at once', () => undefined],
			[
				'while it connects to a frozen server',
				(p) => {
					p.freeze();
					return sleep(100);
				},
			],
			[
				'while the connection is frozen',
				async (p) => {
					await sleep(300);
					p.freeze();
					await sleep(600);
				},
			],
			[
				'while it waits to reconnect',
				async (p) => {
					await p.refuse();
					p.reset();
					await sleep(400);
				},
			],
		])('%s: ends quickly, with no connection left', async (_name, prepare) => {
			const watching = startWatching(account, { timing: { stopGraceMs: 8_000 } });
			await prepare(proxy);
			const start = Date.now();
			await watching.stop();
			expect(Date.now() - start).toBeLessThan(4_000);
			await sleep(50);
			expect(watching.watch.state).toBe('stopped');
			expect(proxy.connections).toBe(0);
			const { totalConnections } = proxy;
			await deliver('unheard');
			await sleep(600);
			expect([watching.messages.length, proxy.totalConnections]).toEqual([0, totalConnections]);
		});

		it('lets a message in hand be finished and recorded', async () => {
			const watching = startWatching(account, {
				onMessage: async () => {
					await sleep(200);
					return { action: 'markRead' };
				},
			});
			await deliver('in hand', 'next');
			await eventually(
				'in hand',
				() => watching.watch.state === 'catchingUp' && proxy.connections === 1,
			);
			await sleep(150);
			await watching.stop();
			expect([watching.subjects(), watching.shelf.mark?.lastUid]).toEqual([['in hand'], 1]);
			expect(await flagsOf('in hand')).toContain('Seen');
		});

		it('waits for a handler that hangs only so long, and records nothing afterwards', async () => {
			let release: () => void = () => undefined;
			const watching = startWatching(account, {
				onMessage: () =>
					new Promise((resolve) => {
						release = () => {
							resolve({ action: 'leave' });
						};
					}),
			});
			await deliver('hangs');
			await eventually('connected', () => watching.shelf.saves === 1);
			await sleep(200);
			const start = Date.now();
			await watching.stop();
			expect(Date.now() - start).toBeLessThan(4_000);
			release();
			await sleep(100);
			expect([watching.shelf.mark?.lastUid, watching.shelf.saves]).toEqual([0, 1]);
		});
	});
});
