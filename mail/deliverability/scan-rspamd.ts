import { reasonOf, SCAN_MS, sortRules } from './scan';
import type { Scan, ScannedRule, Scanner, ScanQuestion } from './scan';

const MAX_BYTES = 4 * 2 ** 20;
const PORT = '11333';

const NO_RSPAMD = 'its answer is not one of rspamd';
const WANTS_PASSWORD =
	'it wants a password, as the controller of rspamd does; give the address of its normal worker, which wants none (port 11333)';
const REFUSALS: Partial<Record<number, string>> = {
	401: WANTS_PASSWORD,
	403: WANTS_PASSWORD,
	404: 'there is no rspamd at that address',
};

/** By which server, whose name, whose records: of a mail that nobody has brought they say nothing. */
const OF_THE_WAY =
	/^(?:AUTH_NA|ASN|ARC_|BLOCKLISTDE|DMARC_|DWL_|FORGED_(?:SENDER|RECIPIENTS)|GREYLIST|HELO_|HFILTER_|MAILSPIKE|ONCE_RECEIVED|RBL_|RCVD_|RCPT_|RDNS_|RECEIVED_|REPUTATION|R_(?:SPF|DKIM)|SENDERSCORE|SPAMHAUS|SPF_|DKIM_|SPOOF_|VIOLATED_)/;

/** What rspamd does with a mail, by its word for it. */
const DEEDS: Readonly<Record<string, Extract<Scan, { outcome: 'judged' }>['does']>> = {
	'no action': 'takes',
	greylist: 'lets wait',
	'soft reject': 'lets wait',
	'add header': 'marks',
	'rewrite subject': 'marks',
	quarantine: 'marks',
	reject: 'refuses',
	discard: 'refuses',
};

/**
 * The user's own rspamd, asked by HTTP (`POST /checkv2` of its normal worker, which wants no password).
 *
 * @param address such as `http://rspamd:11333`; `rspamd` alone is enough
 * @throws Error, in the user's words, when it is no address
 */
export function rspamdAt(address: string, timeoutMs = SCAN_MS): Scanner {
	const url = readUrl(address);
	return {
		name: 'rspamd',
		async scan(question) {
			const end = AbortSignal.any([
				AbortSignal.timeout(timeoutMs),
				...(question.signal ? [question.signal] : []),
			]);
			try {
				const answer = await fetch(url, {
					method: 'POST',
					headers: envelopeOf(question),
					body: new Uint8Array(question.raw),
					redirect: 'error',
					signal: end,
				});
				if (answer.status !== 200) {
					await answer.body?.cancel();
					return unknown(REFUSALS[answer.status] ?? `it answered ${answer.status}`);
				}
				return readAnswer(JSON.parse(await textOf(answer)) as unknown);
			} catch (error) {
				if (end.aborted) return unknown('it did not answer in time');
				return unknown(error instanceof SyntaxError ? NO_RSPAMD : reasonOf(error));
			}
		},
	};
}

function readUrl(address: string): URL {
	const text = address.trim();
	let url: URL | undefined;
	try {
		url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
	} catch {
		// Said below.
	}
	if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '' || url.username !== '')
		throw new Error(
			`"${text.slice(0, 100)}" is no address of rspamd. Give one such as http://127.0.0.1:11333.`,
		);
	if (url.protocol === 'http:' && url.port === '' && !/:80(?:\/|$)/.test(text)) url.port = PORT;
	url.pathname = `${url.pathname.replace(/\/(?:checkv2)?$/, '')}/checkv2`;
	return url;
}

/** Of the envelope as of anything else in a header of HTTP: bytes, and no line ends. */
function envelopeOf({ from, to }: ScanQuestion): Headers {
	const plain = (text: string) =>
		Buffer.from(text.replace(/[\x00-\x1f\x7f]/g, '')).toString('latin1');
	const headers = new Headers({ 'Content-Type': 'message/rfc822' });
	if (from !== undefined && from !== '') headers.set('From', plain(from));
	for (const each of to) headers.append('Rcpt', plain(each));
	return headers;
}

async function textOf(answer: Response): Promise<string> {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	if (!answer.body) return '';
	for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
		bytes += piece.length;
		if (bytes > MAX_BYTES) throw new Error('its answer is too long');
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString('utf8');
}

function readAnswer(answer: unknown): Scan {
	const { is_skipped, score, required_score, action, symbols } = (answer ?? {}) as Record<
		string,
		unknown
	>;
	// It also says "skipped" where one rule alone decided, and refuses the mail.
	if (is_skipped === true && action === 'no action')
		return unknown('it is set to pass over such mail');
	if (typeof score !== 'number' || typeof action !== 'string') return unknown(NO_RSPAMD);
	return {
		outcome: 'judged',
		score,
		threshold: typeof required_score === 'number' ? required_score : 15,
		does: DEEDS[action] ?? 'takes',
		action: action.slice(0, 100),
		rules: sortRules(
			typeof symbols === 'object' && symbols !== null ? Object.entries(symbols).map(readRule) : [],
		),
	};
}

function readRule([name, symbol]: [string, unknown]): ScannedRule {
	const { score, description } = (symbol ?? {}) as Record<string, unknown>;
	return {
		name,
		score: typeof score === 'number' ? score : 0,
		text: typeof description === 'string' ? description : '',
		about: OF_THE_WAY.test(name) ? 'way' : 'mail',
	};
}

function unknown(reason: string): Scan {
	return { outcome: 'unknown', reason };
}
