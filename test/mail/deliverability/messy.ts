/*
 * Domains as one meets them: records of several hands, pasted, forgotten, moved and half taken over by
 * services. Each row says what is complained about, and what of it no record of one's own mends.
 */
import { generateKeyPairSync } from 'node:crypto';

import type { DomainQuestion } from '../../../mail/deliverability/domain';
import type { ZoneRecord } from '../../support/zone-server';

export interface MessyRow {
	domain: string;
	records: ZoneRecord[];
	question: DomainQuestion;
	/** `status id` of all that is not in order, in the order in which it is told. */
	told: string[];
	/** Ids that stay after all that is advised is published: words say what to do. */
	stays: string[];
	/** What the advised records must hold. */
	advice: string[];
}

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const KEY = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

const rows: MessyRow[] = [];

type Row = Pick<MessyRow, 'told'> & {
	/** Of the good records: `MX`, `TXT`, `dkim` and `dmarc` go. */
	without?: readonly string[];
	with: [name: string, type: string, value: string][];
	stays?: string[];
	advice?: string[];
	question?: Partial<DomainQuestion>;
};

/** Names are relative to the domain; `@` is itself, and one with a final dot stands alone. */
function row(domain: string, { told, stays = [], advice = [], question = {}, ...more }: Row): void {
	const full = (name: string) =>
		name === '@' ? domain : name.endsWith('.') ? name.slice(0, -1) : `${name}.${domain}`;
	const good: [kind: string, record: ZoneRecord][] = [
		['MX', [domain, 'MX', `10 mail.${domain}.`]],
		['A', [`mail.${domain}`, 'A', '192.0.2.25']],
		['TXT', [domain, 'TXT', 'v=spf1 ip4:192.0.2.25 ~all']],
		['dkim', [`s1._domainkey.${domain}`, 'TXT', `v=DKIM1; k=rsa; p=${KEY}`]],
		['dmarc', [`_dmarc.${domain}`, 'TXT', `v=DMARC1; p=quarantine; rua=mailto:dmarc@${domain}`]],
	];
	rows.push({
		...{ domain, told, stays, advice },
		question: { domain, selectors: ['s1'], ...question },
		records: [
			...good.flatMap(([kind, record]) => (more.without?.includes(kind) ? [] : [record])),
			...more.with.map(([name, type, value]): ZoneRecord => [full(name), type, value]),
		],
	});
}

