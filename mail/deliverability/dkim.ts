import type { DkimKey } from '../message/dkim-key';
import { dkimRecordText, isPublicKeyOf, readPublicKey } from '../message/dkim-record';
import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import { BY_NONE, FOR_BULK } from './finding';
import type { Finding } from './finding';
import { findingMaker } from './finding-maker';
import type { MakeFinding } from './finding-maker';
import { readTagList } from '../message/tag-list';

export interface DkimSubject {
	domain: string;
	/** Those in use, where the user knows them; else the names that services use are tried. */
	selectors: readonly string[];
	/** The key that our nodes sign with: what is published is held against it. */
	key?: DkimKey;
}

export interface DkimCheck {
	findings: Finding[];
	/** Domains for which a usable key was found. */
	signingDomains: string[];
}

/** Selectors that mail services and servers use by default. */
const USUAL_SELECTORS: readonly string[] = [
	...['default', 'dkim', 'mail', 'email', 'selector1', 'selector2', 'google', 's1', 's2'],
	...['k1', 'k2', 'k3', 'mandrill', 'mxvault', 'fm1', 'fm2', 'fm3', 'protonmail', 'protonmail2'],
	...['protonmail3', 'zoho', 'zmail', 'sib', 'sendgrid', 'smtpapi', 'pm', 'resend', 'sig1', 'key1'],
];

const ED25519_ID = 'dkim.ed25519';
const WEAK_BITS = 1_024;
const GOOD_BITS = 2_048;
const LONGEST_BITS = 4_096;

/** Are the keys that sign the domain's mail published, and such that receivers take them (RFC 6376)? */
export async function checkDkim(subject: DkimSubject, dns: Dns): Promise<DkimCheck> {
	const { domain, key } = subject;
	const given = subject.selectors.map((selector) => ({ selector, domain, key: undefined }));
	const wanted = key
		? [
				...given.filter(({ selector }) => selector !== key.selector || key.domain !== domain),
				{ selector: key.selector, domain: key.domain, key },
			]
		: given;
	if (wanted.length === 0) return await guess(domain, dns);
	const keys: CheckedKey[] = [];
	for (const one of wanted)
		keys.push({
			domain: one.domain,
			findings: await checkKey(one.selector, one.domain, one.key, dns),
		});
	return together(keys);
}

interface CheckedKey {
	domain: string;
	findings: Finding[];
}

/** What several keys are worth together: an Ed25519 key alone is no signature for Gmail and Outlook. */
function together(keys: readonly CheckedKey[]): DkimCheck {
	const readByAll = keys.filter(({ findings }) =>
		findings.every(({ id, status }) => status !== 'fail' && id !== ED25519_ID),
	);
	const signingDomains = [...new Set(readByAll.map(({ domain }) => domain))];
	const findings = keys.flatMap((each) =>
		signingDomains.includes(each.domain) ? each.findings.map(besideRsa) : each.findings,
	);
	return { findings, signingDomains };
}

/** Signed with both, as RFC 8463 section 4 says: whoever cannot read the one reads the other. */
function besideRsa(finding: Finding): Finding {
	if (finding.id !== ED25519_ID) return finding;
	return {
		...finding,
		status: 'info',
		why: 'That is as it should be while the mail is signed with your RSA key as well.',
		fixes: [],
	};
}

