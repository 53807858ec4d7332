import { StoreError } from '../store-error';
import type { StoreProblem } from '../store-error';

/** What a problem means for the user of a store in a file: what happened, and what to do. */
const WORDS = {
	locked: (file) =>
		`The mail store ${file} is locked by another program. Close what holds the file open for long (a backup, a database browser), then try again.`,
	full: (file) =>
		`The disk that holds the mail store ${file} is full. Free some space, then try again; what was written before is safe.`,
	notWritable: (file) =>
		`The mail store ${file} cannot be written. Give the user that runs this process write access to the file and to its folder.`,
	unreachable: (file) =>
		`The mail store ${file} cannot be opened. Check that the path names a file and not a folder, and that its folder can be reached by the user that runs this process.`,
	notADatabase: (file) =>
		`${file} is not a mail store: it is no SQLite database. Choose another path, or move that file away and a new store will be made.`,
	foreign: (file) =>
		`${file} is the database of another program, and was left alone. Choose another path for the mail store.`,
	newer: (file) =>
		`The mail store ${file} was written by a newer version of this package, and was left alone. Update the package on this machine.`,
	damaged: (file) =>
		`The mail store ${file} is damaged. Stop everything that uses it, then put back a backup, or save what can be read with "sqlite3 FILE .recover".`,
	duplicate: (file) =>
		`The mail store ${file} has this recipient's reference for another recipient already. A reference must be unique over all campaigns.`,
	moved: (file) =>
		`The mail store ${file} was moved to another place, or is being moved there. Choose the new one in this node; the end of the move named it.`,
	closed: (file) => `The mail store ${file} was closed already. Open it again before you use it.`,
	failed: (file) =>
		`The mail store ${file} could not be read or written. Check the disk; the file has to be on a local disk, not in a network folder.`,
} satisfies Partial<Record<StoreProblem, (file: string) => string>>;

export type FileProblem = keyof typeof WORDS;

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_CODES: Readonly<Record<number, FileProblem>> = {
	3: 'notWritable', // SQLITE_PERM
	5: 'locked', // SQLITE_BUSY
	6: 'locked', // SQLITE_LOCKED
	8: 'notWritable', // SQLITE_READONLY
	11: 'damaged', // SQLITE_CORRUPT
	13: 'full', // SQLITE_FULL
	14: 'unreachable', // SQLITE_CANTOPEN
	26: 'notADatabase', // SQLITE_NOTADB
};

/** SQLite's extended codes of constraints. */
const CONSTRAINTS: Readonly<Record<number, FileProblem>> = {
	2067: 'duplicate', // SQLITE_CONSTRAINT_UNIQUE
	1811: 'moved', // SQLITE_CONSTRAINT_TRIGGER: the only ones that refuse are those of a move
};

const FILE_CODES: Readonly<Record<string, FileProblem>> = {
	EACCES: 'notWritable',
	EPERM: 'notWritable',
	EROFS: 'notWritable',
	ENOSPC: 'full',
	EDQUOT: 'full',
	EISDIR: 'unreachable',
	ENOTDIR: 'unreachable',
	EEXIST: 'unreachable',
	ENAMETOOLONG: 'unreachable',
};

export function fileProblem(problem: FileProblem, file: string, cause?: unknown): StoreError {
	return new StoreError(problem, file, WORDS[problem](file), { cause });
}

/**
 * An error of SQLite or of the file system as a StoreError; any other error is a mistake of the
 * caller or of ours and comes back as it is.
 */
export function explain(error: unknown, file: string): unknown {
	const sqlite = sqliteCode(error);
	if (sqlite !== undefined) {
		const problem = CONSTRAINTS[sqlite] ?? SQLITE_CODES[sqlite & 0xff];
		return fileProblem(problem ?? 'failed', file, error);
	}
	const system = systemCode(error);
	if (system !== undefined) return fileProblem(FILE_CODES[system] ?? 'failed', file, error);
	return error;
}

/** Another connection has the lock; it may be free in a moment. */
export function isBusy(error: unknown): boolean {
	const code = sqliteCode(error);
	return code !== undefined && SQLITE_CODES[code & 0xff] === 'locked';
}

/** The extended result code of an error that node:sqlite threw. */
function sqliteCode(error: unknown): number | undefined {
	if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
	return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The code of an error that the file system gave, such as EACCES. */
function systemCode(error: unknown): string | undefined {
	if (typeof error !== 'object' || error === null || !('syscall' in error)) return undefined;
	return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
