/*
 * Domains with one fault each, and good ones. The address blocks and domains are those that RFC 5737, 3849
 * and 2606 keep for examples.
 */
import { generateKeyPairSync } from 'node:crypto';

import type { DomainQuestion } from '../../../mail/deliverability/domain';
import type { ZoneRecord } from '../../support/zone-server';

export interface ZooRow {
	domain: string;
	records: ZoneRecord[];
	question: DomainQuestion;
	/** The ids of all that is to be mended or better mended; none for a good domain. */
	faults: string[];
	/** The file that its policy server gives (MTA-STS); none: there is none. */
	policy?: string;
	/** Nothing that can be published mends it. */
	noRecord?: true;
	/** What SPF evaluators make of mail from 192.0.2.25, where the row is about SPF: ours, and pyspf. */
	spf?: string;
	/** Where OpenDMARC 1.4 thinks otherwise of a mail whose SPF and signatures pass, and why. */
	openDmarc?: { policy: string | null; passes: boolean; because: string };
}

const rsa = (bits: number) => {
	const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
	return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
};
const KEY = rsa(2_048);
const SHORT_KEY = rsa(1_024);
const WEAK_KEY = rsa(512);
const ED25519 = Buffer.alloc(32, 7).toString('base64');
const key = (text: string) => `v=DKIM1; k=rsa; p=${text}`;

type Edit = (domain: string) => {
	/** Names whose records of the type go, `type name`; the name relative to the domain, `@` for itself. */
	without?: string[];
	with?: [name: string, type: string, value: string][];
	question?: Partial<DomainQuestion>;
};

const rows: ZooRow[] = [];

function row(
	name: string,
	faults: string[],
	edit: Edit,
	more: Pick<ZooRow, 'noRecord' | 'policy' | 'spf' | 'openDmarc'> = {},
): void {
	const domain = `${name}.test`;
	const { without = [], with: added = [], question = {} } = edit(domain);
	const full = (relative: string) =>
		relative === '@'
			? domain
			: relative.endsWith('.')
				? relative.slice(0, -1)
				: `${relative}.${domain}`;
	const gone = new Set(
		without.map((each) => {
			const [type = '', relative = '@'] = each.split(' ');
			return `${type} ${full(relative)}`;
		}),
	);
	const good: ZoneRecord[] = [
		[domain, 'MX', `10 mail.${domain}.`],
		[`mail.${domain}`, 'A', '192.0.2.25'],
		[domain, 'TXT', 'v=spf1 ip4:192.0.2.25 ~all'],
		[`s1._domainkey.${domain}`, 'TXT', key(KEY)],
		[`_dmarc.${domain}`, 'TXT', `v=DMARC1; p=quarantine; rua=mailto:dmarc@${domain}`],
	];
	rows.push({
		domain,
		faults,
		...more,
		question: { domain, selectors: ['s1'], ...question },
		records: [
			...good.filter(([at, type]) => !gone.has(`${type} ${at}`)),
			...added.map(([relative, type, value]): ZoneRecord => [full(relative), type, value]),
		],
	});
}

/** Another SPF record in place of the good one, and what it refers to. */
const spf =
	(record: string, ...more: [string, string, string][]): Edit =>
	() => ({ without: ['TXT @'], with: [['@', 'TXT', record], ...more] });
const dmarc =
	(record: string, ...more: [string, string, string][]): Edit =>
	() => ({ without: ['TXT _dmarc'], with: [['_dmarc', 'TXT', record], ...more] });
const dkim =
	(record: string): Edit =>
	() => ({ without: ['TXT s1._domainkey'], with: [['s1._domainkey', 'TXT', record]] });
const mx =
	(record: string, ...more: [string, string, string][]): Edit =>
	() => ({ without: ['MX @'], with: [['@', 'MX', record], ...more] });
const also =
	(...more: [string, string, string][]): Edit =>
	() => ({ with: more });