row('three-spf.test', {
	without: ['TXT'],
	with: [
		['@', 'TXT', 'v=spf1 a:gone.three-spf.test ~all'],
		['@', 'TXT', 'V=SPF1  mx a:mail.three-spf.test   -ALL'],
		['@', 'TXT', 'v=spf1 redirect=_a.three-spf.test'],
		['@', 'TXT', 'google-site-verification=abc'],
		['_a', 'TXT', 'v=spf1 ip4:198.51.100.0/24 ?all'],
	],
	told: ['fail spf.severalRecords'],
	// Whoever was let through by "redirect" still is.
	advice: ['v=spf1 mx a:mail.three-spf.test include:_a.three-spf.test ~all'],
});
row('strings-spf.test', {
	without: ['TXT'],
	with: [
		['@', 'STRINGS', '"v=spf1 ip4:192.0.2.25 include:_a.strings-spf.test" "ip4:198.51.100.1 -all"'],
		['_a', 'TXT', 'v=spf1 ip4:198.51.100.0/24 ?all'],
	],
	told: ['fail spf.syntax'],
	advice: ['v=spf1 ip4:192.0.2.25 include:_a.strings-spf.test ip4:198.51.100.1 -all'],
});
row('all-wrong-spf.test', {
	without: ['TXT'],
	with: [['@', 'TXT', 'v=spf1 a mx ptr:all-wrong-spf.test include:_gone.all-wrong-spf.test +all']],
	told: ['fail spf.brokenInclude'],
	advice: ['v=spf1 mx ~all'],
});
row('host-as-mx-spf.test', {
	without: ['TXT'],
	with: [
		['@', 'TXT', 'v=spf1 +a mx:mail.host-as-mx-spf.test include:_a.host-as-mx-spf.test -all'],
		['_a', 'TXT', 'v=spf1 ip4:198.51.100.0/24 -all'],
	],
	told: ['warning spf.voidLookups'],
	advice: ['v=spf1 a:mail.host-as-mx-spf.test include:_a.host-as-mx-spf.test -all'],
});
row('macro-spf.test', {
	without: ['TXT'],
	with: [['@', 'TXT', 'v=spf1 exists:%{i}._spf.%{d} include:%{d2}.spf.esp.test ~all']],
	told: ['info spf.dependsOnSender'],
});
row('two-senders-spf.test', {
	with: [],
	question: { sendingAddresses: ['198.51.100.7', '192.0.2.25', '2001:db8::7'] },
	told: ['fail spf.addressNotAllowed', 'fail spf.addressNotAllowed'],
	advice: ['v=spf1 ip4:198.51.100.7 ip6:2001:db8::7 ip4:192.0.2.25 ~all'],
});
row('broken-service-spf.test', {
	without: ['TXT'],
	with: [
		['@', 'TXT', 'v=spf1 include:_spf.service.test ip4:192.0.2.25 ~all'],
		['_spf.service.test.', 'TXT', 'v=spf1 include:_old.service.test -all'],
	],
	told: ['fail spf.brokenInclude'],
	stays: ['spf.brokenInclude'],
});
row('parked.test', {
	without: ['MX', 'TXT', 'dkim', 'dmarc'],
	with: [
		['@', 'MX', '0 .'],
		['@', 'TXT', 'v=spf1 -all'],
		['*._domainkey', 'TXT', 'v=DKIM1; p='],
		['_dmarc', 'TXT', 'v=DMARC1; p=reject;'],
	],
	question: { selectors: [] },
	told: [
		'fail spf.nobodySends',
		'unknown dkim.unknownSelector',
		'warning dmarc.noReports',
		'fail mx.null',
	],
	advice: [
		'v=spf1 mx ~all',
		'v=DMARC1; p=reject; rua=mailto:postmaster@parked.test',
		'10 mail.parked.test',
	],
});
row('wildcard.test', {
	without: ['dkim', 'dmarc'],
	with: [['*', 'TXT', 'v=spf1 -all']],
	question: { selectors: [] },
	told: ['unknown dkim.unknownSelector', 'fail dmarc.missing'],
});
row('retired-keys.test', {
	with: [
		['s2._domainkey', 'TXT', 'v=DKIM1; p='],
		['google._domainkey', 'TXT', `"v=DKIM1\\; k=rsa\\; p=${KEY}"`],
	],
	question: { selectors: [] },
	// The broken one may be out of use: no receiver's verdict goes by it.
	told: ['warning dkim.escaped'],
});
row('aliased-key.test', {
	without: ['dkim'],
	with: [
		['s1._domainkey', 'CNAME', 's1.dkim.esp.test.'],
		['s1.dkim.esp.test.', 'CNAME', 'k7.dkim.esp.test.'],
		['k7.dkim.esp.test.', 'TXT', `k=rsa;t=s;p=${KEY}`],
	],
	told: [],
});
row('spaced-key.test', {
	without: ['dkim'],
	with: [
		[
			's1._domainkey',
			'STRINGS',
			`"p=${KEY.slice(0, 70)} " "  ${KEY.slice(70, 200)}\\010" " ${KEY.slice(200)} ;"`,
		],
	],
	told: [],
});
for (const [name, text] of [
	['pem-key.test', `v=DKIM1; k=rsa; p=-----BEGIN PUBLIC KEY-----${KEY}-----END PUBLIC KEY-----`],
	['bare-version-key.test', `DKIM1; k=rsa; p=${KEY}`],
	['no-semicolon-key.test', `v=DKIM1 k=rsa p=${KEY}`],
] as const)
	row(name, {
		without: ['dkim'],
		with: [['s1._domainkey', 'TXT', text]],
		told: ['fail dkim.escaped'],
		advice: [`v=DKIM1; k=rsa; p=${KEY}`],
	});
