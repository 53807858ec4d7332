/** Whoever must be told when the process is asked to end: runs that send, hits that wait to be written. */
const active = new Set<() => void>();

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Calls `stop` when the process is asked to end (SIGTERM, SIGINT) or has nothing left to do. Its
 * listeners are there only while somebody is to be told, and before those of others. A signal that nobody
 * else listens to ends the process as it would have, once the last of them has stopped.
 *
 * @returns what takes it off again; to be called when it has stopped
 */
export function stopWithProcess(stop: () => void): () => void {
	// A function of its own, so that the same one given twice counts twice.
	const entry = () => {
		stop();
	};
	if (active.size === 0) listen();
	active.add(entry);
	return () => {
		if (active.delete(entry) && active.size === 0) unlisten();
	};
}

let received: NodeJS.Signals | undefined;

function onSignal(signal: NodeJS.Signals): void {
	// With a listener of ours alone, Node no longer ends the process by itself.
	if (process.listenerCount(signal) === 1) received = signal;
	stopAll();
}

function stopAll(): void {
	for (const stop of [...active]) stop();
}

function listen(): void {
	for (const signal of SIGNALS) process.prependListener(signal, onSignal);
	process.on('beforeExit', stopAll);
}

function unlisten(): void {
	for (const signal of SIGNALS) process.off(signal, onSignal);
	process.off('beforeExit', stopAll);
	const signal = received;
	received = undefined;
	if (signal && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