/** Without a selector one can only try: what is not found proves nothing, and what is may be out of use. */
async function guess(domain: string, dns: Dns): Promise<DkimCheck> {
	const answers = await Promise.all(
		USUAL_SELECTORS.map(async (selector) => ({
			selector,
			answer: await dns.lookUp(`${selector}._domainkey.${domain}`, 'TXT'),
		})),
	);
	const selectors = answers.flatMap(({ selector, answer }) =>
		answer.outcome === 'records' && answer.records.some(({ text }) => isMeantAsKey(text))
			? [{ selector, texts: answer.records.map(({ text }) => text).join('\n') }]
			: [],
	);
	const everywhere = selectors.length > MOST_KEYS ? selectors[0] : undefined;
	// A record for every name that is asked for (*) is one record.
	const found =
		everywhere && selectors.every(({ texts }) => texts === everywhere.texts)
			? [everywhere]
			: selectors;
	const keys: CheckedKey[] = [];
	for (const { selector } of found)
		keys.push({ domain, findings: await checkKey(selector, domain, undefined, dns) });
	const told = together(keys);
	if (told.signingDomains.length > 0)
		return { ...told, findings: told.findings.flatMap(besideSoundKey) };
	const inUse = told.findings.filter(({ id }) => id !== 'dkim.revoked');
	if (inUse.length > 0) return { ...told, findings: inUse };
	const revoked = told.findings.flatMap(({ subject, evidence }) =>
		evidence.map((text) => `${subject} TXT ${text}`),
	);
	const parent = await dns.lookUp(`_domainkey.${domain}`, 'TXT');
	const find = findingMaker({
		area: 'dkim',
		subject: domain,
		requiredBy: FOR_BULK,
		source: 'RFC 6376 section 3.6.2',
	});
	const finding =
		found.length === 0 && parent.outcome === 'none' && !parent.nameExists
			? find(
					'dkim.missing',
					'fail',
					`${domain} publishes no DKIM key, so its mail cannot be signed in its name.`,
					'Gmail, Yahoo, Microsoft and Apple want DKIM from everybody who sends to many.',
					{
						fixes: [
							{
								kind: 'setting',
								text: `Switch DKIM on at your mail service for ${domain} and publish the records that it shows; or make a key of your own for the credential DKIM Key and sign with it here.`,
							},
						],
					},
				)
			: find(
					'dkim.unknownSelector',
					'unknown',
					`Whether ${domain} publishes a DKIM key cannot be told without its selector.`,
					`The names that services use by default hold ${revoked.length > 0 ? 'only revoked keys' : 'none'}. Give the selector: it stands as "s=" in the DKIM-Signature of a mail that you sent.`,
					{ evidence: revoked },
				);
	return { findings: [finding], signingDomains: [] };
}

/** More keys than any domain has under the usual names. */
const MOST_KEYS = 8;

/** A TXT record for all names of a domain (*) may hold anything. */
function isMeantAsKey(text: string): boolean {
	return /DKIM|(?:^|;)\s*[pk]\s*=/i.test(text.slice(0, 4_000));
}

/** A key that was found by guessing, with a sound one beside it: nobody may sign with it any more. */
function besideSoundKey(finding: Finding): Finding[] {
	if (finding.status !== 'fail') return [finding];
	// That is how a key is taken out of use.
	if (finding.id === 'dkim.revoked') return [];
	return [
		{
			...finding,
			status: 'warning',
			requiredBy: BY_NONE,
			why: `${finding.why} Another key of the domain is sound; if nothing is signed with this one, delete its record.`,
		},
	];
}

/** Looks up one key and says what is wrong with it. */
async function checkKey(
	selector: string,
	domain: string,
	key: DkimKey | undefined,
	dns: Dns,
): Promise<Finding[]> {
	const name = `${selector}._domainkey.${domain}`;
	const answer = await dns.lookUp(name, 'TXT');
	const find = findingMaker({
		area: 'dkim',
		subject: name,
		requiredBy: FOR_BULK,
		source: 'RFC 6376 section 3.6.1',
	});
	if (answer.outcome === 'unknown')
		return [
			find(
				'dkim.unknown',
				'unknown',
				`The DKIM key at ${name} could not be looked up: ${answer.reason}.`,
				'Nothing is known, so nothing is held against the domain.',
			),
		];
	if (answer.outcome === 'none') return [await explainMissing(name, domain, key, dns, find)];
	const texts = answer.records.map(({ text }) => text);
	const keys = texts.filter((text) => /(?:^|;)\s*p\s*=/i.test(text.slice(0, 4_000)));
	if (keys.length > 1)
		return [
			find(
				'dkim.severalRecords',
				'fail',
				`${name} holds ${keys.length} keys; which one receivers take is chance.`,
				'Signatures are then believed by some and not by others.',
				{
					fixes: key
						? keepOnly(name, keys, dkimRecordText(key))
						: keys.slice(1).map((value) => dnsFix(name, { action: 'delete', type: 'TXT', value })),
					evidence: keys,
					source: 'RFC 6376 section 3.6.2.2',
				},
			),
		];
	return readKey(keys[0] ?? texts[0] ?? '', key, name, find);
}

