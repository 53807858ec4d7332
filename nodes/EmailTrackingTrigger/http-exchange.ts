import type { IncomingMessage, ServerResponse } from 'node:http';

import type { TrackingReply, TrackingRequest } from '../../mail/index';

/** What the tracking desk is told of a request. */
export function readRequest(
	{ method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
	known: Pick<TrackingRequest, 'token' | 'body' | 'ip'>,
): TrackingRequest {
	const one = (name: string) => {
		const value = headers[name];
		return typeof value === 'string' ? value : '';
	};
	const purposes = [one('sec-purpose'), one('purpose'), one('x-purpose'), one('x-moz')];
	return {
		...known,
		method,
		userAgent: one('user-agent'),
		languages: one('accept-language'),
		isPrefetch: purposes.some((purpose) => /prefetch|preview/i.test(purpose.slice(0, 100))),
	};
}

/** Sends the desk's reply by ourselves: through n8n a page would be sandboxed. */
export function respond(response: ServerResponse, { status, headers, body }: TrackingReply): void {
	response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
	response.end(body);
}
