import { BLOCKLISTS, ownBlocklist } from '../../../mail/deliverability/blocklists';
import type { Blocklist } from '../../../mail/deliverability/blocklists';
import { openDns } from '../../../mail/deliverability/dns';
import { checkReputation, questionOf } from '../../../mail/deliverability/reputation';
import { checkSendingAddresses, describeServer } from '../../../mail/deliverability/server';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';
import type { NameServer, ZoneRecord } from '../../support/zone-server';

const ZEN = BLOCKLISTS[0]!;
const at = (zone: string, more: Partial<Blocklist> = {}): Blocklist => ({ ...ZEN, zone, ...more });
const working = (zone: string): ZoneRecord[] => [[`2.0.0.127.${zone}`, 'A', '127.0.0.2']];
const SURBL: Blocklist = {
	...BLOCKLISTS.find(({ name }) => name === 'SURBL')!,
	zone: 'surbl.test',
};

/** Refuses with a code that is within the range of its listings. */
const OWN_REFUSAL: Blocklist = { ...at('good.test'), refusals: ['127.0.1.255'] };

const RECORDS: ZoneRecord[] = [
	...working('good.test'),
	['7.2.0.192.good.test', 'A', '127.0.0.4'],
	['8.2.0.192.good.test', 'A', '127.0.0.10'],
	['9.2.0.192.good.test', 'A', '127.0.0.77'],
	['10.2.0.192.good.test', 'A', '203.0.113.5'],
	['11.2.0.192.good.test', 'A', '127.255.255.254'],
	['12.2.0.192.good.test', 'A', '127.0.1.255'],
	[`${questionOf('2001:db8::7')}.good.test`, 'A', '127.0.0.3'],
	['*.dead.test', 'A', '127.0.0.2'],
	['*.parked.test', 'A', '203.0.113.9'],
	['*.refusing.test', 'A', '127.255.255.254'],
	['test.surbl.org.surbl.test', 'A', '127.0.0.254'],
	['bad.example.surbl.test', 'A', '127.0.0.72'],
	['cut-off.example.surbl.test', 'A', '127.0.0.1'],
	['test.own.test', 'A', '127.0.0.2'],
	['bad.example.own.test', 'A', '127.0.0.2'],
	// Names of addresses, and whether they lead back.
	['25.2.0.192.in-addr.arpa', 'PTR', 'mail.example.test.'],
	['mail.example.test', 'A', '192.0.2.25'],
	['26.2.0.192.in-addr.arpa', 'PTR', 'liar.example.test.'],
	['liar.example.test', 'A', '198.51.100.1'],
	['27.2.0.192.in-addr.arpa', 'PTR', '192-0-2-27.pool.isp.test.'],
	['192-0-2-27.pool.isp.test', 'A', '192.0.2.27'],
	[`${questionOf('2001:db8::25')}.ip6.arpa`, 'PTR', 'mail6.example.test.'],
	['mail6.example.test', 'AAAA', '2001:db8::25'],
];