const policyFor = (exchange: string) =>
	`version: STSv1\r\nmode: enforce\r\nmx: ${exchange}\r\nmax_age: 604800\r\n`;

const host = (name: string): [string, string, string] => [name, 'A', '192.0.2.25'];
const sub = (name: string, record: string): [string, string, string] => [name, 'TXT', record];

// Good ones.
row('good', [], also(), { spf: 'pass' });
row('good-a-mx', [], spf('v=spf1 a:mail.good-a-mx.test mx -all'), { spf: 'pass' });
row(
	'good-include',
	[],
	spf('v=spf1 include:_spf.good-include.test ~all', sub('_spf', 'v=spf1 ip4:192.0.2.0/24 -all')),
	{ spf: 'pass' },
);
row(
	'good-redirect',
	[],
	spf('v=spf1 redirect=_spf.good-redirect.test', sub('_spf', 'v=spf1 ip4:192.0.2.0/24 -all')),
	{ spf: 'pass' },
);
row('good-none', [], dmarc('v=DMARC1; p=none; rua=mailto:postmaster@good-none.test'));
row('good-sending', [], () => ({ question: { sendingAddresses: ['192.0.2.25'] } }));
row('good-return-path', [], () => ({
	with: [
		['bounce', 'MX', '10 mail.good-return-path.test.'],
		['bounce', 'TXT', 'v=spf1 ip4:192.0.2.25 -all'],
	],
	question: { returnPathDomain: 'bounce.good-return-path.test' },
}));
row('good-two-keys', [], () => ({
	with: [['s2._domainkey', 'TXT', key(KEY)]],
	question: { selectors: ['s1', 's2'] },
}));
row('good-alias-key', [], () => ({
	without: ['TXT s1._domainkey'],
	with: [
		['s1._domainkey', 'CNAME', 'key.good-alias-key.test.'],
		['key', 'TXT', key(KEY)],
	],
}));
row(
	'good-extras',
	[],
	also(
		['_mta-sts', 'TXT', 'v=STSv1; id=20260101'],
		host('mta-sts'),
		['_smtp._tls', 'TXT', 'v=TLSRPTv1; rua=mailto:tls@good-extras.test'],
		['default._bimi', 'TXT', 'v=BIMI1; l=https://good-extras.test/logo.svg'],
		['@', 'TXT', 'some-verification=123'],
	),
	{ policy: policyFor('mail.good-extras.test') },
);