row('news.open-parent.test', {
	without: ['dmarc'],
	with: [
		[
			'_dmarc.open-parent.test.',
			'TXT',
			'v=DMARC1; p=reject; sp=none; np=reject; rua=mailto:d@open-parent.test',
		],
		['open-parent.test.', 'A', '192.0.2.25'],
	],
	told: ['info dmarc.inherited', 'warning dmarc.subdomainWeaker'],
	advice: ['v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:d@open-parent.test'],
});
row('foreign-reports.test', {
	without: ['dmarc'],
	with: [
		[
			'_dmarc',
			'TXT',
			'v=DMARC1;p=none;sp=none;pct=50;fo=1;rua=mailto:a@ok.example,mailto:b@no.example!10m,mailto:c@no.example;ruf=mailto:x@gone.example',
		],
		['*._report._dmarc.ok.example.', 'TXT', 'v=DMARC1;'],
	],
	told: [
		'info dmarc.removedTags',
		'info dmarc.policyNone',
		'info dmarc.manyReportAddresses',
		'warning dmarc.reportsNotAuthorized',
	],
});
row('worded-dmarc.test', {
	without: ['dmarc'],
	with: [
		[
			'_dmarc',
			'TXT',
			'v=DMARC1; P=Reject; sp=none; psd=y; rua=d@worded-dmarc.test; adkim=relaxed; aspf=strict; pct=100;;',
		],
	],
	told: [
		'warning dmarc.syntax',
		'warning dmarc.subdomainWeaker',
		'info dmarc.removedTags',
		'warning dmarc.publicSuffix',
		'warning dmarc.badReportAddress',
	],
	advice: ['v=DMARC1; p=reject; sp=reject; rua=mailto:d@worded-dmarc.test; adkim=r; aspf=s'],
});
row('no-semicolon-dmarc.test', {
	without: ['dmarc'],
	with: [['_dmarc', 'TXT', 'v=DMARC1 p=reject rua=mailto:d@no-semicolon-dmarc.test']],
	told: ['fail dmarc.misspelt'],
	advice: ['v=DMARC1; p=reject; rua=mailto:d@no-semicolon-dmarc.test'],
});
row('aliased-dmarc.test', {
	without: ['dmarc'],
	with: [
		['_dmarc', 'CNAME', '_dmarc.managed.test.'],
		['_dmarc.managed.test.', 'TXT', 'v=DMARC1; p=none'],
	],
	told: ['info dmarc.policyNone', 'warning dmarc.noReports'],
	stays: ['dmarc.noReports'],
});
row('alias-mx.test', {
	without: ['MX'],
	with: [
		['@', 'MX', '10 alias.alias-mx.test.'],
		['@', 'MX', '20 alias.alias-mx.test.'],
		['alias', 'CNAME', 'mail.alias-mx.test.'],
	],
	told: ['warning mx.alias'],
	advice: ['10 mail.alias-mx.test'],
});
row('address-mx.test', {
	without: ['MX'],
	with: [
		['@', 'MX', '10 192.0.2.25.'],
		['@', 'MX', '20 mail.address-mx.test.'],
	],
	told: ['warning mx.isAddress'],
});
row('address-with-domain-mx.test', {
	without: ['MX'],
	with: [['@', 'MX', '10 192.0.2.25.address-with-domain-mx.test.']],
	told: ['fail mx.isAddress'],
	stays: ['mx.isAddress'],
});
row('null-beside-mx.test', {
	with: [['@', 'MX', '0 .']],
	told: ['fail mx.null'],
});
row('logo-without-certificate.test', {
	with: [
		['default._bimi', 'TXT', 'v=BIMI1; l=https://logo-without-certificate.test/logo.svg; a=;'],
	],
	told: ['info brand.announced'],
});
row('logo-unprotected.test', {
	without: ['dmarc'],
	with: [
		['_dmarc', 'TXT', 'v=DMARC1; p=none; sp=none; rua=d@logo-unprotected.test'],
		['default._bimi', 'TXT', 'v=BIMI1; l=https://logo-unprotected.test/logo.svg'],
	],
	told: ['info dmarc.policyNone', 'warning dmarc.badReportAddress', 'warning brand.weakPolicy'],
	// The logo's advice goes on from the report address's.
	advice: [
		'v=DMARC1; p=none; sp=none; rua=mailto:d@logo-unprotected.test',
		'v=DMARC1; p=quarantine; sp=none; rua=mailto:d@logo-unprotected.test',
	],
	stays: ['dmarc.subdomainWeaker'],
});
row('tlsa-unsigned.test', {
	with: [
		[
			'_25._tcp.mail',
			'TLSA',
			'3 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6',
		],
	],
	told: [],
});
row('old-sts.test', {
	with: [
		['_mta-sts', 'TXT', 'v=STSv1; id=20190429T010101;'],
		['mta-sts', 'CNAME', 'gone.pages.test.'],
	],
	told: ['warning receiving.mtaStsNoPolicy'],
});
row('two-tls-reports.test', {
	with: [
		['_smtp._tls', 'TXT', 'v=TLSRPTv1; rua=mailto:a@two-tls-reports.test,https://r.example/x'],
		['_smtp._tls', 'TXT', 'v=TLSRPTv1;rua=mailto:b@two-tls-reports.test'],
	],
	told: ['warning receiving.tlsReportsBroken'],
});

export const MESSY: readonly MessyRow[] = rows;
