import type { IDataObject } from 'n8n-workflow';

import { checkDomain, checkMessage, judge, openDns } from '../../mail/index';
import type { DkimSigner, Finding } from '../../mail/index';

export interface FitnessQuestion {
	/** Addresses of From and of the return path. */
	from: string;
	returnPath?: string;
	/** The key that the mails are signed with. */
	key?: DkimSigner['key'];
	signal?: AbortSignal;
}

/** Of the campaign's dry run: it has to end soon where the DNS is silent. */
const DNS_MS = 8_000;

/** What a person looks at first, and the findings that tell of it; the rest is the content. */
const PARTS: readonly (readonly [string, (finding: Finding) => boolean])[] = [
	['authentication', ({ area, id }) => AUTHENTICATION.has(area) || SIGNED.test(id)],
	['listHeaders', ({ id }) => /^content\..*unsubscribe|^content\.noListId$/i.test(id)],
	['size', ({ id }) => id === 'content.clipped' || id === 'content.large'],
	['links', ({ subject, area }) => area === 'content' && subject === 'links'],
];
const AUTHENTICATION = new Set(['spf', 'dkim', 'dmarc', 'mx']);
const SIGNED = /^content\.(?:un(?:aligned|signed)|signed|fromNotSigned|sha1)/;

/** What the DNS says of the sender: asked for while the mails are being made. */
export async function askAboutSender(question: FitnessQuestion): Promise<Finding[]> {
	const { from, returnPath, key, signal } = question;
	const findings = await checkDomain(
		{
			domain: domainOf(from),
			...(returnPath !== undefined && { returnPathDomain: domainOf(returnPath) }),
			...(key && { selectors: [key.selector], dkimKey: key }),
		},
		openDns({ totalMs: DNS_MS, ...(signal && { signal }) }),
	);
	// About mail that comes to the domain, and no matter of a campaign.
	return findings.filter(({ area }) => area !== 'receiving' && area !== 'brand');
}

/**
 * A summary of what Deliverability Check says of a campaign: of its sender, and of one mail as it would
 * leave. `checks` holds the worst of each part: `pass`, `warning`, `unknown` or `fail`.
 */
export async function describeFitness(
	ofSender: readonly Finding[],
	sample: { recipient: string; raw: Buffer } | undefined,
): Promise<IDataObject> {
	const ofMail = sample ? (await checkMessage({ raw: sample.raw, profile: 'bulk' })).findings : [];
	const findings = [...ofSender, ...ofMail];
	const { overall, receivers } = judge(findings, 'bulk');
	const left = new Set(findings);
	const checks: IDataObject = {};
	for (const [part, belongs] of PARTS) {
		const members = [...left].filter(belongs);
		for (const member of members) left.delete(member);
		checks[part] = worst(members);
	}
	checks.content = worst([...left]);
	if (!sample)
		for (const part of ['listHeaders', 'size', 'links', 'content']) checks[part] = 'unknown';
	return {
		verdict: overall,
		receivers: { ...receivers },
		checks,
		...(sample && { sample: sample.recipient, bytes: sample.raw.length }),
		problems: findings
			.filter(({ status }) => status === 'fail' || status === 'warning' || status === 'unknown')
			.map(({ id, status, title, fixes }) => ({ id, status, title, advice: fixes.map(inWords) })),
	};
}

function worst(findings: readonly Finding[]): string {
	const order = ['fail', 'unknown', 'warning'] as const;
	return order.find((status) => findings.some((each) => each.status === status)) ?? 'pass';
}

function inWords(fix: Finding['fixes'][number]): string {
	if (fix.kind === 'setting') return fix.text;
	const { action, type, name, value, oldValue, note } = fix;
	const words = {
		publish: `Publish this ${type} record at ${name}: ${value}`,
		replace: `Replace the ${type} record at ${name}${oldValue === undefined ? '' : `, now ${oldValue}`}, by: ${value}`,
		delete: `Delete this ${type} record at ${name}: ${value}`,
	}[action];
	return note === undefined ? words : `${words}\n${note}`;
}

function domainOf(address: string): string {
	return address.slice(address.lastIndexOf('@') + 1);
}
