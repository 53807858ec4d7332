import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server program that a test started, in the foreground; ended with the test process at the latest. */
export interface ChildServer {
	readonly pid: number;
	/** What it wrote to stdout and stderr lately. */
	output(): string;
	readonly ended: boolean;
	/**
	 * SIGTERM or the signal named, and SIGKILL when it has not ended after `graceMs`. Whatever processes
	 * it had started and left behind are killed: they would keep its ports.
	 */
	stop(graceMs?: number, signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

process.on('exit', () => {
	for (const child of running) child.kill('SIGTERM');
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own, deleted with the test process at the latest. */
export function tempFolder(prefix: string, parent = tmpdir()): { path: string; remove(): void } {
	const path = mkdtempSync(join(parent, prefix));
	folders.add(path);
	return {
		path,
		remove: () => {
			rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
			folders.delete(path);
		},
	};
}

export function startChild(
	program: string,
	args: string[],
	env = process.env,
	as: { uid?: number; gid?: number; cwd?: string } = {},
): ChildServer {
	const child = spawn(program, args, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env,
		// A process group of its own, so that its children can be found when it is gone.
		detached: true,
		...as,
	});
	let tail = '';
	const remember = (chunk: Buffer): void => {
		tail = (tail + chunk.toString()).slice(-20_000);
	};
	child.stdout.on('data', remember);
	child.stderr.on('data', remember);
	child.on('error', (error) => {
		remember(Buffer.from(error.message));
	});
	running.add(child);
	child.on('exit', () => running.delete(child));
	const ended = (): boolean =>
		child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
	return {
		pid: child.pid ?? 0,
		output: () => tail,
		get ended() {
			return ended();
		},
		async stop(graceMs = 5_000, signal = 'SIGTERM') {
			if (ended()) return;
			const exit = once(child, 'exit');
			child.kill(signal);
			const forced = setTimeout(() => child.kill('SIGKILL'), graceMs);
			await exit;
			clearTimeout(forced);
			killGroup(child.pid);
		},
	};
}

function killGroup(leader: number | undefined): void {
	if (leader === undefined) return;
	try {
		process.kill(-leader, 'SIGKILL');
	} catch {
		// Nobody of it is left.
	}
}

/** Resolves when something listens on the port and, if it should, has said its first words. */
export async function waitForPort(
	port: number,
	options: { greets: boolean; host?: string; timeoutMs?: number; gaveUp?: () => boolean },
): Promise<void> {
	const deadline = Date.now() + (options.timeoutMs ?? 15_000);
	while (!(await answers(port, options.host ?? '127.0.0.1', options.greets))) {
		if (options.gaveUp?.() || Date.now() > deadline) throw new Error(`nothing on port ${port}`);
		await sleep(25);
	}
}

function answers(port: number, host: string, greets: boolean): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, host);
		const finish = (answer: boolean): void => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(2_000, () => {
			finish(false);
		});
		socket.on('error', () => {
			finish(false);
		});
		socket.on(greets ? 'data' : 'connect', () => {
			finish(true);
		});
		socket.on('end', () => {
			finish(false);
		});
	});
}
