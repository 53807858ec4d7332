import fs from 'node:fs';

/** Forces a database's log to the disk. */
export interface LogOnDisk {
	/** Resolves once everything that was committed before the call outlives the end of the machine. */
	reach(): Promise<void>;
	close(): Promise<void>;
}

/**
 * Does what SQLite's synchronous=FULL does after each commit (fdatasync of the write-ahead log), but in
 * a thread of the system's: a disk takes a millisecond, and the event loop would stand still for it.
 * SQLite itself syncs a new log's head and folder, and everything around a checkpoint, with NORMAL too.
 *
 * Calls that come while the disk is at work wait for one further sync together.
 *
 * @param file the database's; SQLite keeps the log beside it for as long as a connection is open
 */
export function logOnDisk(file: string): LogOnDisk {
	let log: number | undefined;
	let running: Promise<void> | undefined;
	let next: Promise<void> | undefined;

	function sync(): Promise<void> {
		return new Promise((resolve, reject) => {
			// Windows flushes only what was opened for writing.
			log ??= fs.openSync(`${file}-wal`, 'r+');
			fs.fdatasync(log, (error) => {
				if (error) reject(error);
				else resolve();
			});
		});
	}

	function begin(): Promise<void> {
		const started = sync().finally(() => {
			if (running === started) running = undefined;
		});
		running = started;
		return started;
	}

	return {
		reach() {
			if (!running) return begin();
			// The one under way may have begun before our commit.
			next ??= running
				.catch(() => undefined)
				.then(() => {
					next = undefined;
					return begin();
				});
			return next;
		},
		async close() {
			await running?.catch(() => undefined);
			if (log !== undefined) fs.closeSync(log);
			log = undefined;
		},
	};
}
