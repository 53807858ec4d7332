import type { Headers } from '../headers';
import type { Named } from '../naming';
import type { Notice } from '../notice';
import type { Message } from '../parts';

/** A report as a dialect's reader sees it. */
export interface Told {
	message: Message;
	notice: Notice;
	original: Headers | undefined;
}

/**
 * A family of servers that names recipients in a form of its own, where the common forms (naming.ts)
 * would name nobody, or somebody else.
 */
export interface Dialect {
	/** The family, for people. */
	name: string;
	/** @returns those whom the report names; nobody when it is not of this family */
	read(told: Told): Named[];
}