// SPF.
row('spf-none', ['spf.missing'], () => ({ without: ['TXT @'] }), { spf: 'none' });
row(
	'spf-none-address',
	['spf.missing'],
	() => ({ without: ['TXT @'], question: { sendingAddresses: ['192.0.2.25'] } }),
	{ spf: 'none' },
);
row(
	'spf-two',
	['spf.severalRecords'],
	also(
		['@', 'TXT', 'v=spf1 include:_spf.spf-two.test -all'],
		sub('_spf', 'v=spf1 ip4:198.51.100.0/24 -all'),
	),
	{ spf: 'permerror' },
);
row('spf-semicolon', ['spf.misspelt'], spf('v=spf1; ip4:192.0.2.25; ~all'), { spf: 'none' });
row('spf-space', ['spf.misspelt'], spf(' v=spf1 ip4:192.0.2.25 ~all'), { spf: 'none' });
row('spf-quotes', ['spf.misspelt'], spf('"v=spf1 ip4:192.0.2.25 ~all"'), { spf: 'none' });
row('spf-colon', ['spf.misspelt'], spf('v:spf1 ip4:192.0.2.25 ~all'), { spf: 'none' });
row('spf-ipv4', ['spf.syntax'], spf('v=spf1 ipv4:192.0.2.25 ~all'), { spf: 'permerror' });
row('spf-name-as-address', ['spf.syntax'], spf('v=spf1 ip4:mail.spf-name-as-address.test ~all'), {
	spf: 'permerror',
});
row('spf-bare-address', ['spf.syntax'], spf('v=spf1 192.0.2.25 ~all'), { spf: 'permerror' });
row(
	'spf-include-equals',
	['spf.equalsSign'],
	spf(
		'v=spf1 ip4:192.0.2.25 include=_spf.spf-include-equals.test ~all',
		sub('_spf', 'v=spf1 ip4:198.51.100.1 -all'),
	),
	{ spf: 'pass' },
);
row('spf-prefix', ['spf.syntax'], spf('v=spf1 ip4:192.0.2.0/33 ~all'), { spf: 'permerror' });
row('spf-all-dot', ['spf.syntax'], spf('v=spf1 ip4:192.0.2.25 ~all.'), { spf: 'permerror' });
row(
	'spf-joined',
	['spf.syntax'],
	spf(
		'v=spf1 ip4:192.0.2.25 a:mail.spf-joined.testinclude:_spf.spf-joined.test ~all',
		sub('_spf', 'v=spf1 ip4:198.51.100.1 -all'),
	),
	{ spf: 'pass' },
);
row('spf-dash', ['spf.syntax'], spf('v=spf1 ip4:192.0.2.25 all-'), { spf: 'permerror' });
row(
	'spf-dead-include',
	['spf.brokenInclude'],
	spf('v=spf1 ip4:192.0.2.25 include:gone.spf-dead-include.test ~all'),
	{ spf: 'pass' },
);
row(
	'spf-two-below',
	['spf.brokenInclude'],
	spf(
		'v=spf1 include:_spf.spf-two-below.test ip4:192.0.2.25 ~all',
		sub('_spf', 'v=spf1 -all'),
		sub('_spf', 'v=spf1 ~all'),
	),
	{ spf: 'permerror' },
);
row('spf-loop', ['spf.loop'], spf('v=spf1 include:spf-loop.test ip4:192.0.2.25 ~all'), {
	spf: 'permerror',
});
row(
	'spf-eleven',
	['spf.tooManyLookups'],
	spf(
		`v=spf1 ${Array.from({ length: 11 }, (_, n) => `include:i${n}.spf-eleven.test`).join(' ')} ~all`,
		...Array.from({ length: 11 }, (_, n) => sub(`i${n}`, `v=spf1 ip4:198.51.100.${n} -all`)),
	),
	{ spf: 'permerror' },
);
row(
	'spf-deep',
	['spf.tooManyLookups'],
	spf(
		'v=spf1 include:a.spf-deep.test include:b.spf-deep.test mx a:mail.spf-deep.test ~all',
		...['a', 'b'].flatMap((name) => [
			sub(
				name,
				`v=spf1 ${[1, 2, 3, 4].map((n) => `include:${n}.${name}.spf-deep.test`).join(' ')} -all`,
			),
			...[1, 2, 3, 4].map((n) => sub(`${n}.${name}`, `v=spf1 ip4:203.0.113.${n} -all`)),
		]),
	),
	{ spf: 'permerror' },
);
row(
	'spf-voids',
	['spf.tooManyVoidLookups'],
	spf('v=spf1 a:x.spf-voids.test a:y.spf-voids.test a:z.spf-voids.test ip4:192.0.2.25 ~all'),
	{ spf: 'permerror' },
);
row('spf-one-void', ['spf.voidLookups'], spf('v=spf1 a:x.spf-one-void.test ip4:192.0.2.25 ~all'), {
	spf: 'pass',
});
row(
	'spf-many-mx',
	['spf.tooManyExchangers'],
	() => ({
		without: ['TXT @', 'MX @'],
		with: [
			['@', 'TXT', 'v=spf1 mx ip4:192.0.2.25 ~all'],
			...Array.from({ length: 11 }, (_, n): [string, string, string] => [
				'@',
				'MX',
				`${n} m${n}.spf-many-mx.test.`,
			]),
			...Array.from({ length: 11 }, (_, n): [string, string, string] => [
				`m${n}`,
				'A',
				`198.51.100.${n}`,
			]),
		],
	}),
	{ spf: 'permerror' },
);
row('spf-plus-all', ['spf.everybodyPasses'], spf('v=spf1 ip4:192.0.2.25 +all'), { spf: 'pass' });
row('spf-question-all', ['spf.neutralEnd'], spf('v=spf1 ip4:192.0.2.25 ?all'), { spf: 'pass' });
row('spf-no-all', ['spf.neutralEnd'], spf('v=spf1 ip4:192.0.2.25'), { spf: 'pass' });
row('spf-wide', ['spf.wideRange'], spf('v=spf1 ip4:192.0.0.0/8 ~all'), {
	noRecord: true,
	spf: 'pass',
});
row('spf-ptr', ['spf.ptr'], spf('v=spf1 ip4:192.0.2.25 ptr ~all'), { spf: 'pass' });
row('spf-after-all', ['spf.deadTerms'], spf('v=spf1 ip4:198.51.100.1 ~all ip4:192.0.2.25'), {
	spf: 'softfail',
});
row(
	'spf-nine',
	['spf.manyLookups'],
	spf(
		`v=spf1 ${Array.from({ length: 9 }, (_, n) => `include:i${n}.spf-nine.test`).join(' ')} ip4:192.0.2.25 ~all`,
		...Array.from({ length: 9 }, (_, n) => sub(`i${n}`, `v=spf1 ip4:198.51.100.${n} -all`)),
	),
	{ spf: 'pass' },
);
row('spf-other-address', ['spf.addressNotAllowed'], () => ({
	question: { sendingAddresses: ['198.51.100.7'] },
}));
row('spf-other-address6', ['spf.addressNotAllowed'], () => ({
	question: { sendingAddresses: ['2001:db8::7'] },
}));