describeWithNameServer('a server', () => {
	let server: NameServer;
	beforeAll(async () => {
		server = await startNameServer(RECORDS);
	});
	afterAll(() => server.stop());
	const dns = () => openDns({ servers: [server.address] });

	const ask = async (list: Blocklist, addresses: string[], domains: string[] = []) =>
		(await checkReputation({ addresses, domains }, [list], dns())).map(
			({ id, status, subject }) => `${id} ${status} ${subject}`,
		);

	describe('on blocklists', () => {
		it.each<[string, Blocklist, string, string]>([
			['listed', at('good.test'), '192.0.2.7', 'reputation.listed fail 192.0.2.7'],
			['listed by IPv6', at('good.test'), '2001:db8::7', 'reputation.listed fail 2001:db8::7'],
			['a policy', at('good.test'), '192.0.2.8', 'reputation.listed warning 192.0.2.8'],
			['free', at('good.test'), '192.0.2.99', 'reputation.clean pass 192.0.2.99'],
			[
				'a code that the list does not have',
				at('good.test'),
				'192.0.2.9',
				'reputation.listSilent unknown good.test',
			],
			[
				'an answer of somebody else',
				at('good.test'),
				'192.0.2.10',
				'reputation.listSilent unknown good.test',
			],
			['refused', at('good.test'), '192.0.2.11', 'reputation.listSilent unknown good.test'],
			[
				'refused altogether',
				at('refusing.test'),
				'192.0.2.7',
				'reputation.listSilent unknown refusing.test',
			],
			[
				'a dead list that lists the world',
				at('dead.test'),
				'192.0.2.7',
				'reputation.listSilent unknown dead.test',
			],
			[
				'a domain that was sold',
				at('parked.test'),
				'192.0.2.7',
				'reputation.listSilent unknown parked.test',
			],
			[
				'a list that is gone',
				at('gone.test'),
				'192.0.2.7',
				'reputation.listSilent unknown gone.test',
			],
		])('%s', async (_name, list, address, expected) => {
			expect(await ask(list, [address])).toEqual([expected]);
		});

		it.each<[string, Blocklist, { addresses?: string[]; domains?: string[] }]>([
			['for one address', at('good.test'), { addresses: ['192.0.2.11'] }],
			['for all', at('refusing.test'), { addresses: ['192.0.2.7'] }],
			['by its bit', SURBL, { domains: ['cut-off.example'] }],
			['by a code of its own', OWN_REFUSAL, { addresses: ['192.0.2.12'] }],
		])('a refusal is told as one: %s', async (_name, list, asked) => {
			const [finding] = await checkReputation(
				{ addresses: [], domains: [], ...asked },
				[list],
				dns(),
			);
			expect(finding?.title).toMatch(
				/^Nothing is known from the list .+: it refuses to answer our name server/,
			);
		});

		it('a list of bits: each bit is read, and the one that means refused is none', async () => {
			const [listed] = await checkReputation(
				{ addresses: [], domains: ['www.bad.example'] },
				[SURBL],
				dns(),
			);
			expect(listed).toMatchObject({ id: 'reputation.listed', status: 'warning' });
			expect(listed?.title).toContain('phishing; abuse');
			expect(await ask(SURBL, [], ['cut-off.example'])).toEqual([
				'reputation.listSilent unknown surbl.test',
			]);
		});

		it('a list of one’s own', async () => {
			const own = ownBlocklist('own.test', 'domains');
			expect(await ask(own, [], ['bad.example'])).toEqual([
				'reputation.listed warning bad.example',
			]);
			expect(await ask(own, [], ['good.example'])).toEqual(['reputation.clean pass good.example']);
		});

		it('addresses of private networks are not asked about', async () => {
			expect(await ask(at('good.test'), ['10.0.0.1', 'fd00::1'])).toEqual([]);
		});

		it('no name server: unknown, whatever the list', async () => {
			const nobody = openDns({
				servers: ['127.0.0.1:9'],
				timeoutMs: 200,
				tries: 1,
				totalMs: 3_000,
			});
			const findings = await checkReputation(
				{ addresses: ['192.0.2.7'], domains: ['bad.example'] },
				BLOCKLISTS,
				nobody,
			);
			expect(new Set(findings.map(({ status }) => status))).toEqual(new Set(['unknown']));
		});
	});

	describe('in reverse DNS', () => {
		it.each([
			['192.0.2.25', 'server.reverseConfirmed pass'],
			['2001:db8::25', 'server.reverseConfirmed pass'],
			['192.0.2.26', 'server.reverseNotConfirmed fail'],
			['192.0.2.27', 'server.genericName warning'],
			['192.0.2.28', 'server.noReverse fail'],
			['10.0.0.1', 'server.privateAddress unknown'],
		])('%s: %s', async (address, expected) => {
			const [found] = await checkSendingAddresses([address], 'mail.example.test', dns());
			expect(`${found?.id} ${found?.status}`).toBe(expected);
		});
	});
});

describe('an account that was tried', () => {
	const account = { host: 'mail.example.test', security: 'starttls' } as const;
	const now = Date.parse('2026-06-01');
	const extensions = ['SIZE 50000000', '8BITMIME', 'PIPELINING'];
	const ids = (offer: object) =>
		describeServer(account, { ok: true, offer: { extensions, ...offer } }, now).map(({ id }) => id);

	it.each([
		[
			'in order',
			{ encryption: { protocol: 'TLSv1.3', cipher: 'x', certificateEnds: '2027-01-01T00:00:00Z' } },
			['server.sound'],
		],
		['in clear', {}, ['server.noTls']],
		['an old TLS', { encryption: { protocol: 'TLSv1.1', cipher: 'x' } }, ['server.oldTls']],
		[
			'a certificate that ends',
			{ encryption: { protocol: 'TLSv1.3', cipher: 'x', certificateEnds: '2026-06-10T00:00:00Z' } },
			['server.certificateEnds'],
		],
	])('%s', (_name, offer, expected) => {
		expect(ids(offer)).toEqual(expected);
	});

	it('that cannot be reached is unknown', () => {
		const problem = { code: 'refused', message: 'nobody listens' } as never;
		expect(describeServer(account, { ok: false, problem }, now)).toMatchObject([
			{ id: 'server.unreachable', status: 'unknown' },
		]);
	});
});
