import type { MachineSign } from '../model/tracking';

/** What one request tells of whoever made it. */
export interface Visitor {
	method: string;
	userAgent: string;
	/** `Sec-Purpose: prefetch` and its older spellings. */
	isPrefetch: boolean;
}

/**
 * Apple Mail Privacy Protection names itself `Mozilla/5.0` and nothing more; Gmail, where it loads
 * pictures before the mail is opened, an Edge 12 that no person runs. (Gmail's GoogleImageProxy and
 * Yahoo's YahooMailProxy load a picture when the mail is opened, and count as people.)
 */
const PREFETCHERS = [
	/^Mozilla\/5\.0$/,
	/^Mozilla\/5\.0 \(Windows NT 10\.0; Win64; x64\) AppleWebKit\/537\.36 \(KHTML, like Gecko\) Chrome\/42\.0\.2311\.135 Safari\/537\.36 Edge\/12\.246 Mozilla\/5\.0$/,
];

/** Programs that name themselves: fetchers, scanners of mail gateways, and makers of link previews. */
const PROGRAMS = new RegExp(
	[
		'bot\\b',
		'crawl',
		'spider',
		'scan',
		'preview',
		'headless',
		'monitor',
		'^curl/',
		'^wget/',
		'^java/',
		'^python',
		'python-requests',
		'aiohttp',
		'^go-http-client',
		'^ruby',
		'^libwww',
		'^axios',
		'^postman',
		'apache-httpclient',
		'barracuda',
		'bitdefender',
		'fireeye',
		'forcepoint',
		'mimecast',
		'proofpoint',
		'safelinks',
		'sophos',
		'symantec',
		'trendmicro',
		'facebookexternalhit',
		'whatsapp',
		'^slack',
	].join('|'),
	'i',
);

/** What a request by itself gives away. A hit is `undefined` for a person's, as far as it can tell. */
export function signOfRequest({ method, userAgent, isPrefetch }: Visitor): MachineSign | undefined {
	if (method === 'HEAD') return 'headRequest';
	if (isPrefetch || PREFETCHERS.some((pattern) => pattern.test(userAgent))) return 'prefetch';
	if (userAgent.trim() === '' || PROGRAMS.test(userAgent)) return 'userAgent';
	return undefined;
}

/** Nobody has read a mail so soon after the server took it; in ms. */
export const TOO_SOON_MS = 2_000;

/** @param sentAt when the server took the mail; while it is being sent that is not known yet */
export function signOfMoment(at: number, sentAt: number | undefined): MachineSign | undefined {
	return sentAt !== undefined && at - sentAt < TOO_SOON_MS ? 'tooSoon' : undefined;
}

/** A person takes longer than this from one link of a mail to another; in ms. */
const BETWEEN_LINKS_MS = 1_000;

/** Whether these clicks on one mail's links come faster than a person can read and press. */
export function isBurst(clicks: readonly { link: number; at: number }[]): boolean {
	const first = new Map<number, number>();
	for (const { link, at } of clicks)
		first.set(link, Math.min(first.get(link) ?? Number.POSITIVE_INFINITY, at));
	const times = [...first.values()].sort((a, b) => a - b);
	const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
	return times.length >= 2 && span < BETWEEN_LINKS_MS * (times.length - 1);
}