// DKIM.
row('dkim-no-key', ['dkim.keyMissing'], () => ({ without: ['TXT s1._domainkey'] }), {
	noRecord: true,
});
row('dkim-doubled', ['dkim.wrongPlace'], () => ({
	without: ['TXT s1._domainkey'],
	with: [['s1._domainkey.dkim-doubled.test', 'TXT', key(KEY)]],
}));
row(
	'dkim-dangling',
	['dkim.danglingAlias'],
	() => ({
		without: ['TXT s1._domainkey'],
		with: [['s1._domainkey', 'CNAME', 'gone.dkim-dangling.test.']],
	}),
	{ noRecord: true },
);
row('dkim-revoked', ['dkim.revoked'], dkim('v=DKIM1; p='), { noRecord: true });
row('dkim-escaped', ['dkim.escaped'], dkim(`"v=DKIM1\\; k=rsa\\; p=${KEY}"`));
row('dkim-cut', ['dkim.unreadable'], dkim(key(KEY.slice(0, 200))), { noRecord: true });
row('dkim-no-p', ['dkim.noKey'], dkim('v=DKIM1; k=rsa'), { noRecord: true });
row('dkim-weak', ['dkim.weakKey'], dkim(key(WEAK_KEY)), { noRecord: true });
row('dkim-short', ['dkim.shortKey'], dkim(key(SHORT_KEY)), { noRecord: true });
row('dkim-test', ['dkim.testMode'], dkim(`v=DKIM1; k=rsa; t=y:s; p=${KEY}`));
row('dkim-sha1', ['dkim.hash'], dkim(`v=DKIM1; h=sha1; p=${KEY}`));
row('dkim-service', ['dkim.service'], dkim(`v=DKIM1; s=tlsrpt; p=${KEY}`));
row('dkim-kind', ['dkim.keyType'], dkim(`v=DKIM1; k=dsa; p=${KEY}`));
row('dkim-version', ['dkim.version'], dkim(`k=rsa; v=DKIM1; p=${KEY}`));
row('dkim-two', ['dkim.severalRecords'], also(['s1._domainkey', 'TXT', key(SHORT_KEY)]));
row('dkim-ed25519', ['dkim.ed25519'], dkim(`v=DKIM1; k=ed25519; p=${ED25519}`), { noRecord: true });

