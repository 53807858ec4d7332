import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Pacer, WHOLE_ACCOUNT } from '../../../mail/pacing/pacer';
import type { Mood } from '../../../mail/pacing/adapt';
import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpPool } from '../../../mail/smtp/send-result';
import type { MailStore } from '../../../mail/store/store';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { Answer, FaultServer } from '../../support/fault-smtp-server';
import { campaignRun, memoryStore, outcomes } from './campaign';
import { PROVIDER_REPLIES } from './provider-replies';
import type { NextPace, ProviderReply } from './provider-replies';

let store: MailStore;
let server: FaultServer;
let pool: SmtpPool;
/** What is in force. */
let said: ProviderReply;

beforeAll(async () => {
	store = await memoryStore();
});

afterAll(() => store.close());

beforeEach(async () => {
	server = await startFaultServer((moment, address) => {
		const isMet = moment === said.at && (said.pace === 'run ends' || !address.startsWith('other@'));
		return isMet ? (said.reply.replaceAll('\n', '\r\n') as Answer) : 'go';
	});
	pool = createSmtpPool({
		host: '127.0.0.1',
		port: server.port,
		security: 'none',
		tls: {},
		auth: { user: 'shop', pass: 'secret' },
		limits: { connections: 1, messagesPerConnection: 100 },
	});
});

afterEach(async () => {
	await pool.close();
	await server.close();
});

const all = Object.values(PROVIDER_REPLIES).flat();

it.each(all.map((row, nth) => [row.by, row.reply.replaceAll('\n', ' '), row, nth] as const))(
	'%s: %s',
	async (_, __, row, nth) => {
		said = row;
		const pacer = await Pacer.start({ book: store.paceBook, account: `account ${nth}` });
		const run = (addresses: readonly string[]) =>
			outcomes(
				campaignRun({
					store,
					pool,
					pacer,
					campaign: { id: `campaign ${nth}` },
					recipients: addresses.map((address, index) => ({ index, address, data: { name: 'A' } })),
					concurrency: 1,
					longestWaitMs: 0,
				}),
			);
		const address = `r${nth}@${row.domain ?? 'some.example'}`;
		const other = 'other@elsewhere.example';
		// At MAIL FROM the server does not know yet whom it is about: only one is on the wire.
		const [first, ...rest] = await run(row.pace === 'run ends' ? [address, other] : [address]);
		expect(first?.outcome).toBe(row.outcome.split(' ')[0]);
		expect(first && 'blame' in first ? first.blame : undefined).toBe(row.blame);
		if (first?.outcome === 'deferred') {
			const minutes = Number(/\d+/.exec(row.outcome)?.[0]);
			expect(Math.round((first.retryAt - first.at) / 60_000)).toBe(minutes);
		}
		const suppressed = await store.suppressions.check([address]);
		expect(suppressed.size).toBe(row.suppressed ? 1 : 0);

		if (row.pace === 'run ends') {
			expect(rest).toMatchObject([{ outcome: 'deferred', attempts: 0, waitsFor: 'account' }]);
			await pacer.close();
			return;
		}
		await pacer.close();
		expect(paceAfter(pacer, address)).toBe(row.pace);
		if (row.at === 'mailFrom') return;
		const again = await Pacer.start({ book: store.paceBook, account: `account ${nth}` });
		const [next] = await outcomes(
			campaignRun({
				store,
				pool,
				pacer: again,
				campaign: { id: `campaign ${nth}` },
				recipients: [{ index: 0, address: other, data: { name: 'A' } }],
				longestWaitMs: 0,
			}),
		);
		await again.close();
		expect(next?.outcome).toBe(row.pace === 'account slower' ? 'deferred' : 'sent');
	},
);

function paceAfter(pacer: Pacer, address: string): NextPace | undefined {
	const [only, ...more] = pacer.moods();
	if (!only) return 'as before';
	expect(more).toEqual([]);
	if (only.lane === WHOLE_ACCOUNT) return only.mood.level > 0 ? 'account slower' : undefined;
	expect(only.lane).toBe(pacer.laneOf(address));
	return ofProvider(only.mood);
}

function ofProvider({ stopped, level, strikes }: Mood): NextPace | undefined {
	if (stopped) return 'provider stopped';
	if (level > 0) return 'provider slower';
	return strikes === 1 ? 'provider stopped at the third in a row' : undefined;
}

describe('docs/replies.md', () => {
	const page = readFileSync(path.resolve(__dirname, '../../../docs/replies.md'), 'utf8');
	/** The cells of each row of the table under this heading. */
	const shown = (heading: string) => {
		const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
		return [...section.matchAll(/^\| (?!by |---).*\|$/gm)].map(([row]) =>
			row
				.split('|')
				.slice(1, -1)
				.map((cell) => cell.trim()),
		);
	};

	it.each(Object.keys(PROVIDER_REPLIES))('shows what is tested: %s', (heading) => {
		expect(shown(heading)).toEqual(PROVIDER_REPLIES[heading]?.map(cellsOf));
	});
});

/** A row as the page shows it. */
function cellsOf({ by, at, reply, outcome, blame, pace, suppressed }: ProviderReply): string[] {
	return [
		by,
		at === 'dot' ? 'message' : at,
		`\`${reply.replaceAll('\n', ' ')}\``,
		suppressed ? `${outcome}, suppressed` : outcome,
		blame ? `\`${blame}\`` : '–',
		pace,
	];
}
