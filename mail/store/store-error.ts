/**
 * What is wrong with the store as a whole. `duplicate` alone is about a value: one that must be
 * unique is there already.
 */
export type StoreProblem =
	| 'locked'
	| 'full'
	| 'notWritable'
	| 'unreachable'
	| 'signInRefused'
	| 'certificate'
	| 'noTls'
	| 'crowded'
	| 'notADatabase'
	| 'foreign'
	| 'newer'
	| 'damaged'
	| 'duplicate'
	| 'tooLong'
	| 'tooOld'
	/** The store is at another place now, or on its way there. */
	| 'moved'
	| 'moving'
	| 'notEmpty'
	| 'inUse'
	| 'noMasterKey'
	| 'noFreeKeyId'
	| 'closed'
	| 'failed';

/**
 * The store could not do what it was asked. The message is for the user: what happened to which
 * file, and what to do. What the database said is in `cause`; neither holds an address or a secret.
 */
export class StoreError extends Error {
	override readonly name = 'StoreError';

	constructor(
		readonly problem: StoreProblem,
		/** The file (or, for a server, its address) that the problem is about. */
		readonly place: string,
		message: string,
		options?: { cause?: unknown },
	) {
		super(message, options);
	}
}