// DMARC.
row('dmarc-none', ['dmarc.missing'], () => ({ without: ['TXT _dmarc'] }));
row(
	'dmarc-two',
	['dmarc.severalRecords'],
	also(['_dmarc', 'TXT', 'v=DMARC1; p=none; rua=mailto:a@dmarc-two.test']),
	{
		openDmarc: {
			policy: 'quarantine',
			passes: true,
			because:
				'it takes the first of several records; RFC 7489 section 6.6.3 and RFC 9989 take none',
		},
	},
);
row('dmarc-apex', ['dmarc.wrongPlace'], () => ({
	without: ['TXT _dmarc'],
	with: [['@', 'TXT', 'v=DMARC1; p=none; rua=mailto:a@dmarc-apex.test']],
}));
row('dmarc-lower', ['dmarc.misspelt'], dmarc('v=dmarc1; p=none; rua=mailto:a@dmarc-lower.test'));
row('dmarc-no-version', ['dmarc.misspelt'], dmarc('p=none; rua=mailto:a@dmarc-no-version.test'));
row('dmarc-commas', ['dmarc.misspelt'], dmarc('v=DMARC1, p=none, rua=mailto:a@dmarc-commas.test'));
row(
	'dmarc-policy',
	['dmarc.invalidPolicy'],
	dmarc('v=DMARC1; p=monitor; rua=mailto:a@dmarc-policy.test'),
);
row('dmarc-no-rua', ['dmarc.noReports'], dmarc('v=DMARC1; p=quarantine'));
row(
	'dmarc-bare-rua',
	['dmarc.badReportAddress'],
	dmarc('v=DMARC1; p=quarantine; rua=a@dmarc-bare-rua.test'),
);
row(
	'dmarc-foreign-rua',
	['dmarc.reportsNotAuthorized'],
	dmarc('v=DMARC1; p=quarantine; rua=mailto:a@reports.example'),
);
row(
	'dmarc-sub-weaker',
	['dmarc.subdomainWeaker'],
	dmarc('v=DMARC1; p=reject; sp=none; rua=mailto:a@dmarc-sub-weaker.test'),
);
row(
	'dmarc-psd',
	['dmarc.publicSuffix'],
	dmarc('v=DMARC1; p=none; psd=y; rua=mailto:a@dmarc-psd.test'),
);
row(
	'dmarc-strict',
	['dmarc.strictAlignment'],
	() => ({
		without: ['TXT _dmarc', 'TXT s1._domainkey'],
		with: [
			['_dmarc', 'TXT', 'v=DMARC1; p=quarantine; aspf=s; adkim=s; rua=mailto:a@dmarc-strict.test'],
			['bounce', 'MX', '10 mail.dmarc-strict.test.'],
			['bounce', 'TXT', 'v=spf1 ip4:192.0.2.25 -all'],
			// Keys may be there, only not at a name that anybody would guess.
			['x._domainkey', 'TXT', key(KEY)],
		],
		question: { selectors: [], returnPathDomain: 'bounce.dmarc-strict.test' },
	}),
	{
		openDmarc: {
			policy: 'quarantine',
			passes: true,
			because:
				'with a list of suffixes it takes strict for relaxed, mended after 1.4 (its pull request 354)',
		},
	},
);
row(
	'news.team.dmarc-readers',
	['dmarc.readersDiffer'],
	() => ({
		without: ['TXT _dmarc'],
		with: [
			[
				'_dmarc.team.dmarc-readers.test.',
				'TXT',
				'v=DMARC1; p=reject; psd=n; rua=mailto:a@dmarc-readers.test',
			],
			['_dmarc.dmarc-readers.test.', 'TXT', 'v=DMARC1; p=none; rua=mailto:a@dmarc-readers.test'],
		],
	}),
	{
		openDmarc: {
			policy: 'none',
			passes: true,
			because:
				'it reads as RFC 7489 says, which knows no psd=n: the record of the registered domain',
		},
	},
);
row(
	'dmarc-relay',
	['dmarc.notAligned'],
	() => ({
		without: ['TXT s1._domainkey'],
		with: [['x._domainkey', 'TXT', key(KEY)]],
		question: { selectors: [], returnPathDomain: 'good.test' },
	}),
	{ noRecord: true },
);