const AT_THE_SERVICE =
	'Publish the whole record that your mail service shows for this selector, or sign with another key.';
const WHY_NO_SIGNATURE = 'Signatures with this key are not believed, as if the mail had none.';

async function explainMissing(
	name: string,
	domain: string,
	key: DkimKey | undefined,
	dns: Dns,
	find: MakeFinding,
): Promise<Finding> {
	const alias = await dns.lookUp(name, 'CNAME');
	if (alias.outcome === 'records') {
		const target = alias.records[0] ?? '';
		return find(
			'dkim.danglingAlias',
			'fail',
			`${name} refers to ${target}, where there is no key.`,
			WHY_NO_SIGNATURE,
			{
				fixes: [
					{
						kind: 'setting',
						text: `See at your mail service whether ${target} is the name that it gives, and whether DKIM is switched on there.`,
					},
				],
				evidence: [`${name} CNAME ${target}`],
			},
		);
	}
	const doubled = await dns.lookUp(`${name}.${domain}`, 'TXT');
	if (doubled.outcome === 'records') {
		const text = doubled.records[0]?.text ?? '';
		return find(
			'dkim.wrongPlace',
			'fail',
			`The key stands at ${name}.${domain}: the domain is there twice, so nobody finds it.`,
			WHY_NO_SIGNATURE,
			{
				fixes: [
					dnsFix(name, {
						action: 'publish',
						type: 'TXT',
						value: text,
						note: 'Many DNS panels add the domain to what you type as the name.',
					}),
				],
				evidence: [`${name}.${domain} TXT ${text}`],
			},
		);
	}
	return find('dkim.keyMissing', 'fail', `There is no DKIM key at ${name}.`, WHY_NO_SIGNATURE, {
		fixes: key
			? [dnsFix(name, { action: 'publish', type: 'TXT', value: dkimRecordText(key) })]
			: [
					{
						kind: 'setting',
						text: 'Publish the record that your mail service shows for this selector, or check the selector.',
					},
				],
	});
}

