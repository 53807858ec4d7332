import { setTimeout as sleep } from 'node:timers/promises';

import type { ImapAccount } from '../../../mail/mailbox/account';
import type { Script, ScriptedImap } from './scripted-imap';
import { fetchRow, startScriptedImap } from './scripted-imap';
import type { Watching } from './watching';
import { eventually, mail, QUICK, startWatching, stopAllWatches } from './watching';

describe('watching a mailbox on a server that misbehaves', () => {
	let imap: ScriptedImap;
	afterEach(async () => {
		await stopAllWatches();
		await imap.close();
	});

	const watchScripted = async (
		script: Script,
		options: Parameters<typeof startWatching>[1] = {},
	): Promise<Watching> => {
		imap = await startScriptedImap(script);
		const account: ImapAccount = {
			host: '127.0.0.1',
			port: imap.port,
			security: 'none',
			auth: { user: 'ada', pass: 'hunter2' },
			tls: {},
		};
		return startWatching(account, options);
	};
	const count = (command: string): number =>
		imap.commands.filter((line) => line.startsWith(command)).length;

	describe('IDLE', () => {
		it('refused: the server is asked from time to time', async () => {
			const messages: Record<number, string> = {};
			const watching = await watchScripted({
				messages,
				react: ({ name, tag }) => (name === 'IDLE' ? `${tag} BAD no such thing\r\n` : undefined),
			});
			await eventually('idling', () => watching.watch.state === 'idling');
			messages[1] = mail('polled');
			await eventually('handed on', () => watching.messages.length === 1);
			await sleep(500);
			expect(count('IDLE')).toBe(1);
			expect(imap.connections).toBe(1);
		});

		it('ended as soon as it began: no storm of commands', async () => {
			const messages: Record<number, string> = {};
			const watching = await watchScripted({
				messages,
				react: ({ name, tag }) => (name === 'IDLE' ? `+ idling\r\n${tag} OK done\r\n` : undefined),
			});
			await eventually('idling', () => watching.watch.state === 'idling');
			messages[1] = mail('polled');
			await eventually('handed on', () => watching.messages.length === 1);
			await sleep(600);
			expect(count('IDLE')).toBe(1);
			expect(imap.commands.length).toBeLessThan(50);
		});

		it('never acknowledged: a dead connection', async () => {
			const watching = await watchScripted({
				react: ({ name }, _socket, connection) =>
					name === 'IDLE' && connection === 1 ? false : undefined,
			});
			await eventually('a new connection', () => imap.connections === 2);
			await eventually('idling', () => watching.watch.state === 'idling');
		});

		it.each<[string, (command: string) => boolean]>([
			['mail is searched for', (command) => command.startsWith('UID SEARCH')],
			['mail is fetched', (command) => command.startsWith('UID FETCH')],
			['mail is moved', (command) => command.startsWith('UID MOVE')],
		])('news that come while %s are not slept over', async (_, isThen) => {
			const messages: Record<number, string> = {};
			let told = false;
			const watching = await watchScripted(
				{
					messages,
					react: ({ line }, socket) => {
						if (!messages[1] || told || !isThen(line)) return undefined;
						told = true;
						messages[2] = mail('second');
						socket.write('* 2 EXISTS\r\n');
						return undefined;
					},
				},
				{
					verdict: { action: 'move', folder: 'Handled' },
					timing: { heartbeatMs: 60_000, recheckMs: 60_000, silenceMs: 60_000 },
				},
			);
			await eventually('idling', () => watching.watch.state === 'idling');
			messages[1] = mail('first');
			imap.say('* 1 EXISTS\r\n');
			await eventually('both', () => watching.messages.length === 2, 2_000);
			expect(watching.subjects()).toEqual(['first', 'second']);
		});

		it('that tells nothing of new mail: found all the same, over the same connection', async () => {
			const messages: Record<number, string> = {};
			const watching = await watchScripted({ messages }, { timing: { heartbeatMs: 300 } });
			await eventually('idling', () => watching.watch.state === 'idling');
			messages[1] = mail('untold');
			await eventually('handed on', () => watching.messages.length === 1, 2_000);
			expect(imap.connections).toBe(1);
		});

		it('news without end: no storm of searches', async () => {
			const watching = await watchScripted({}, { timing: { heartbeatMs: 60_000 } });
			await eventually('idling', () => watching.watch.state === 'idling');
			for (let index = 0; index < 1_000; index += 1) imap.say(`* ${index % 7} EXISTS\r\n`);
			await sleep(300);
			expect(count('UID SEARCH')).toBeLessThan(100);
			expect(watching.messages).toEqual([]);
		});
	});

	describe('a message that cannot be had', () => {
		it.each<[string, NonNullable<Script['react']>]>([
			[
				'the server hangs up over it',
				({ line }, socket) => {
					if (!/^UID FETCH (?:\d+,)*2\b/.test(line)) return undefined;
					socket.destroy();
					return false;
				},
			],
			[
				'the server refuses it',
				({ line, tag }) =>
					/^UID FETCH (?:\d+,)*2\b/.test(line) ? `${tag} NO damaged\r\n` : undefined,
			],
			[
				'the server shows it without its text',
				({ line, tag }) =>
					/^UID FETCH (?:\d+,)*2\b/.test(line)
						? `* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 10)\r\n${tag} OK\r\n`
						: undefined,
			],
			[
				'the server announces a gigabyte',
				({ line }) =>
					/^UID FETCH (?:\d+,)*2\b/.test(line)
						? '* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 10 BODY[]<0> {1000000000}\r\n'
						: undefined,
			],
			[
				'the server answers nonsense',
				({ line }) => (/^UID FETCH (?:\d+,)*2\b/.test(line) ? '* 2 FETCH ((((UID\r\n' : undefined),
			],
		])('%s: reported and passed over, all others come once and in order', async (_name, react) => {
			const watching = await watchScripted(
				{ messages: { 1: mail('a'), 2: mail('b'), 3: mail('c'), 4: mail('d') }, react },
				{ timing: { ...QUICK, silenceMs: 300, backoffMs: [10, 40] } },
			);
			await eventually('recorded', () => watching.shelf.mark?.lastUid === 4);
			expect(watching.subjects()).toEqual(['a', 'c', 'd']);
			expect(watching.problems).toMatchObject([{ code: 'unreadable', uid: 2 }]);
		});

		it('does not keep a watch "from now on" from starting', async () => {
			const messages: Record<number, string> = { 1: mail('damaged') };
			const watching = await watchScripted(
				{
					messages,
					react: ({ name }, socket) => {
						if (name !== 'FETCH') return undefined;
						socket.destroy();
						return false;
					},
				},
				{ startWith: 'new' },
			);
			await eventually('idling', () => watching.watch.state === 'idling');
			messages[2] = mail('new');
			await eventually('handed on', () => watching.messages.length === 1);
			expect(watching.subjects()).toEqual(['new']);
		});

		it('a network that is down is no reason to pass a message over', async () => {
			let up = false;
			const watching = await watchScripted(
				{
					messages: { 1: mail('a') },
					react: ({ name }, socket) => {
						if (up || name !== 'SELECT') return undefined;
						socket.destroy();
						return false;
					},
				},
				{ timing: { backoffMs: [5, 5] } },
			);
			await eventually('many tries', () => imap.connections > 15);
			up = true;
			await eventually('handed on', () => watching.messages.length === 1);
			expect(watching.problems).toEqual([]);
		});
	});

	it('sends more of a message than was asked for: cut to size', async () => {
		const huge = mail('huge', 'x'.repeat(3_000_000));
		const watching = await watchScripted({ messages: { 1: huge } });
		await eventually('handed on', () => watching.messages.length === 1);
		expect(watching.messages[0]!.raw).toHaveLength(256 * 1024);
		expect(watching.messages[0]!.truncated).toBe(true);
	});

	it('speaks of messages that nobody asked for: they are not handed on', async () => {
		const watching = await watchScripted({
			messages: { 5: mail('asked for') },
			react: ({ name, tag }) =>
				name === 'UID FETCH'
					? `* 9 FETCH (UID 9 FLAGS (\\Seen))\r\n${fetchRow(3, 3, mail('intruder'))}\r\n${fetchRow(1, 5, mail('asked for'))}\r\n${tag} OK\r\n`
					: undefined,
		});
		await eventually('handed on', () => watching.messages.length > 0);
		await sleep(100);
		expect(watching.subjects()).toEqual(['asked for']);
	});

	it('gives no UIDNEXT: "from now on" is from now on', async () => {
		const messages: Record<number, string> = { 3: mail('old') };
		const watching = await watchScripted(
			{
				messages,
				react: ({ name, tag }) =>
					name === 'SELECT' ? `* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n${tag} OK\r\n` : undefined,
			},
			{ startWith: 'new' },
		);
		await eventually('idling', () => watching.watch.state === 'idling');
		messages[4] = mail('new');
		await eventually('handed on', () => watching.messages.length === 1);
		expect(watching.subjects()).toEqual(['new']);
	});

	it('whoever waits for the watch to begin has every later mail handed on', async () => {
		const messages: Record<number, string> = { 1: mail('old') };
		const watching = await watchScripted({ messages }, { startWith: 'new' });
		await watching.watch.begun;
		messages[2] = mail('new');
		await eventually('handed on', () => watching.messages.length === 1);
		expect(watching.subjects()).toEqual(['new']);
	});

	it('has a new UIDVALIDITY at every turn: nothing comes twice', async () => {
		let uidValidity = 10;
		const messages: Record<number, string> = { 1: mail('a'), 2: mail('b') };
		const watching = await watchScripted({
			messages,
			react: ({ name, tag }) => {
				if (name !== 'SELECT') return undefined;
				uidValidity += 1;
				const uids = Object.keys(messages);
				return `* ${uids.length} EXISTS\r\n* OK [UIDVALIDITY ${uidValidity}]\r\n* OK [UIDNEXT ${uids.length + 1}]\r\n${tag} OK\r\n`;
			},
		});
		await eventually('both', () => watching.messages.length === 2);
		messages[3] = mail('c').replace(/^Date: .*$/m, 'Date: Tue, 24 Nov 2026 10:00:00 +0000');
		await eventually('the third', () => watching.messages.length === 3);
		await eventually('many turns', () => uidValidity > 15);
		expect(watching.subjects()).toEqual(['a', 'b', 'c']);
		// Nothing is written for what is known.
		expect(watching.shelf.saves).toBeLessThanOrEqual(imap.connections + 5);
	});

	it('hangs up over every move: the message is handed on once, and the move given up', async () => {
		const watching = await watchScripted(
			{
				messages: { 1: mail('a'), 2: mail('b') },
				react: ({ name, line }, socket) => {
					if (name !== 'UID MOVE' || !line.includes('MOVE 1 ')) return undefined;
					socket.destroy();
					return false;
				},
			},
			{ verdict: { action: 'move', folder: 'Done' } },
		);
		await eventually('recorded', () => watching.shelf.mark?.lastUid === 2);
		expect(watching.subjects()).toEqual(['a', 'b']);
		expect(watching.problems).toMatchObject([{ code: 'actionFailed', uid: 1 }]);
		expect(count('UID MOVE 1')).toBe(3);
	});

	it('read-only: whatever the verdict, nothing is changed', async () => {
		const watching = await watchScripted(
			{ messages: { 1: mail('a') } },
			{ readOnly: true, verdict: { action: 'markRead' } },
		);
		await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
		expect(imap.commands.join('\n')).toMatch(/^EXAMINE/m);
		expect(imap.commands.join('\n')).not.toMatch(/^SELECT|STORE/m);
	});

	it('callbacks that throw do not end the watch', async () => {
		const messages: Record<number, string> = { 1: mail('a') };
		const fail = (): never => {
			throw new Error('in the listener');
		};
		const watching = await watchScripted(
			{
				messages,
				react: ({ name, tag }) => (name === 'UID STORE' ? `${tag} NO\r\n` : undefined),
			},
			{ onState: fail, onProblem: fail, verdict: { action: 'markRead' } },
		);
		await eventually('recorded', () => watching.shelf.mark?.lastUid === 1);
		messages[2] = mail('b');
		imap.say('* 2 EXISTS\r\n');
		await eventually('the next', () => watching.messages.length === 2);
	});

	it('says good-bye: its words are passed on', async () => {
		const watching = await watchScripted({
			react: ({ name }) => (name === 'UID SEARCH' ? '* BYE Mailbox is being moved\r\n' : undefined),
		});
		await eventually('told', () => watching.changes.length === 1);
		expect(watching.changes[0]).toMatchObject({ problem: { reply: 'Mailbox is being moved' } });
	});

	it('nothing is handed on while the mark cannot be read', async () => {
		let broken = true;
		const watching = await watchScripted(
			{ messages: { 1: mail('a'), 2: mail('b') } },
			{
				loadMark: () => {
					if (broken) throw new Error('locked');
					return Promise.resolve({ uidValidity: '7', lastUid: 1 });
				},
			},
		);
		await eventually('told', () => watching.changes.length === 1);
		expect(watching.changes[0]).toMatchObject({ problem: { code: 'markUnavailable' } });
		expect([watching.messages.length, imap.connections]).toEqual([0, 0]);
		broken = false;
		await eventually('handed on', () => watching.messages.length === 1);
		expect(watching.subjects()).toEqual(['b']);
	});

	it('refuses every search: reported as lost, and tried again', async () => {
		let refuse = true;
		const watching = await watchScripted({
			messages: { 1: mail('a') },
			react: ({ name, tag }) =>
				name === 'UID SEARCH' && refuse ? `${tag} NO [SERVERBUG] broken index\r\n` : undefined,
		});
		await eventually('told', () => watching.changes.length === 1);
		expect(watching.changes[0]).toMatchObject({
			state: 'lost',
			problem: { reply: expect.stringContaining('broken index') as string },
		});
		refuse = false;
		await eventually('handed on', () => watching.messages.length === 1);
		expect(imap.connections).toBeGreaterThan(2);
		expect(imap.peak).toBe(1);
	});

	it('is stopped while the server keeps an answer back: at once', async () => {
		const watching = await watchScripted(
			{ react: ({ name }) => (name === 'UID SEARCH' ? false : undefined) },
			{ timing: { stopGraceMs: 8_000, silenceMs: 8_000 } },
		);
		await eventually('searching', () => count('UID SEARCH') === 1);
		const start = Date.now();
		await watching.stop();
		expect(Date.now() - start).toBeLessThan(4_000);
		expect(watching.watch.state).toBe('stopped');
	});
});
