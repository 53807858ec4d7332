import { readTagList } from '../message/tag-list';
import type { Dns } from './dns';
import { dnsFix } from './dns-fix';
import { BY_NONE } from './finding';
import type { Finding, Fix } from './finding';
import { findingMaker } from './finding-maker';
import type { MakeFinding } from './finding-maker';
import type { FetchPolicy, PolicyFault } from './mta-sts-fetch';
import { isNamedIn, readMtaStsPolicy, writeMtaStsPolicy } from './mta-sts-policy';
import type { MtaStsPolicy } from './mta-sts-policy';

/** Shorter, and an attacker need only wait until senders have forgotten it. */
const SHORT_SECONDS = 86_400;
const USUAL_SECONDS = 604_800;

/**
 * Do servers that send to this domain insist on TLS (MTA-STS, RFC 8461), and do they still find its mail
 * servers? No record is no complaint. The policy is fetched only where `fetchPolicy` is given.
 */
export async function checkMtaSts(
	domain: string,
	dns: Dns,
	fetchPolicy?: FetchPolicy,
): Promise<Finding[]> {
	const name = `_mta-sts.${domain}`;
	const answer = await dns.lookUp(name, 'TXT');
	if (answer.outcome !== 'records') return [];
	// A TXT record for all names of the domain (*) stands here too, and is none of these.
	const texts = answer.records.map(({ text }) => text).filter((text) => /sts/i.test(text));
	if (texts.length === 0) return [];
	const records = texts.filter((text) => /^v=STSv1\s*;/.test(text));
	const [record] = records;
	const id = record === undefined ? undefined : readTagList(record).get('id');
	const find = finder(name, 'RFC 8461 section 3.1');
	if (record !== undefined && records.length === 1 && id !== undefined && ID.test(id)) {
		return [await checkPolicy({ domain, record, name, id }, dns, fetchPolicy)];
	}
	return [
		find(
			'receiving.mtaStsBroken',
			'warning',
			records.length > 1
				? `${name} has several MTA-STS records, so senders see none.`
				: `The MTA-STS record at ${name} cannot be read.`,
			'Servers that send to you do not insist on TLS, though you want them to.',
			{
				fixes:
					records.length > 1
						? records
								.slice(1)
								.map((value) => dnsFix(name, { action: 'delete', type: 'TXT', value }))
						: [
								dnsFix(name, {
									action: 'replace',
									type: 'TXT',
									value: `v=STSv1; id=${(id ?? '').replace(/[^a-z0-9]/gi, '').slice(0, 32) || '1'}`,
									oldValue: texts[0] ?? '',
								}),
							],
				evidence: texts,
			},
		),
	];
}

const ID = /^[a-z0-9]{1,32}$/i;

const finder = (subject: string, source: string): MakeFinding =>
	findingMaker({ area: 'receiving', subject, requiredBy: BY_NONE, source });

interface Announcement {
	domain: string;
	/** The name of the record, its content, and its id. */
	name: string;
	record: string;
	id: string;
}

async function checkPolicy(
	{ domain, record, name, id }: Announcement,
	dns: Dns,
	fetchPolicy: FetchPolicy | undefined,
): Promise<Finding> {
	const host = `mta-sts.${domain}`;
	const find = finder(`https://${host}/.well-known/mta-sts.txt`, 'RFC 8461 section 3.3');
	const [four, six] = await Promise.all([dns.lookUp(host, 'A'), dns.lookUp(host, 'AAAA')]);
	if (four.outcome === 'none' && six.outcome === 'none')
		return find(
			'receiving.mtaStsNoPolicy',
			'warning',
			`${domain} announces MTA-STS, but there is no server ${host} that could hold the policy.`,
			HELD_BACK,
			{
				fixes: [
					dnsFix(name, {
						action: 'delete',
						type: 'TXT',
						value: record,
						note: `Or set up a web server of the name ${host} that holds the policy.`,
					}),
				],
				evidence: [record],
			},
		);
	const unread = (reason: string) =>
		find(
			'receiving.mtaStsUnread',
			'unknown',
			`${domain} announces MTA-STS; its policy could not be read: ${reason}.`,
			'Nothing is known of it, so nothing is held against the domain.',
			{ evidence: [record] },
		);
	const addresses = [four, six].flatMap((each) => (each.outcome === 'records' ? each.records : []));
	if (addresses.length === 0) return unread(`the addresses of ${host} could not be looked up`);
	if (!fetchPolicy)
		return find(
			'receiving.mtaSts',
			'info',
			`${domain} announces MTA-STS.`,
			'Servers that send to you insist on TLS. The policy file itself was not looked at.',
			{ evidence: [record] },
		);
	const exchangers = await dns.lookUp(domain, 'MX');
	const hosts =
		exchangers.outcome === 'records'
			? exchangers.records.map(({ exchange }) => exchange).filter((exchange) => exchange !== '')
			: [];
	const fetched = await fetchPolicy(host, addresses);
	if (fetched.outcome === 'unknown') return unread(fetched.reason);
	if (fetched.outcome === 'refused') {
		const { id: fault, title, advice } = FAULTS[fetched.because];
		return find(`receiving.${fault}`, 'warning', title(host), HELD_BACK, {
			fixes: [{ kind: 'setting', text: advice }],
			evidence: [fetched.detail, record],
		});
	}
	return judgePolicy({ domain, hosts, text: fetched.text, id }, find);
}

