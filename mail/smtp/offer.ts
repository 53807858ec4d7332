import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What a server lets a signed-in client do, as it said itself. */
export interface ServerOffer {
	/** The lines of its EHLO, such as `SIZE 35882577`; empty for a server of before 1995. */
	extensions: string[];
	/** The largest message that it takes, in octets (RFC 1870); left out when it does not say. */
	maxMessageSize?: number;
	/** Left out when the connection is in clear. */
	encryption?: {
		protocol: string;
		cipher: string;
		/** When the server's certificate ends (ISO 8601). */
		certificateEnds?: string;
	};
	/** How we signed in, such as `PLAIN` or `XOAUTH2`; left out without sign-in. */
	signInMethod?: string;
}

/** RFC 5321 section 4.5.3.1.5: a reply line has at most 512 octets. What comes above that is noise. */
const MAX_LINE = 512;
const MAX_LINES = 100;

/** @param heard.ehloLines the server's own words, unbounded and with any character */
export function readOffer(
	socket: Socket,
	heard: { ehloLines: readonly string[]; largest: number; signInMethod: string | undefined },
): ServerOffer {
	const { ehloLines, largest, signInMethod } = heard;
	const encrypted = socket instanceof TLSSocket ? socket : undefined;
	return {
		extensions: ehloLines.slice(0, MAX_LINES).map((line) => line.slice(0, MAX_LINE)),
		...(largest > 0 ? { maxMessageSize: largest } : {}),
		...(encrypted
			? {
					encryption: {
						protocol: encrypted.getProtocol() ?? 'TLS',
						cipher: encrypted.getCipher().standardName,
						...certificateEnd(encrypted),
					},
				}
			: {}),
		...(signInMethod === undefined ? {} : { signInMethod }),
	};
}

function certificateEnd(socket: TLSSocket): { certificateEnds?: string } {
	// Empty where the session was resumed, whatever the types say.
	const { valid_to: end } = socket.getPeerCertificate() as { valid_to?: string };
	const at = end === undefined ? NaN : Date.parse(end);
	return Number.isNaN(at) ? {} : { certificateEnds: new Date(at).toISOString() };
}
