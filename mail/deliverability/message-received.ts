import { hostAfter, readAuthenticationResults } from './authentication-results';
import type { AuthenticationResult, HeaderField } from './authentication-results';
import { BY_NONE } from './finding';
import type { Finding, FindingStatus } from './finding';
import { cameInBy, readReceived } from './received-line';

const FIELD = { area: 'roundTrip', requiredBy: BY_NONE, fixes: [], source: 'RFC 8601' } as const;

/** The methods that decide, and what it means when they fail. */
const METHODS = [
	[
		'spf',
		'SPF',
		'The address that it came from is not named in the SPF record of the return path.',
	],
	['dkim', 'DKIM', 'The signature was not valid, or was broken on the way.'],
	['dmarc', 'DMARC', 'Neither SPF nor DKIM passed for the domain in From.'],
] as const;

/**
 * What the receiver thought of a mail that arrived: its own verdict on SPF, DKIM and DMARC, whether it came
 * over TLS, and whether it was marked as spam. For a mail that never travelled there is nothing to tell.
 *
 * @param servers names of the receiving servers, where the user knows them
 * @param sent the headers of the mail as it left, where we sent it ourselves
 */
export function* checkReceived(
	headers: readonly HeaderField[],
	servers: readonly string[] = [],
	sent?: readonly HeaderField[],
): Generator<Finding> {
	const received = headers.filter(({ name }) => name === 'received');
	if (received.length === 0) return;
	const { results, servers: said, foreign } = readAuthenticationResults(headers, servers, sent);
	const judge =
		said.length > 0
			? said.join(', ')
			: (hostAfter('by', received[0]?.value ?? '') ?? 'the receiver');
	for (const [method, name, why] of METHODS) {
		const own = results.filter((each) => each.method === method);
		if (own.length > 0) yield verdictOn(method, name, why, own, judge);
	}
	if (results.length === 0)
		yield {
			...FIELD,
			id: 'received.notSaid',
			subject: judge,
			status: 'unknown',
			title: `${judge} wrote down nothing about SPF, DKIM and DMARC.`,
			why: 'Some servers do not, and none does for mail from its own users. Try a mailbox at Gmail or another large receiver.',
			evidence: [],
		};
	if (foreign.length > 0)
		yield {
			...FIELD,
			id: 'received.foreignResults',
			subject: [...new Set(foreign)].join(', ').slice(0, 200),
			status: 'info',
			title: `Results that others wrote into the mail were not believed: ${[...new Set(foreign)].join(', ').slice(0, 200)}.`,
			why: 'Anybody on the way can write such a header.',
			evidence: [],
		};
	yield* checkWay(headers, received, judge);
	yield* checkSpamMarks(headers, judge);
}

function verdictOn(
	method: string,
	name: string,
	why: string,
	own: readonly AuthenticationResult[],
	judge: string,
): Finding {
	// A mail has several signatures, and one that passes is enough; of the others the worst decides.
	const passed =
		method === 'dkim'
			? own.some(({ result }) => result === 'pass')
			: own.every(({ result }) => result === 'pass' || result === 'bestguesspass');
	const worst = own.find(({ result }) => result !== 'pass') ?? own[0];
	const status: FindingStatus = passed ? 'pass' : (STATUS[worst?.result ?? ''] ?? 'warning');
	return {
		...FIELD,
		id: `received.${method}${passed ? 'Passed' : status === 'unknown' ? 'Unknown' : 'Failed'}`,
		subject: judge,
		status,
		title: passed
			? `${judge} says that ${name} passed.`
			: `${judge} says of ${name}: ${worst?.result ?? ''}.`,
		why: passed ? 'The mail counts as yours there.' : why,
		fixes: passed
			? []
			: [
					{
						kind: 'setting',
						text: 'Check the domain with the operation Domain; it says what to change.',
					},
				],
		evidence: own.map(
			({ result, properties }) =>
				`${method}=${result} ${[...properties].map(([key, value]) => `${key}=${value}`).join(' ')}`,
		),
	};
}

const STATUS: Partial<Record<string, FindingStatus>> = {
	fail: 'fail',
	softfail: 'fail',
	permerror: 'fail',
	hardfail: 'fail',
	temperror: 'unknown',
	tempfail: 'unknown',
	unknown: 'unknown',
	skipped: 'unknown',
};

/** The way in: with TLS? And how long did it take? */
function* checkWay(
	headers: readonly HeaderField[],
	received: readonly HeaderField[],
	judge: string,
): Generator<Finding> {
	const cameIn = cameInBy(headers);
	if (cameIn && !cameIn.isEncrypted && !cameIn.isLocal)
		yield {
			...FIELD,
			id: 'received.withoutTls',
			subject: judge,
			status: 'warning',
			title: 'The mail came in without TLS, as far as its Received lines tell.',
			why: 'Gmail demands TLS of who sends to many, and shows a red lock to people.',
			fixes: [
				{ kind: 'setting', text: 'Let the server that sends offer TLS to others (STARTTLS).' },
			],
			evidence: [cameIn.text.slice(0, 1_000)],
			source: 'RFC 3207; Gmail sender guidelines',
		};
	const [last, first] = [received[0], received.at(-1)].map((line) =>
		line === undefined ? undefined : readReceived(line.value).at,
	);
	const seconds = ((last ?? NaN) - (first ?? NaN)) / 1_000;
	if (seconds > SLOW_SECONDS)
		yield {
			...FIELD,
			id: 'received.slow',
			subject: judge,
			status: 'info',
			title: `The mail took ${Math.round(seconds / 60)} minutes from the first server to the last.`,
			why: 'Greylisting or a full queue; the Received lines say where it waited.',
			evidence: received.map((line) => line.value.slice(0, 300)).slice(0, 20),
			source: 'RFC 5321 section 4.4',
		};
}

const SLOW_SECONDS = 300;
/** Microsoft's spam confidence level from which mail goes to the junk folder. */
const JUNK_SCL = 5;

function* checkSpamMarks(headers: readonly HeaderField[], judge: string): Generator<Finding> {
	for (const { name, value } of headers) {
		const level = /\bSCL:(-?\d+)/.exec(name === 'x-forefront-antispam-report' ? value : '')?.[1];
		const isMarked =
			(level !== undefined && Number(level) >= JUNK_SCL) ||
			(name === 'x-spam-status' && /^\s*yes\b/i.test(value)) ||
			(name === 'x-spam-flag' && /^\s*yes\b/i.test(value));
		if (!isMarked) continue;
		yield {
			...FIELD,
			id: 'received.markedAsSpam',
			subject: judge,
			status: 'warning',
			title: `The mail was marked as spam (${name}${level === undefined ? '' : `, level ${level}`}).`,
			why: 'It probably went to the junk folder.',
			fixes: [
				{
					kind: 'setting',
					text: 'Mend what is said on SPF, DKIM, DMARC and the message; then look again.',
				},
			],
			evidence: [value.slice(0, 1_000)],
			source: 'X-Forefront-Antispam-Report, X-Spam-Status',
		};
		return;
	}
}
