import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './report';

/** How long n8n let whoever asks for its health wait, in ms. */
export interface Waits {
	median: number;
	worst: number;
	asked: number;
}

const EVERY_MS = 20;

/** Asks an n8n for its health, again and again, until it is stopped. */
export function watchHealth(url: string): { stop(): Promise<Waits> } {
	let stopped = false;
	const waits: number[] = [];
	const asking = (async () => {
		while (!stopped) {
			const start = performance.now();
			const { ok } = await fetch(`${url}/healthz`);
			if (!ok) throw new Error('n8n says that it is not well.');
			waits.push(performance.now() - start);
			await sleep(EVERY_MS);
		}
	})();
	// Thrown to whoever stops it.
	asking.catch(() => undefined);
	return {
		async stop() {
			stopped = true;
			await asking;
			return { median: median(waits), worst: Math.max(...waits), asked: waits.length };
		},
	};
}