row(
	'news.team.dmarc-middle',
	['dmarc.readersDiffer'],
	() => ({
		without: ['TXT _dmarc'],
		with: [
			[
				'_dmarc.team.dmarc-middle.test.',
				'TXT',
				'v=DMARC1; p=reject; rua=mailto:a@team.dmarc-middle.test',
			],
		],
	}),
	{
		openDmarc: {
			policy: null,
			passes: false,
			because:
				'it reads as RFC 7489 says: only the domain itself and the registered one, which has no record',
		},
	},
);

// Mail servers and what concerns incoming mail.
row('mx-none', ['mx.missing'], () => ({ without: ['MX @'] }));
row('mx-null', ['mx.null'], mx('0 .'));
row('mx-implicit', ['mx.implicit'], () => ({ without: ['MX @'], with: [host('@')] }));
row(
	'mx-alias',
	['mx.alias'],
	mx('10 alias.mx-alias.test.', ['alias', 'CNAME', 'mail.mx-alias.test.']),
);
row('mx-address', ['mx.isAddress'], mx('10 192.0.2.25.'), { noRecord: true });
row(
	'mx-private',
	['mx.privateAddress'],
	mx('10 inside.mx-private.test.', ['inside', 'A', '10.0.0.5']),
	{ noRecord: true },
);
row('mx-no-address', ['mx.noAddress'], () => ({
	with: [['@', 'MX', '20 gone.mx-no-address.test.']],
}));
row(
	'sts-broken',
	['receiving.mtaStsBroken'],
	also(['_mta-sts', 'TXT', 'v=STSv1; id=2026-01-01'], host('mta-sts')),
	{ policy: policyFor('*.sts-broken.test') },
);
row(
	'sts-other-server',
	['receiving.mtaStsMx'],
	also(['_mta-sts', 'TXT', 'v=STSv1; id=1'], host('mta-sts')),
	{ policy: policyFor('old.sts-other-server.test') },
);
row(
	'sts-page',
	['receiving.mtaStsPolicy'],
	also(['_mta-sts', 'TXT', 'v=STSv1; id=1'], host('mta-sts')),
	{ policy: '<!doctype html><p>Hello</p>' },
);
row(
	'sts-no-file',
	['receiving.mtaStsNoPolicy'],
	also(['_mta-sts', 'TXT', 'v=STSv1; id=1'], host('mta-sts')),
	{ noRecord: true },
);
row('sts-no-host', ['receiving.mtaStsNoPolicy'], also(['_mta-sts', 'TXT', 'v=STSv1; id=1']));
row(
	'tls-reports',
	['receiving.tlsReportsBroken'],
	also(['_smtp._tls', 'TXT', 'v=TLSRPTv1; rua=tls@tls-reports.test']),
);
row(
	'tlsa-usage',
	['receiving.tlsaUsage'],
	also([
		'_25._tcp.mail',
		'TLSA',
		'1 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6',
	]),
);
row('bimi-weak', ['brand.weakPolicy'], () => ({
	without: ['TXT _dmarc'],
	with: [
		['_dmarc', 'TXT', 'v=DMARC1; p=none; rua=mailto:a@bimi-weak.test'],
		['default._bimi', 'TXT', 'v=BIMI1; l=https://bimi-weak.test/logo.svg'],
	],
}));
row(
	'bimi-broken',
	['brand.broken'],
	also(['default._bimi', 'TXT', 'v=BIMI1; l=http://bimi-broken.test/logo.svg']),
	{ noRecord: true },
);

export const ZOO: readonly ZooRow[] = rows;
