/**
 * What links to this address are good for. `local`: they open on this computer only, which is enough to
 * try them. `open`: without TLS, so no mail program unsubscribes by it (RFC 8058 section 3.1).
 */
export type SiteReach = 'public' | 'local' | 'open';

export function reachOf(site: string): SiteReach {
	if (!URL.canParse(site)) return 'open';
	const { protocol, hostname } = new URL(site);
	if (LOCAL.test(hostname)) return 'local';
	return protocol === 'https:' ? 'public' : 'open';
}

/** As the URL parser writes them. */
const LOCAL = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/;
