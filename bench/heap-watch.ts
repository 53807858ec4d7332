import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../test/support/free-port';

const EVERY_MS = 2_000;
const MEGABYTE = 1024 * 1024;

/** What a process holds when all that can be let go has been let go of, in MB. */
interface Sample {
	at: number;
	/** Objects, and the buffers beside them. */
	live: number;
	/** Of the whole process, as the system sees it. */
	resident: number;
}

export interface HeapWatch {
	/** The most that was held at one time between these, in ms since the epoch. */
	stop(span: { from: number; to: number }): Promise<Omit<Sample, 'at'>>;
}

/**
 * Starts to watch a process that was started with this environment: it has to collect its garbage again
 * and again. What V8 leaves lying about while nothing presses it says nothing about what a run needs.
 */
export async function prepareHeapWatch(): Promise<{
	env: NodeJS.ProcessEnv;
	watch: (pid: number) => Promise<HeapWatch>;
}> {
	const { port } = await freePorts('port');
	return {
		env: { NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` },
		watch: (pid) => watchHeap(pid, port),
	};
}

async function watchHeap(pid: number, port: number): Promise<HeapWatch> {
	const inspector = await connectTo(pid, port);
	const samples: Sample[] = [];
	let stopped = false;
	const watching = (async () => {
		while (!stopped) {
			await inspector.call('HeapProfiler.collectGarbage');
			const { usedSize, backingStorageSize } = await inspector.call('Runtime.getHeapUsage');
			samples.push({
				at: Date.now(),
				live: ((usedSize ?? NaN) + (backingStorageSize ?? NaN)) / MEGABYTE,
				resident: await residentOf(pid),
			});
			await sleep(EVERY_MS);
		}
	})();
	// Thrown to whoever stops it.
	watching.catch(() => undefined);
	return {
		async stop({ from, to }) {
			stopped = true;
			await watching;
			inspector.close();
			const during = samples.filter(({ at }) => at >= from && at <= to);
			return {
				live: Math.max(...during.map(({ live }) => live)),
				resident: Math.max(...during.map(({ resident }) => resident)),
			};
		},
	};
}

/** The memory of a process, as the system sees it, in MB. */
export async function residentOf(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8');
	return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

interface Inspector {
	call(method: string): Promise<Record<string, number>>;
	close(): void;
}

/** By the protocol of Node's inspector, which a running process opens at SIGUSR1. */
async function connectTo(pid: number, port: number): Promise<Inspector> {
	process.kill(pid, 'SIGUSR1');
	const socket = new WebSocket(await addressOf(port));
	const waiting = new Map<number, (result: Record<string, number>) => void>();
	let calls = 0;
	socket.onmessage = ({ data }) => {
		const { id, result } = JSON.parse(String(data)) as {
			id: number;
			result: Record<string, number>;
		};
		waiting.get(id)?.(result);
		waiting.delete(id);
	};
	await new Promise((resolve, reject) => {
		socket.onopen = resolve;
		socket.onerror = reject;
	});
	return {
		call(method) {
			const id = (calls += 1);
			socket.send(JSON.stringify({ id, method }));
			return new Promise((resolve) => waiting.set(id, resolve));
		},
		close() {
			socket.close();
		},
	};
}

async function addressOf(port: number): Promise<string> {
	for (let tries = 50; ; tries -= 1)
		try {
			const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
			const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
			if (target) return target.webSocketDebuggerUrl;
		} catch (error) {
			if (tries === 0) throw error;
			await sleep(100);
		}
}