function readKey(
	text: string,
	key: DkimKey | undefined,
	name: string,
	find: MakeFinding,
): Finding[] {
	const evidence = [text];
	const replaceWith = (value: string | undefined): Pick<Finding, 'fixes' | 'evidence'> => ({
		fixes:
			value === undefined
				? [{ kind: 'setting', text: AT_THE_SERVICE }]
				: [dnsFix(name, { action: 'replace', type: 'TXT', value, oldValue: text })],
		evidence,
	});
	const right = key && dkimRecordText(key);
	const cleaned = cleanKeyRecord(text);
	const tags = readTagList(text);
	const published = tags.get('p')?.replace(/\s+/g, '');
	if (cleaned !== text.trim() && readPublicKey(readTagList(cleaned).get('p') ?? ''))
		return [
			find(
				'dkim.escaped',
				'fail',
				`The DKIM record at ${name} was not pasted as it should be: it holds characters too many, or a semicolon is missing.`,
				`${WHY_NO_SIGNATURE} DNS panels sometimes add quotation marks and backslashes, and lines such as BEGIN PUBLIC KEY do not belong into the record.`,
				replaceWith(right ?? cleaned),
			),
		];
	if (published === undefined)
		return [
			find(
				'dkim.noKey',
				'fail',
				`The record at ${name} holds no DKIM key (no p=).`,
				WHY_NO_SIGNATURE,
				replaceWith(right),
			),
		];
	if (published === '')
		return [
			find(
				'dkim.revoked',
				'fail',
				`The DKIM key at ${name} is revoked (p= is empty).`,
				WHY_NO_SIGNATURE,
				replaceWith(right),
			),
		];
	const version = tags.get('v');
	if (version !== undefined && (version !== 'DKIM1' || tags.tags[0]?.name !== 'v'))
		return [
			find(
				'dkim.version',
				'fail',
				`The DKIM record at ${name} does not begin with "v=DKIM1".`,
				WHY_NO_SIGNATURE,
				replaceWith(right ?? withoutTag(text, 'v', 'v=DKIM1; ')),
			),
		];
	const kind = (tags.get('k') ?? 'rsa').toLowerCase();
	const size = sizeOf(published, kind);
	if (size === undefined)
		return [
			find(
				kind === 'rsa' || kind === 'ed25519' ? 'dkim.unreadable' : 'dkim.keyType',
				'fail',
				kind === 'rsa' || kind === 'ed25519'
					? `The DKIM key at ${name} cannot be read; a part of it is probably missing.`
					: `The DKIM key at ${name} is of a kind that nobody reads (k=${kind.slice(0, 40)}).`,
				WHY_NO_SIGNATURE,
				replaceWith(right ?? (sizeOf(published, 'rsa') ? withoutTag(text, 'k') : undefined)),
			),
		];
	if (key && !isPublicKeyOf(published, key))
		return [
			find(
				'dkim.otherKey',
				'fail',
				`The DKIM key at ${name} is another one than that of your DKIM Key credential.`,
				WHY_NO_SIGNATURE,
				replaceWith(right),
			),
		];
	const allows = (tag: string, wanted: readonly string[]) =>
		tags
			.get(tag)
			?.split(':')
			.some((each) => wanted.includes(each.trim().toLowerCase())) ?? true;
	if (!allows('h', ['sha256']))
		return [
			find(
				'dkim.hash',
				'fail',
				`The DKIM key at ${name} allows only hashes that are no longer taken (h=${tags.get('h')?.slice(0, 40) ?? ''}).`,
				WHY_NO_SIGNATURE,
				{ ...replaceWith(right ?? withoutTag(text, 'h')), source: 'RFC 8301 section 3.1' },
			),
		];
	if (!allows('s', ['email', '*']))
		return [
			find(
				'dkim.service',
				'fail',
				`The DKIM key at ${name} is not meant for mail (s=${tags.get('s')?.slice(0, 40) ?? ''}).`,
				WHY_NO_SIGNATURE,
				replaceWith(right ?? withoutTag(text, 's')),
			),
		];
	if (kind === 'rsa' && size < WEAK_BITS)
		return [
			find(
				'dkim.weakKey',
				'fail',
				`The DKIM key at ${name} has only ${size} bits.`,
				`${WHY_NO_SIGNATURE} Keys under ${WEAK_BITS} bits can be broken.`,
				{ ...newKey(name), evidence, source: 'RFC 8301 section 3.2' },
			),
		];
	const flags = (tags.get('t') ?? '').split(':').map((flag) => flag.trim().toLowerCase());
	const findings: Finding[] = [];
	if (flags.includes('y'))
		findings.push(
			find(
				'dkim.testMode',
				'warning',
				`The DKIM key at ${name} says that it is a test (t=y).`,
				'Some receivers treat mail that is signed with it as unsigned.',
				replaceWith(
					withoutTag(text, 't', '', flags.filter((flag) => flag !== 'y' && flag !== '').join(':')),
				),
			),
		);
	if (kind === 'rsa' && size < GOOD_BITS)
		findings.push(
			find(
				'dkim.shortKey',
				'warning',
				`The DKIM key at ${name} has ${size} bits; 2048 are usual today.`,
				'Receivers still take it, but no longer for ever.',
				{ ...newKey(name), evidence, source: 'RFC 8301 section 3.2' },
			),
		);
	if (kind === 'rsa' && size > LONGEST_BITS)
		findings.push(
			find(
				'dkim.longKey',
				'warning',
				`The DKIM key at ${name} has ${size} bits; receivers need not read more than ${LONGEST_BITS}.`,
				'Some do not believe signatures with it.',
				{ ...newKey(name), evidence, source: 'RFC 8301 section 3.2' },
			),
		);
	if (kind === 'ed25519')
		findings.push(
			find(
				ED25519_ID,
				'warning',
				`The DKIM key at ${name} is an Ed25519 key, which Gmail and Outlook do not read.`,
				'Sign with an RSA key as well.',
				{ ...newKey(name), evidence, source: 'RFC 8463' },
			),
		);
	if (findings.length > 0) return findings;
	return [
		find(
			'dkim.sound',
			'pass',
			`A sound DKIM key stands at ${name}${kind === 'rsa' ? ` (${size} bits)` : ''}${key ? ', and it is that of your credential' : ''}.`,
			'Receivers can check the signatures of your mail.',
			{ evidence },
		),
	];
}

