import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './report';

/** How long n8n let whoever asks for its health wait, in ms. */
export interface Waits {
	median: number;
	worst: number;
	asked: number;
}

const EVERY_MS = 20;

/** Times in ms since the epoch. */
export interface Span {
	from: number;
	to: number;
}

/** Asks an n8n for its health, again and again, until it is stopped. */
export function watchHealth(url: string): {
	/** @param during only what was waited for in this time: n8n's own work before and after is not ours */
	stop(during: Span): Promise<Waits>;
} {
	let stopped = false;
	const asked: Span[] = [];
	const asking = (async () => {
		while (!stopped) {
			const from = Date.now();
			const { ok } = await fetch(`${url}/healthz`);
			if (!ok) throw new Error('n8n says that it is not well.');
			asked.push({ from, to: Date.now() });
			await sleep(EVERY_MS);
		}
	})();
	// Thrown to whoever stops it.
	asking.catch(() => undefined);
	return {
		async stop(during) {
			stopped = true;
			await asking;
			const waits = asked
				.map(({ from, to }) => Math.min(to, during.to) - Math.max(from, during.from))
				.filter((ms) => ms >= 0);
			return { median: median(waits), worst: Math.max(...waits), asked: waits.length };
		},
	};
}