const HELD_BACK =
	'Senders find no policy and do not insist on TLS. Those that remember an older policy may hold back answers and bounces.';

/** What a server does that makes senders take its answer for no policy. */
const FAULTS: Readonly<
	Record<PolicyFault, { id: string; title: (host: string) => string; advice: string }>
> = {
	status: {
		id: 'mtaStsNoPolicy',
		title: (host) => `There is no MTA-STS policy: ${host} does not give the file.`,
		advice:
			'Put the policy at the address that is named here, or delete the record if you do not want MTA-STS.',
	},
	redirect: {
		id: 'mtaStsRedirect',
		title: (host) =>
			`Senders do not read the MTA-STS policy: ${host} sends them to another address, which they must not follow.`,
		advice: 'Let the server give the file at that very address, without a redirect.',
	},
	certificate: {
		id: 'mtaStsCertificate',
		title: (host) =>
			`Senders do not read the MTA-STS policy: ${host} shows a certificate that they do not believe.`,
		advice:
			'Give the server a certificate for exactly this name, from an authority that browsers know, and keep it renewed.',
	},
	type: {
		id: 'mtaStsType',
		title: (host) =>
			`Not all senders read the MTA-STS policy: ${host} does not say that it is plain text.`,
		advice: 'Let the server give the file with "Content-Type: text/plain".',
	},
	size: {
		id: 'mtaStsPolicy',
		title: (host) =>
			`Senders do not read the MTA-STS policy: what ${host} gives is larger than 64 kB.`,
		advice: 'Keep in the file only the lines of the policy.',
	},
};

interface PolicyFile {
	domain: string;
	/** The domain's mail servers, as the DNS says; none where it does not say. */
	hosts: readonly string[];
	text: string;
	id: string;
}

function judgePolicy({ domain, hosts, text, id }: PolicyFile, find: MakeFinding): Finding {
	const policy = readMtaStsPolicy(text);
	const evidence = [text.slice(0, 1_000)];
	if ('problem' in policy)
		return find(
			'receiving.mtaStsPolicy',
			'warning',
			`The MTA-STS policy of ${domain} cannot be read: ${policy.problem}.`,
			HELD_BACK,
			{
				fixes:
					hosts.length === 0
						? [{ kind: 'setting', text: 'Correct the file, then change the id in the record.' }]
						: [publishFile({ mode: 'testing', maxAge: USUAL_SECONDS, mx: [...hosts] }, id)],
				evidence,
				source: 'RFC 8461 section 3.2',
			},
		);
	const missing = hosts.filter((host) => !isNamedIn(policy, host));
	if (policy.mode !== 'none' && missing.length > 0)
		return find(
			'receiving.mtaStsMx',
			'warning',
			`The MTA-STS policy of ${domain} does not name ${missing.join(', ')}, a mail server of the domain.`,
			policy.mode === 'enforce'
				? 'Gmail, Microsoft and other senders that check it do not deliver there: answers and bounces are lost when no other server takes them.'
				: 'Nothing is lost as long as the mode is "testing"; with "enforce" it would be.',
			{
				fixes: [publishFile({ ...policy, mx: [...policy.mx, ...missing] }, id)],
				evidence,
				source: 'RFC 8461 section 4.1',
			},
		);
	if (policy.mode === 'enforce' && policy.maxAge >= SHORT_SECONDS)
		return find(
			'receiving.mtaSts',
			'pass',
			`Servers that send to ${domain} insist on TLS (MTA-STS), and its policy names all its mail servers.`,
			'Nobody on the way can read answers and bounces.',
			{ evidence },
		);
	return find('receiving.mtaSts', 'info', ...inWords(domain, policy), {
		evidence,
		source: 'RFC 8461 section 3.2',
	});
}

function inWords(domain: string, { mode, maxAge }: MtaStsPolicy): [title: string, why: string] {
	if (mode === 'none')
		return [
			`${domain} says by its MTA-STS policy that it has none (mode "none").`,
			'That is how MTA-STS is switched off.',
		];
	if (mode === 'testing')
		return [
			`${domain} tries MTA-STS out (mode "testing").`,
			'Senders only report where TLS fails. When the reports are clean, change the mode to "enforce".',
		];
	return [
		`Senders remember the MTA-STS policy of ${domain} for ${maxAge} seconds only.`,
		'Weeks are better: who can keep senders from asking need only wait until they have forgotten it.',
	];
}

function publishFile(policy: MtaStsPolicy, id: string): Fix {
	return {
		kind: 'setting',
		text: `Put this into the file:\n${writeMtaStsPolicy(policy)}\nThen change the id in the record _mta-sts, now "${id}", so that senders read it anew.`,
	};
}