/**
 * The record without what got into it on its way from a mail service: quotation marks, backslashes, the first
 * and last line of a PEM file; and with the semicolons and the version that it should have.
 */
function cleanKeyRecord(text: string): string {
	const plain = text
		.slice(0, 8_000)
		.replace(/-{3,8}(?:BEGIN|END)[A-Z ]{1,40}-{3,8}/g, '')
		.replace(/["\\]/g, '')
		.trim();
	const { tags, mistakes } = readTagList(plain);
	const isBare = mistakes.some((part) => /^DKIM1$/i.test(part)) && tags.length > 0;
	if (isBare) return `v=DKIM1; ${tags.map(({ name, value }) => `${name}=${value}`).join('; ')}`;
	if (!/^v=DKIM1[ ,]/i.test(plain)) return plain;
	return plain
		.split(/[\s,;]+/)
		.map((word) => (/^[a-z]=/i.test(word) ? `; ${word}` : word))
		.join('')
		.slice('; '.length);
}

function newKey(name: string): Pick<Finding, 'fixes'> {
	return {
		fixes: [
			{
				kind: 'setting',
				text: `Make a new RSA key of 2048 bits under another selector, sign with it, and take ${name} away a week later.`,
			},
		],
	};
}

function keepOnly(name: string, texts: readonly string[], right: string): Finding['fixes'] {
	const others = texts.filter((text) => text !== right);
	const deletions = others.map((value) =>
		dnsFix(name, { action: 'delete' as const, type: 'TXT' as const, value }),
	);
	return others.length < texts.length
		? deletions
		: [...deletions, dnsFix(name, { action: 'publish', type: 'TXT', value: right })];
}

/** The record with one tag taken out, or with another value in its place; `start` put before it. */
function withoutTag(text: string, tag: string, start = '', value = ''): string {
	const parts = readTagList(text).tags.flatMap((each) =>
		each.name.toLowerCase() !== tag
			? [`${each.name}=${each.value}`]
			: value === ''
				? []
				: [`${each.name}=${value}`],
	);
	return `${start}${parts.join('; ')}`;
}

/** Bits of an RSA key, 256 for Ed25519; undefined where it cannot be read. */
function sizeOf(published: string, kind: string): number | undefined {
	if (kind === 'ed25519') return Buffer.from(published, 'base64').length === 32 ? 256 : undefined;
	if (kind !== 'rsa') return undefined;
	return readPublicKey(published)?.asymmetricKeyDetails?.modulusLength;
}
