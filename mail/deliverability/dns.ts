import { Resolver } from 'node:dns/promises';
import { domainToASCII } from 'node:url';

/** What the checks ask for, and the form in which one record comes. */
export interface RecordForms {
	A: string;
	AAAA: string;
	CNAME: string;
	MX: { exchange: string; priority: number };
	NS: string;
	PTR: string;
	/** The strings of one record; readers join them without a space (RFC 7208 section 3.3). */
	TXT: { text: string; strings: readonly string[] };
	TLSA: { usage: number; selector: number; matching: number; data: string };
}
export type RecordType = keyof RecordForms;

/** What the DNS says of a name. `unknown` is no answer, and never evidence of anything. */
export type DnsAnswer<T> =
	| { outcome: 'records'; records: T[] }
	/** There is no such record; `nameExists` false: nor any other at this name (NXDOMAIN). */
	| { outcome: 'none'; nameExists: boolean }
	| { outcome: 'unknown'; reason: string };

/** A question that was asked, and how it ended. */
export interface DnsQuestion {
	name: string;
	type: RecordType;
	outcome: DnsAnswer<unknown>['outcome'];
}

/**
 * One run's view of the DNS. Each question is asked once; questions, time and what may be asked at once
 * are bounded, so that a hostile zone costs a run a little time and no more. Never rejects.
 */
export interface Dns {
	lookUp<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordForms[T]>>;
	/** Every question so far, in the order in which it was first asked. */
	readonly asked: readonly DnsQuestion[];
}

export interface DnsOptions {
	/** Name servers as `address` or `address:port`; none: those of this machine. */
	servers?: readonly string[];
	/** How long one server may take to answer one try, in ms. */
	timeoutMs?: number;
	tries?: number;
	/** How long all questions of a run may take together, in ms. */
	totalMs?: number;
	maxQuestions?: number;
	atOnce?: number;
	signal?: AbortSignal;
}

const MAX_RECORDS = 100;
/** A string has at most 255 octets (RFC 1035 section 3.3). */
const MAX_STRINGS = 64;

/**
 * A bounded, remembering resolver for one run.
 *
 * @throws Error when `servers` holds something that is no address
 */
export function openDns(options: DnsOptions = {}): Dns {
	const { servers = [], timeoutMs = 1_500, tries = 2, signal } = options;
	const { totalMs = 20_000, maxQuestions = 300, atOnce = 8 } = options;
	const resolver = new Resolver({ timeout: timeoutMs, tries });
	if (servers.length > 0) setServers(resolver, servers);
	return new BoundedDns(
		resolver,
		new Turns(atOnce),
		AbortSignal.any([AbortSignal.timeout(totalMs), ...(signal ? [signal] : [])]),
		maxQuestions,
	);
}

/** Like DNS itself, blind to case, and a final dot says nothing. Undefined: no name of the DNS. */
export function dnsName(name: string): string | undefined {
	const plain = name.replace(/\.$/, '');
	// Underscores and what else the DNS allows but URLs do not must not pass through domainToASCII.
	const ascii = isAscii(plain) ? plain.toLowerCase() : domainToASCII(plain);
	if (ascii === '' || ascii.length > 253) return undefined;
	return ascii.split('.').every((label) => /^[\x21-\x7e]{1,63}$/.test(label)) ? ascii : undefined;
}

class BoundedDns implements Dns {
	readonly asked: DnsQuestion[] = [];
	private readonly answers = new Map<string, Promise<DnsAnswer<unknown>>>();

	constructor(
		private readonly resolver: Resolver,
		private readonly turns: Turns,
		private readonly end: AbortSignal,
		private readonly maxQuestions: number,
	) {}

	lookUp<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordForms[T]>> {
		const canonical = dnsName(name);
		if (canonical === undefined) return Promise.resolve({ outcome: 'none', nameExists: false });
		const key = `${type} ${canonical}`;
		let answer = this.answers.get(key);
		if (!answer) {
			answer = this.ask(canonical, type);
			this.answers.set(key, answer);
		}
		return answer as Promise<DnsAnswer<RecordForms[T]>>;
	}

