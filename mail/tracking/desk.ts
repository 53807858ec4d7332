import type { MachineSign, TrackingEventName } from '../model/tracking';
import type { MailStore, SigningKey } from '../store/store';
import type { TrackedMail } from '../store/tracking-store';
import { webTarget } from './find-links';
import { HitIntake } from './intake';
import type { Hit, JudgedHit } from './intake';
import { signOfRequest } from './machine';
import { ACTIONS, renderPage } from './pages/page';
import { PAGE_HEADERS } from './pages/shell';
import type { PageContent, PageLook } from './pages/page';
import { languageFor } from './pages/words';
import type { PageName } from './pages/words';
import { readToken } from './token';
import type { TrackingToken } from './token';

/** A request as it came: nothing of it is trusted. */
export interface TrackingRequest {
	method: string;
	/** The value of `t` in the query. */
	token: unknown;
	/** The parsed body of a POST. */
	body: unknown;
	userAgent: string;
	languages: string;
	isPrefetch: boolean;
	ip: string;
}

export interface TrackingReply {
	status: number;
	headers: Readonly<Record<string, string>>;
	body: string | Buffer;
}

/** What a request did, told once it is recorded. */
export interface TrackedEvent {
	event: TrackingEventName;
	campaignId: string;
	/** Left out where nobody is to know who. */
	recipient?: string;
	link?: { number: number; target: string };
	/** The recipient's first such event by a person (or, for a machine's, by a machine). */
	first: boolean;
	machine?: MachineSign;
	at: number;
	/** The list that was left or joined again; `''` for everything. */
	list?: string;
	ip?: string;
	userAgent?: string;
}

export interface TrackingAnswer {
	reply: TrackingReply;
	event?: {
		name: TrackingEventName;
		/** Some seconds later, for a machine is told from a person by what it does next. */
		told: Promise<TrackedEvent | undefined>;
	};
}

export interface DeskOptions {
	look: PageLook;
	/** Keep IP address and user agent with each event. */
	keepVisitor: boolean;
}

/** 1 × 1, transparent: the smallest picture that every mail program shows. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const PIXEL_REPLY: TrackingReply = {
	status: 200,
	headers: {
		'Content-Type': 'image/gif',
		// Each look at the mail shall ask again.
		'Cache-Control': 'no-store, max-age=0',
		'X-Content-Type-Options': 'nosniff',
	},
	body: PIXEL,
};

/** Signing keys are asked for again after so long, or when a token names another; in ms. */
const KEYS_KEPT_MS = 60_000;
const KEYS_ASKED_AGAIN_MS = 2_000;
/** Links, and whose mail a reference is, are remembered for so many. */
const REMEMBERED = 20_000;
const LONGEST_USER_AGENT = 300;

/**
 * Answers everything that a mail's links ask: the pixel, the redirect, the pages, and the POST of a mail
 * program (RFC 8058). GET and HEAD change nothing but counts.
 *
 * Whatever is not exactly as we signed it gets the same page and leaves no trace. Never throws for
 * anything that a request holds.
 */
export class TrackingDesk {
	readonly #store: MailStore;
	readonly #clock: () => number;
	readonly #intake: HitIntake;
	readonly #mails = new Memory<TrackedMail>(REMEMBERED);
	readonly #targets = new Memory<string>(REMEMBERED);
	readonly #arriving = new Set<Promise<unknown>>();
	#keys: readonly SigningKey[] = [];
	#keysReadAt = Number.NEGATIVE_INFINITY;
	#readingKeys: Promise<void> | undefined;

	constructor(store: MailStore, clock: () => number = Date.now) {
		this.#store = store;
		this.#clock = clock;
		this.#intake = new HitIntake(store, clock);
	}

