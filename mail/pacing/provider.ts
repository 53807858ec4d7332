import { PROVIDERS } from './providers';

/** Looks up a domain's mail servers. May reject or never answer: both mean that they are not known. */
export type ResolveMx = (domain: string) => Promise<readonly { exchange: string }[]>;

export interface ProviderOptions {
	/** Left out: only domains that are known by name are told apart from others. */
	resolveMx?: ResolveMx;
	/** How many are looked up at once, and for how long one is waited for, in ms. */
	atOnce?: number;
	timeoutMs?: number;
	/** How long `learn` keeps its caller waiting, in ms; what is learnt later serves the next time. */
	patienceMs?: number;
	/** How many domains are remembered. */
	remember?: number;
}

const BY_DOMAIN = new Map(
	PROVIDERS.flatMap(({ id, domains }) => domains.map((domain) => [domain, id] as const)),
);
const BY_MX = new Map(PROVIDERS.flatMap(({ id, mx }) => mx.map((name) => [name, id] as const)));

/**
 * Who takes mail for each domain: a provider's id where its name or its MX tells, else the domain
 * itself. What it has learnt it keeps, so that a list asks once for each domain.
 */
export class Providers {
	readonly #known = new Map<string, string>();
	/** Questions in a row that were not answered in time. */
	#silences = 0;

	constructor(private readonly options: ProviderOptions = {}) {}

	/** What is known of a domain by now. */
	of(domain: string): string {
		const name = domain.toLowerCase();
		return BY_DOMAIN.get(name) ?? this.#known.get(name) ?? name;
	}

	/**
	 * Asks for the domains that are not known yet, a few at a time, and waits for that a bounded time.
	 * Never rejects: a domain that nothing is learnt of stands for itself. A resolver that only keeps
	 * silent is asked no more.
	 */
	async learn(domains: Iterable<string>): Promise<void> {
		const { resolveMx, atOnce = 20, patienceMs = 1_000 } = this.options;
		if (!resolveMx || this.#silences >= MAX_SILENCES) return;
		const unknown = new Set<string>();
		for (const domain of domains) {
			const name = domain.toLowerCase();
			if (!BY_DOMAIN.has(name) && !this.#known.has(name)) unknown.add(name);
		}
		const queue = unknown.values();
		const worker = async () => {
			for (const name of queue) {
				this.#keep(name, await this.#ask(resolveMx, name));
				if (this.#silences >= MAX_SILENCES) return;
			}
		};
		const all = Promise.all(Array.from({ length: Math.min(atOnce, unknown.size) }, worker));
		await atMost(patienceMs, all, undefined);
	}

	async #ask(resolveMx: ResolveMx, domain: string): Promise<string> {
		const { timeoutMs = 3_000 } = this.options;
		try {
			const hosts = await atMost(timeoutMs, resolveMx(domain), undefined);
			this.#silences = hosts ? 0 : this.#silences + 1;
			return providerOfMx((hosts ?? []).map(({ exchange }) => exchange)) ?? domain;
		} catch {
			this.#silences = 0;
			return domain;
		}
	}

	#keep(domain: string, provider: string): void {
		const { remember = 50_000 } = this.options;
		if (this.#known.size >= remember) {
			const [oldest] = this.#known.keys();
			if (oldest !== undefined) this.#known.delete(oldest);
		}
		this.#known.set(domain, provider);
	}
}

/** So many questions without an answer, and there is no resolver. */
const MAX_SILENCES = 40;

/** What comes of it, or `otherwise` when that takes too long. */
async function atMost<T, U>(ms: number, work: Promise<T>, otherwise: U): Promise<T | U> {
	let timer: NodeJS.Timeout | undefined;
	const silence = new Promise<U>((resolve) => {
		timer = setTimeout(resolve, ms, otherwise);
	});
	try {
		return await Promise.race([work, silence]);
	} finally {
		clearTimeout(timer);
	}
}

/** The provider that one of these hosts belongs to. */
export function providerOfMx(hosts: readonly string[]): string | undefined {
	for (const host of hosts.slice(0, 20)) {
		const labels = host.toLowerCase().replace(/\.$/, '').split('.').slice(-6);
		for (let from = 0; from < labels.length; from += 1) {
			const id = BY_MX.get(labels.slice(from).join('.'));
			if (id) return id;
		}
	}
	return undefined;
}