	private async ask(name: string, type: RecordType): Promise<DnsAnswer<unknown>> {
		if (this.asked.length >= this.maxQuestions)
			return unknown(`more than ${this.maxQuestions} questions to the DNS`);
		const question: DnsQuestion = { name, type, outcome: 'unknown' };
		this.asked.push(question);
		const answer = await this.turns.take(async () => await this.resolve(name, type));
		question.outcome = answer.outcome;
		return answer;
	}

	private async resolve(name: string, type: RecordType): Promise<DnsAnswer<unknown>> {
		if (this.end.aborted) return unknown('no time was left');
		let onEnd: () => void = () => undefined;
		const ended = new Promise<DnsAnswer<unknown>>((resolve) => {
			onEnd = () => {
				resolve(unknown('no time was left'));
			};
			this.end.addEventListener('abort', onEnd, { once: true });
		});
		try {
			return await Promise.race([ended, this.query(name, type)]);
		} finally {
			this.end.removeEventListener('abort', onEnd);
		}
	}

	private async query(name: string, type: RecordType): Promise<DnsAnswer<unknown>> {
		try {
			const records = ((await this.resolver.resolve(name, type)) as unknown[])
				.slice(0, MAX_RECORDS)
				.map((record) => readRecord(record, type));
			return records.length > 0 ? { outcome: 'records', records } : NO_DATA;
		} catch (error) {
			return readFailure(error as NodeJS.ErrnoException);
		}
	}
}

const NO_DATA: DnsAnswer<never> = { outcome: 'none', nameExists: true };

function readRecord(record: unknown, type: RecordType): unknown {
	if (type === 'TXT') {
		const strings = (record as string[]).slice(0, MAX_STRINGS);
		return { text: strings.join(''), strings } satisfies RecordForms['TXT'];
	}
	if (type === 'MX') {
		const { exchange, priority } = record as RecordForms['MX'];
		return { exchange: exchange.toLowerCase(), priority };
	}
	if (type === 'TLSA') {
		const tlsa = record as Record<'certUsage' | 'selector' | 'match', number> & {
			data: ArrayBuffer;
		};
		return {
			usage: tlsa.certUsage,
			selector: tlsa.selector,
			matching: tlsa.match,
			data: Buffer.from(tlsa.data).toString('hex'),
		};
	}
	return typeof record === 'string' ? record.toLowerCase() : record;
}

function readFailure({ code = 'an error' }: NodeJS.ErrnoException): DnsAnswer<never> {
	if (code === 'ENOTFOUND' || code === 'EBADNAME') return { outcome: 'none', nameExists: false };
	if (code === 'ENODATA') return NO_DATA;
	return unknown(REASONS[code] ?? `the name server said ${code}`);
}

const REASONS: Partial<Record<string, string>> = {
	ETIMEOUT: 'the name server did not answer in time',
	ESERVFAIL: 'the name server reported a failure (SERVFAIL)',
	EREFUSED: 'the name server refused to answer (REFUSED)',
	ECONNREFUSED: 'no name server could be reached',
	ECANCELLED: 'the question was cancelled',
	EBADRESP: 'the name server sent an answer that cannot be read',
	EFORMERR: 'the name server did not understand the question (FORMERR)',
	ENOTIMP: 'the name server does not know this kind of record (NOTIMP)',
};

function unknown(reason: string): DnsAnswer<never> {
	return { outcome: 'unknown', reason };
}

function isAscii(text: string): boolean {
	return /^[\x00-\x7f]*$/.test(text);
}

function setServers(resolver: Resolver, servers: readonly string[]): void {
	try {
		resolver.setServers(servers);
	} catch {
		throw new Error(
			`"${servers.join(', ')}" is no list of name servers. Give addresses such as 192.0.2.53, with a port where it is not 53: 127.0.0.1:5353.`,
		);
	}
}

/** At most so many at once, the others in the order in which they came. */
class Turns {
	private readonly waiting: (() => void)[] = [];

	constructor(private free: number) {}

	async take<T>(work: () => Promise<T>): Promise<T> {
		if (this.free > 0) this.free -= 1;
		else
			await new Promise<void>((resolve) => {
				this.waiting.push(resolve);
			});
		try {
			return await work();
		} finally {
			const next = this.waiting.shift();
			if (next) next();
			else this.free += 1;
		}
	}
}