	/** Writes what waits to be judged. */
	async flush(): Promise<void> {
		await Promise.allSettled(this.#arriving);
		await this.#intake.flush();
	}

	async answer(request: TrackingRequest, options: DeskOptions): Promise<TrackingAnswer> {
		const page = (name: PageName, status: number, about: Partial<PageContent> = {}) =>
			pageReply(name, status, request, options.look, about);
		const token = await this.#readToken(request.token);
		if (!token) return { reply: page('notValid', 404) };
		const isRead = request.method === 'GET' || request.method === 'HEAD';
		switch (token.kind) {
			case 'open':
				if (!isRead) return { reply: page('notValid', 405) };
				return {
					reply: PIXEL_REPLY,
					event: { name: 'opened', told: this.#note(token, undefined, request, options) },
				};
			case 'click': {
				const target = await this.#targetOf(token);
				if (target === undefined || !isRead) return { reply: page('notValid', 404) };
				return {
					reply: redirect(target),
					event: { name: 'clicked', told: this.#note(token, target, request, options) },
				};
			}
			case 'unsubscribe':
				return await this.#unsubscribe(token, request, options, page);
		}
	}

	async #readToken(text: unknown): Promise<TrackingToken | undefined> {
		if (typeof text !== 'string') return undefined;
		const now = this.#clock();
		if (now - this.#keysReadAt > KEYS_KEPT_MS) await this.#readKeys(now);
		const token = readToken(text, this.#keys);
		if (token) return token;
		// A key that was made a moment ago, by another process: asked for, but not for each forgery.
		const isKnown = this.#keys.some(({ id }) => id === text.charAt(1));
		if (isKnown || now - this.#keysReadAt < KEYS_ASKED_AGAIN_MS) return undefined;
		await this.#readKeys(now);
		return readToken(text, this.#keys);
	}

	/** Once for all who ask meanwhile: without keys, each link would be called none of ours. */
	async #readKeys(now: number): Promise<void> {
		this.#readingKeys ??= this.#store.signingKeys
			.all()
			.then((keys) => {
				this.#keys = keys;
				this.#keysReadAt = now;
			})
			.finally(() => {
				this.#readingKeys = undefined;
			});
		await this.#readingKeys;
	}

	async #mailOf(reference: string): Promise<TrackedMail | undefined> {
		const known = this.#mails.get(reference);
		if (known) return known;
		const mail = await this.#store.tracking.findMail(reference);
		// One that is on its way does not know yet when it was sent.
		if (mail && (mail.sentAt !== undefined || !mail.recipient)) this.#mails.set(reference, mail);
		return mail;
	}

	async #targetOf(token: TrackingToken): Promise<string | undefined> {
		const mail = await this.#mailOf(token.reference);
		if (!mail) return undefined;
		if (token.target !== undefined) return webTarget(token.target);
		const name = `${token.link} ${mail.campaignId}`;
		const known = this.#targets.get(name);
		if (known !== undefined) return known;
		const found = await this.#store.tracking.findTarget(mail.campaignId, token.link);
		const target = found === undefined ? undefined : webTarget(found);
		if (target !== undefined) this.#targets.set(name, target);
		return target;
	}

	async #note(
		{ reference, kind, link }: TrackingToken,
		target: string | undefined,
		request: TrackingRequest,
		{ keepVisitor }: DeskOptions,
	): Promise<TrackedEvent | undefined> {
		const hit = {
			event: kind === 'click' ? ('clicked' as const) : ('opened' as const),
			link,
			target,
			at: this.#clock(),
			machine: signOfRequest(request),
			...(keepVisitor ? visitorOf(request) : {}),
		};
		const arrival = this.#arrive(reference, hit);
		this.#arriving.add(arrival);
		const { judging } = await arrival.finally(() => this.#arriving.delete(arrival));
		const judged = await judging;
		return judged && tell(judged);
	}

	/** From then on the intake has it. An object around the promise, for `await` would wait for it too. */
	async #arrive(
		reference: string,
		hit: Omit<Hit, 'mail'>,
	): Promise<{ judging: Promise<JudgedHit | undefined> | undefined }> {
		const mail = await this.#mailOf(reference);
		return { judging: mail && this.#intake.add({ mail, ...hit }) };
	}

	async #unsubscribe(
		token: TrackingToken,
		request: TrackingRequest,
		options: DeskOptions,
		page: (name: PageName, status: number, about?: Partial<PageContent>) => TrackingReply,
	): Promise<TrackingAnswer> {
		const mail = await this.#mailOf(token.reference);
		if (!mail?.recipient) return { reply: page('notValid', 404) };
		const settings = await this.#store.tracking.getCampaign(mail.campaignId);
		const list = settings?.list ?? '';
		const about = { address: mail.recipient.address, list };
		if (request.method === 'GET' || request.method === 'HEAD')
			return { reply: page('confirm', 200, about) };
		if (request.method !== 'POST') return { reply: page('notValid', 405) };
		const action = readAction(request.body);
		if (!action) return { reply: page('confirm', 400, about) };
		const { campaignId, recipient, reference } = mail;
		const changed =
			action === 'unsubscribe'
				? await this.#leave(campaignId, recipient, list)
				: await this.#comeBack(recipient.key, list);
		if (changed === 'cannot') return { reply: page('askSender', 200, about) };
		const event = action === 'unsubscribe' ? 'unsubscribed' : 'resubscribed';
		const reply = page(event === 'unsubscribed' ? 'done' : 'resubscribed', 200, about);
		if (changed === 'nothing') return { reply };
		const at = this.#clock();
		const visitor = options.keepVisitor ? visitorOf(request) : {};
		const [recorded] = await this.#store.tracking.record([
			{ campaignId, reference, event, link: 0, at, ...visitor },
		]);
		const first = recorded?.result === 'recorded' && recorded.first;
		const told = {
			event,
			campaignId,
			recipient: recipient.address,
			first,
			at,
			list,
			...visitor,
		} as const;
		return { reply, event: { name: event, told: Promise.resolve(told) } };
	}

