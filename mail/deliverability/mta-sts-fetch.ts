import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

import { isPrivate } from './ip-address';

/** What a domain's policy server gives to a sender who asks as RFC 8461 section 3.3 says. */
export type FetchedPolicy =
	| { outcome: 'policy'; text: string }
	/** The server answers, and senders take the answer for no policy. */
	| { outcome: 'refused'; because: PolicyFault; detail: string }
	/** Nothing is learned: the server or the way to it. */
	| { outcome: 'unknown'; reason: string };

export type PolicyFault = 'status' | 'redirect' | 'certificate' | 'type' | 'size';

/**
 * @param host such as `mta-sts.example.com`
 * @param addresses what the DNS says of it: nothing else is connected to
 */
export type FetchPolicy = (host: string, addresses: readonly string[]) => Promise<FetchedPolicy>;

export interface PolicyFetchOptions {
	/** For all of it, in ms. */
	timeoutMs?: number;
	signal?: AbortSignal;
	/** For tests, whose servers are on loopback: */
	port?: number;
	ca?: string;
	privateAddresses?: boolean;
}

const PATH = '/.well-known/mta-sts.txt';
/** As RFC 8461 section 3.3 proposes. */
const MAX_BYTES = 64 * 1024;
/** Where the machine has no IPv6, an IPv4 address is tried after it, or the reverse. */
const TRIED = 3;

/**
 * Fetches policies by HTTPS. The name of a domain may come from a stranger, so no address within the
 * user's own network is connected to; redirects are not followed, and time and size are bounded.
 */
export function policyOverHttps(options: PolicyFetchOptions = {}): FetchPolicy {
	const { timeoutMs = 10_000, signal, privateAddresses = false } = options;
	return async (host, addresses) => {
		const open = addresses.filter((address) => privateAddresses || !isPrivate(address));
		if (open.length === 0)
			return { outcome: 'unknown', reason: `${host} has only addresses of a private network here` };
		const end = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
		let answer: FetchedPolicy = { outcome: 'unknown', reason: 'there was no time to ask' };
		for (const address of open.slice(0, TRIED)) {
			if (end.aborted) break;
			answer = await fetchFrom(address, host, end, options);
			if (answer.outcome !== 'unknown') break;
		}
		return answer;
	};
}

async function fetchFrom(
	address: string,
	host: string,
	signal: AbortSignal,
	{ port = 443, ca }: PolicyFetchOptions,
): Promise<FetchedPolicy> {
	try {
		const answer = await new Promise<IncomingMessage>((resolve, reject) => {
			request(
				{
					...{ host: address, port, path: PATH, signal, agent: false, servername: host },
					headers: { Host: host, Accept: 'text/plain' },
					...(ca !== undefined && { ca }),
				},
				resolve,
			)
				.on('error', reject)
				.end();
		});
		try {
			return await readAnswer(answer);
		} finally {
			answer.destroy();
		}
	} catch (error) {
		return readFailure(error as NodeJS.ErrnoException, signal);
	}
}

async function readAnswer(answer: IncomingMessage): Promise<FetchedPolicy> {
	const { statusCode: status = 0, headers } = answer;
	const refused = (because: PolicyFault, detail: string): FetchedPolicy => ({
		outcome: 'refused',
		because,
		detail: detail.slice(0, 300),
	});
	if (status >= 300 && status < 400)
		return refused('redirect', `${status} to ${headers.location ?? 'nowhere'}`);
	// A server in trouble, or one that minds how often it is asked, says nothing about the policy.
	if (status >= 500 || [408, 425, 429].includes(status))
		return { outcome: 'unknown', reason: `the server answered ${status}` };
	if (status !== 200) return refused('status', `the server answered ${status}`);
	const type = headers['content-type'] ?? '';
	if (!/^text\/plain(?:\s*;|$)/i.test(type))
		return refused('type', `Content-Type: ${type || 'none'}`);
	const pieces: Buffer[] = [];
	let bytes = 0;
	for await (const piece of answer as AsyncIterable<Buffer>) {
		bytes += piece.length;
		if (bytes > MAX_BYTES) return refused('size', `more than ${MAX_BYTES} bytes`);
		pieces.push(piece);
	}
	return { outcome: 'policy', text: Buffer.concat(pieces).toString('utf8') };
}

/** OpenSSL's and Node's words for a certificate that is not believed. */
const CERTIFICATE_CODE =
	/^(?:ERR_TLS_CERT|CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE))/;

function readFailure(error: NodeJS.ErrnoException, signal: AbortSignal): FetchedPolicy {
	if (signal.aborted) return { outcome: 'unknown', reason: 'the server did not answer in time' };
	const { code = '', message } = error;
	return CERTIFICATE_CODE.test(code)
		? { outcome: 'refused', because: 'certificate', detail: message.slice(0, 300) }
		: { outcome: 'unknown', reason: message.slice(0, 300) };
}
