import { connect } from 'node:net';

import { reasonOf, SCAN_MS, sortRules } from './scan';
import type { Scan, ScannedRule, Scanner } from './scan';

const MAX_BYTES = 2 ** 20;
const PORT = 783;

/** By which server, whose name, whose records: of a mail that nobody has brought they say nothing. */
const OF_THE_WAY =
	/^(?:ALL_TRUSTED|ARC_|DKIM|DMARC_|FORGED_SPF|HELO_|KHOP_HELO|NO_RECEIVED|NO_RELAYS|RCVD_|RDNS_|SPF_|T_DKIM|T_SPF|TVD_RCVD|UNPARSEABLE_RELAY)/;

/**
 * The user's own SpamAssassin, asked by the protocol of its daemon spamd (`REPORT SPAMC/1.5`).
 *
 * @param address `host` or `host:port`; 783 is usual
 * @throws Error, in the user's words, when it is no address
 */
export function spamAssassinAt(address: string, timeoutMs = SCAN_MS): Scanner {
	const { host, port } = readAddress(address);
	return {
		name: 'SpamAssassin',
		async scan({ raw, signal }) {
			const end = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
			try {
				const head = `REPORT SPAMC/1.5\r\nContent-length: ${raw.length}\r\nUser: nobody\r\n\r\n`;
				return readAnswer(await ask({ host, port }, [Buffer.from(head), raw], end));
			} catch (error) {
				if (end.aborted) return unknown('it did not answer in time');
				return unknown(reasonOf(error));
			}
		},
	};
}

function readAddress(address: string): { host: string; port: number } {
	const text = address.trim();
	try {
		const { hostname, port, username, pathname } = new URL(`spamd://${text}`);
		if (hostname === '' || username !== '' || pathname !== '') throw new Error('not a host');
		return {
			host: hostname.replace(/^\[|\]$/g, ''),
			port: port === '' ? PORT : Number(port),
		};
	} catch {
		throw new Error(
			`"${text.slice(0, 100)}" is no address of SpamAssassin. Give its host and port, such as 127.0.0.1:783.`,
		);
	}
}

async function ask(
	server: { host: string; port: number },
	pieces: readonly Buffer[],
	signal: AbortSignal,
): Promise<string> {
	return await new Promise((resolve, reject) => {
		const answer: Buffer[] = [];
		let bytes = 0;
		const socket = connect(server);
		const onEnd = () => {
			socket.destroy(new Error('it did not answer in time'));
		};
		signal.addEventListener('abort', onEnd, { once: true });
		if (signal.aborted) onEnd();
		socket.on('connect', () => {
			for (const piece of pieces) socket.write(piece);
			socket.end();
		});
		socket.on('data', (piece: Buffer) => {
			bytes += piece.length;
			if (bytes > MAX_BYTES) socket.destroy(new Error('its answer is too long'));
			else answer.push(piece);
		});
		socket.on('error', reject);
		socket.on('close', () => {
			signal.removeEventListener('abort', onEnd);
			resolve(Buffer.concat(answer).toString('utf8'));
		});
	});
}

function readAnswer(answer: string): Scan {
	const split = answer.search(/\r?\n\r?\n/);
	const head = split < 0 ? answer : answer.slice(0, split);
	const [, code, word = ''] = /^SPAMD\/[\d.]+ (\d+) ?([^\r\n]{0,100})/.exec(head) ?? [];
	if (code === undefined) return unknown('its answer is not one of SpamAssassin');
	if (code !== '0') return unknown(`it answered ${code} ${word}`.trim());
	const [, isSpam, score, threshold] =
		/^Spam: *(True|False|Yes|No) *; *(-?[\d.]{1,12}) *\/ *(-?[\d.]{1,12})/im.exec(head) ?? [];
	if (isSpam === undefined) return unknown('its answer tells no score');
	const spam = /^(?:true|yes)$/i.test(isSpam);
	return {
		outcome: 'judged',
		score: Number(score),
		threshold: Number(threshold),
		does: spam ? 'marks' : 'takes',
		action: spam ? 'spam' : 'not spam',
		rules: sortRules(readRules(answer.slice(split))),
	};
}

/**
 * The table at the end of a report: points, rule, and text that goes on in the next lines. What stands
 * before the last ruled line may be the mail's own words, which could hold a table as well.
 */
function readRules(report: string): ScannedRule[] {
	const rules: ScannedRule[] = [];
	const lines = report.split(/\r?\n/);
	const ruled = lines.findLastIndex((line) => /^----[- ]{20,200}$/.test(line));
	if (ruled < 0) return [];
	for (const line of lines.slice(ruled + 1)) {
		const [, score, name, text] =
			/^\s{0,8}(-?\d{1,6}(?:\.\d{1,4})?) ([A-Z][A-Z0-9_]{1,99})(?: +(.*))?$/.exec(line) ?? [];
		const last = rules.at(-1);
		if (score !== undefined && name !== undefined)
			rules.push({
				name,
				score: Number(score),
				text: withoutPlace(text ?? ''),
				about: OF_THE_WAY.test(name) ? 'way' : 'mail',
			});
		else if (last && /^ {20,}\S/.test(line) && last.text.length < 300)
			last.text = `${last.text} ${line.trim()}`.trim();
	}
	return rules;
}

/** `BODY: ` and the like say where a rule looks, for those who write rules. */
function withoutPlace(text: string): string {
	return text.replace(/^(?:BODY|URI|RAW|FULL): /, '').trim();
}

function unknown(reason: string): Scan {
	return { outcome: 'unknown', reason };
}
