import { isIP } from 'node:net';

import type { HeaderField } from './authentication-results';
import { receiverOf } from './authentication-results';

/** What a server wrote about taking a mail in (RFC 5321 section 4.4). */
export interface ReceivedLine {
	/** The address that it came from, as the server saw it. */
	address?: string;
	/** What the sender called itself. */
	ehlo?: string;
	isEncrypted: boolean;
	/** Handed on within one machine, where no TLS is needed. */
	isLocal: boolean;
	/** In ms since the epoch. */
	at?: number;
	text: string;
}

const MAX_LINE = 4_000;

/** The line by which a mail came in to its receiver from outside; undefined where there is none. */
export function cameInBy(headers: readonly HeaderField[]): ReceivedLine | undefined {
	const receiver = receiverOf(headers);
	const field =
		receiver === undefined
			? headers.find(({ name }) => name === 'received')
			: headers[receiver.cameInAt];
	return field && readReceived(field.value);
}

export function readReceived(value: string): ReceivedLine {
	const text = value.slice(0, MAX_LINE);
	const from = /^\s*from\s/i.test(text) ? (text.split(/\sby\s/i, 1)[0] ?? '') : '';
	const address = addressIn(from);
	const ehlo = /^\s*from\s+\[?([^\s()[\];]{1,255})/i.exec(from)?.[1]?.toLowerCase();
	const at = Date.parse(
		text
			.slice(text.lastIndexOf(';') + 1)
			.replace(/\([^()]*\)/g, ' ')
			.trim(),
	);
	return {
		...(address !== undefined && { address }),
		...(ehlo !== undefined && { ehlo }),
		isEncrypted: /\bwith\s+(?:UTF8)?(?:E?SMTPSA?|LMTPS|SMTPS)\b|\bTLSv?1|\bversion=TLS/i.test(text),
		isLocal: /\bfrom\s+localhost\b|\bwith\s+(?:LMTP|local)\b/i.test(text),
		...(!Number.isNaN(at) && { at }),
		text,
	};
}

/**
 * In the comment behind the name, `(name [192.0.2.1])`: what the server saw, while the name itself may be
 * any address that the sender claims. Others put it first (Exim) or bare (Microsoft).
 */
function addressIn(from: string): string | undefined {
	for (const pattern of [
		/\((?:[^\s()=[\]]+\s)?\[(?:IPv6:)?([0-9a-f.:]{3,45})\]/gi,
		/\[(?:IPv6:)?([0-9a-f.:]{3,45})\]/gi,
		/\(([0-9a-f.:]{3,45})\)/gi,
	])
		for (const [, address = ''] of from.matchAll(pattern))
			if (isIP(address) !== 0) return address.toLowerCase();
	return undefined;
}
