import type { AuthenticationResult } from './authentication-results';
import type { Dns } from './dns';
import { organisation } from './dns-fix';
import { BY_NONE } from './finding';
import type { Finding } from './finding';
import { findingMaker } from './finding-maker';
import { asNodeResolver } from './node-resolver';

/** What we make of one DKIM signature (RFC 6376) of a mail that arrived. */
export interface VerifiedSignature {
	/** `d=` and `s=`. */
	domain: string;
	selector: string;
	/** As in RFC 8601 section 2.7.1; `temperror`: its key could not be looked up. */
	result: 'pass' | 'fail' | 'neutral' | 'policy' | 'permerror' | 'temperror';
	/** Why it did not pass; empty where that is plain. */
	comment: string;
}

const MAX_SIGNATURES = 10;
/** What verifiers take (RFC 8301 section 3.2). */
const MIN_BITS = 1_024;

/** Verifies each DKIM signature of a mail as it lies there. None: it has none. Never rejects. */
export async function verifySignatures(raw: Buffer, dns: Dns): Promise<VerifiedSignature[]> {
	// Loaded with the first mail: most who load this package never verify one.
	const { dkimVerify } = await import('mailauth/lib/dkim/verify.js');
	const resolver = asNodeResolver(dns);
	try {
		const { results } = await dkimVerify(raw, {
			minBitLength: MIN_BITS,
			resolver: async (name: string, type: string) =>
				(await resolver.resolve(name, type)) as string[],
		});
		return results
			.filter(({ status, signingDomain }) => status.result !== 'none' && Boolean(signingDomain))
			.slice(0, MAX_SIGNATURES)
			.map(({ signingDomain, selector, status }) => ({
				domain: (signingDomain ?? '').toLowerCase(),
				selector: selector ?? '',
				result: status.result as VerifiedSignature['result'],
				comment: typeof status.comment === 'string' ? status.comment.slice(0, 200) : '',
			}));
	} catch {
		// A mail that nobody can read is told by other checks.
		return [];
	}
}

/**
 * The signatures of a mail as it arrived, verified by ourselves, and what the receiver thought of them:
 * where the two differ, that is told.
 *
 * @param from the domain of From
 * @param said what the receiver wrote down
 */
export function describeSignatures(
	signatures: readonly VerifiedSignature[],
	from: string,
	said: readonly AuthenticationResult[],
): Finding[] {
	const find = findingMaker({
		area: 'roundTrip',
		subject: 'DKIM-Signature',
		requiredBy: BY_NONE,
		source: 'RFC 6376 section 6',
	});
	const evidence = signatures.map(
		({ domain, selector, result, comment }) =>
			`d=${domain} s=${selector}: ${result}${comment === '' ? '' : ` (${comment})`}`,
	);
	if (signatures.length === 0)
		return [
			find(
				'roundTrip.unsigned',
				'warning',
				'The mail arrived without a DKIM signature.',
				'Gmail, Yahoo and Microsoft want one of everybody who sends to many.',
				{
					fixes: [
						{
							kind: 'setting',
							text: 'Let your mail service sign, or sign with Sign With DKIM of our nodes.',
						},
					],
				},
			),
		];
	const isOfFrom = ({ domain }: VerifiedSignature) => organisation(domain) === organisation(from);
	const passed = signatures.filter(({ result }) => result === 'pass');
	const findings = [judgeSignatures(signatures, passed, from, isOfFrom, find, evidence)];
	const theirs = said.filter(({ method }) => method === 'dkim');
	const theyPassed = theirs.some(({ result }) => result === 'pass');
	const weKnow = signatures.every(({ result }) => result !== 'temperror');
	const theyKnow = theirs.every(({ result }) => !/^(?:temperror|unknown)$/.test(result));
	if (theirs.length > 0 && weKnow && theyKnow && theyPassed !== passed.length > 0)
		findings.push(
			find(
				'roundTrip.signatureDisputed',
				'info',
				theyPassed
					? 'The receiver found the DKIM signature valid; in the mail as it lies in the mailbox it is not.'
					: 'The receiver did not find the DKIM signature valid; in the mail as it lies in the mailbox it is.',
				theyPassed
					? 'A server of the receiver changed the mail after it was judged, which does no harm.'
					: 'The key may have been published only now, or the receiver’s name server does not see it yet.',
				{ evidence },
			),
		);
	return findings;
}

function judgeSignatures(
	signatures: readonly VerifiedSignature[],
	passed: readonly VerifiedSignature[],
	from: string,
	isOfFrom: (signature: VerifiedSignature) => boolean,
	find: ReturnType<typeof findingMaker>,
	evidence: string[],
): Finding {
	if (passed.some(isOfFrom))
		return find(
			'roundTrip.signatureValid',
			'pass',
			`The DKIM signature of ${passed.find(isOfFrom)?.domain ?? from} is valid in the mail as it arrived.`,
			'We looked up the key and verified it ourselves, whatever the receiver wrote down.',
			{ evidence },
		);
	if (passed.length > 0)
		return find(
			'roundTrip.signatureOfOthers',
			'warning',
			`The mail is signed by ${passed.map(({ domain }) => domain).join(', ')}, and not for ${from}.`,
			'For DMARC such a signature does not count; only SPF can carry the mail then.',
			{
				fixes: [
					{
						kind: 'setting',
						text: `Let your mail service sign for ${from} (its own DKIM key, d=).`,
					},
				],
				evidence,
				source: 'RFC 9989 section 4.4',
			},
		);
	if (signatures.some(({ result }) => result === 'temperror'))
		return find(
			'roundTrip.signatureUnknown',
			'unknown',
			'The DKIM signature could not be verified here: its key could not be looked up.',
			'Nothing is known, so nothing is held against the mail.',
			{ evidence },
		);
	return find(
		'roundTrip.signatureBroken',
		'warning',
		'No DKIM signature is valid in the mail as it arrived.',
		'The key is not published as it should be, or a server on the way changed the mail after it was signed.',
		{
			fixes: [
				{
					kind: 'setting',
					text: 'The evidence says why for each. For a key, use the operation Domain with this selector; for a broken body or header, sign on the last server that changes the mail.',
				},
			],
			evidence,
		},
	);
}