	async #leave(
		campaignId: string,
		{ key, address }: { key: string; address: string },
		list: string,
	): Promise<'done' | 'nothing'> {
		const { suppressions } = this.#store;
		const before = (await suppressions.find(key)).find((entry) => entry.list === list);
		await suppressions.add([{ key, address, reason: 'unsubscribed', list, campaignId }]);
		return before?.reason === 'unsubscribed' || before?.reason === 'complained'
			? 'nothing'
			: 'done';
	}

	/** Takes back what the recipient did, and nothing else: a bounce or a complaint stays. */
	async #comeBack(key: string, list: string): Promise<'done' | 'nothing' | 'cannot'> {
		const { suppressions } = this.#store;
		const entry = (await suppressions.find(key)).find((each) => each.list === list);
		if (entry && entry.reason !== 'unsubscribed') return 'cannot';
		if (entry) await suppressions.remove([key], { list });
		const stillOut = (await suppressions.check([key], { list })).size > 0;
		return stillOut ? 'cannot' : entry ? 'done' : 'nothing';
	}
}

/** RFC 8058 section 3.1 for programs, our own form for people. n8n puts multipart fields under `data`. */
function readAction(body: unknown): 'unsubscribe' | 'resubscribe' | undefined {
	if (typeof body !== 'object' || body === null) return undefined;
	const fields = body as Record<string, unknown>;
	if (typeof fields.data === 'object' && fields.data !== null && !('action' in fields))
		return readAction(fields.data);
	if (fields['List-Unsubscribe'] === 'One-Click') return 'unsubscribe';
	return Object.values(ACTIONS).find((action) => action === fields.action);
}

function tell({
	mail,
	event,
	link,
	target,
	first,
	machine,
	at,
	ip,
	userAgent,
}: JudgedHit): TrackedEvent {
	const { campaignId, recipient } = mail;
	return {
		event,
		campaignId,
		...(recipient ? { recipient: recipient.address, ip, userAgent } : {}),
		...(target === undefined ? {} : { link: { number: link, target } }),
		first,
		machine,
		at,
	};
}

function redirect(target: string): TrackingReply {
	return {
		status: 302,
		headers: { Location: target, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' },
		body: '',
	};
}

function pageReply(
	page: PageName,
	status: number,
	{ languages }: TrackingRequest,
	look: PageLook,
	about: Partial<PageContent>,
): TrackingReply {
	const language = languageFor(languages);
	return { status, headers: PAGE_HEADERS, body: renderPage({ page, language, ...about }, look) };
}

/** The page for trouble of our own, such as a store that cannot be reached. */
export function failedReply(request: TrackingRequest, look: PageLook): TrackingReply {
	return pageReply('failed', 503, request, look, {});
}

function visitorOf({ ip, userAgent }: TrackingRequest): { ip: string; userAgent: string } {
	return { ip: clean(ip).slice(0, 45), userAgent: clean(userAgent).slice(0, LONGEST_USER_AGENT) };
}

/** On one line, whatever it held: it may be shown, logged or mailed. */
function clean(text: string): string {
	return text
		.toWellFormed()
		.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
		.trim();
}

/** The last so many things asked for. */
class Memory<V> {
	readonly #known = new Map<string, V>();

	constructor(private readonly most: number) {}

	get(key: string): V | undefined {
		return this.#known.get(key);
	}

	set(key: string, value: V): void {
		this.#known.set(key, value);
		if (this.#known.size <= this.most) return;
		const [oldest] = this.#known.keys();
		if (oldest !== undefined) this.#known.delete(oldest);
	}
}
