import { StoreError } from '../store-error';
import type { StoreProblem } from '../store-error';

/** What a problem means for the user of a store in PostgreSQL: what happened, and what to do. */
const WORDS = {
	locked: (place) =>
		`The mail store (${place}) is locked by another program. Look in pg_stat_activity for a transaction that stays open, end it, then try again.`,
	full: (place) =>
		`The disk of the PostgreSQL server that holds the mail store (${place}) is full. Free some space there, then try again; what was written before is safe.`,
	notWritable: (place) =>
		`The mail store (${place}) cannot be written. Give the database user of the credential the right to make and change tables in that schema, and check that the server is no read-only standby.`,
	unreachable: (place) =>
		`The mail store (${place}) cannot be reached. Check host and port in the credential, that PostgreSQL is running, and that this machine may connect to it. What was written before is safe; run it again when the server is back.`,
	signInRefused: (place) =>
		`PostgreSQL refused the sign-in to the mail store (${place}). Check user, password and database in the credential, and that pg_hba.conf of the server lets this machine in.`,
	certificate: (place) =>
		`The certificate of the PostgreSQL server that holds the mail store (${place}) is not trusted. Use the host name that it was issued for, or paste the CA certificate that signed it into the credential.`,
	noTls: (place) =>
		`The PostgreSQL server that holds the mail store (${place}) offers no TLS. Turn TLS on at the server, or set TLS to Off in the credential if the network between is yours alone.`,
	crowded: (place) =>
		`The PostgreSQL server that holds the mail store (${place}) has no connection left. Raise max_connections there, or lower Max Connections in the credential: every n8n process opens up to that many.`,
	foreign: (place) =>
		`The schema of the mail store (${place}) holds tables of another program, and was left alone. Choose another schema in the credential.`,
	newer: (place) =>
		`The mail store (${place}) was written by a newer version of this package, and was left alone. Update the package on this machine.`,
	duplicate: (place) =>
		`The mail store (${place}) has this recipient's reference for another recipient already. A reference must be unique over all campaigns.`,
	tooOld: (place) =>
		`The PostgreSQL server that holds the mail store (${place}) is older than version 13. Upgrade it, or choose another server.`,
	tooLong: (place) =>
		`A name or an address is too long for the mail store (${place}). Shorten the campaign's name.`,
	moved: (place) =>
		`The mail store (${place}) was moved to another place, or is being moved there. Choose the new one in this node; the end of the move named it.`,
	closed: (place) =>
		`The mail store (${place}) was closed already. Open it again before you use it.`,
	failed: (place) =>
		`The mail store (${place}) could not be read or written. The log of the PostgreSQL server says why.`,
} satisfies Partial<Record<StoreProblem, (place: string) => string>>;

export type PostgresProblem = keyof typeof WORDS;

export function postgresProblem(
	problem: PostgresProblem,
	place: string,
	cause?: unknown,
): StoreError {
	return new StoreError(problem, place, WORDS[problem](place), { cause });
}

/** What a failure is, and whether it may pass by itself. */
interface Reading {
	problem: PostgresProblem;
	passes: boolean;
	/** The connection is of no use any more. */
	endsLine: boolean;
}

const passing = (problem: PostgresProblem): Reading => ({ problem, passes: true, endsLine: false });
const lasting = (problem: PostgresProblem): Reading => ({
	problem,
	passes: false,
	endsLine: false,
});
const gone = (problem: PostgresProblem): Reading => ({ problem, passes: true, endsLine: true });
const refused = (problem: PostgresProblem): Reading => ({ problem, passes: false, endsLine: true });

/** SQLSTATE codes (PostgreSQL manual, appendix A), the whole code before its class. */
const SQLSTATES: Readonly<Record<string, Reading>> = {
	'08': gone('unreachable'),
	'23505': lasting('duplicate'),
	// A server that has become a standby: its successor may be reached in a moment.
	'25006': gone('notWritable'),
	'25P03': gone('locked'),
	'28': refused('signInRefused'),
	'3D000': refused('signInRefused'),
	'3F000': lasting('notWritable'),
	'40': passing('locked'),
	'42501': lasting('notWritable'),
	'42P07': lasting('foreign'),
	'53100': passing('full'),
	'53200': passing('failed'),
	'53300': gone('crowded'),
	'54000': lasting('tooLong'),
	'55P03': passing('locked'),
	// The server's own limit for a statement. One that is in charge no more, and waits for ever for its
	// standby, holds the locks of what it could not finish: the next try is on a new connection.
	'57014': gone('locked'),
	'57P01': gone('unreachable'),
	'57P02': gone('unreachable'),
	'57P03': gone('unreachable'),
	'57P05': gone('unreachable'),
	'58': passing('failed'),
	// Ours: the store was moved away.
	SM001: lasting('moved'),
};

/** What Node, TLS and the library say of a connection. */
const CONNECTION_CODES: Readonly<Record<string, Reading>> = {
	CONNECTION_CLOSED: gone('unreachable'),
	CONNECTION_DESTROYED: gone('unreachable'),
	CONNECTION_ENDED: gone('unreachable'),
	CONNECT_TIMEOUT: gone('unreachable'),
	DEADLINE: gone('unreachable'),
	EAI_AGAIN: gone('unreachable'),
	ECONNREFUSED: gone('unreachable'),
	ECONNRESET: gone('unreachable'),
	EHOSTUNREACH: gone('unreachable'),
	ENETUNREACH: gone('unreachable'),
	ENOTFOUND: gone('unreachable'),
	EPIPE: gone('unreachable'),
	ETIMEDOUT: gone('unreachable'),
	NO_TLS: refused('noTls'),
	CERT_HAS_EXPIRED: refused('certificate'),
	DEPTH_ZERO_SELF_SIGNED_CERT: refused('certificate'),
	ERR_TLS_CERT_ALTNAME_INVALID: refused('certificate'),
	SELF_SIGNED_CERT_IN_CHAIN: refused('certificate'),
	UNABLE_TO_GET_ISSUER_CERT: refused('certificate'),
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: refused('certificate'),
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: refused('certificate'),
};

/** @returns undefined for a mistake of the caller or of ours */
export function readFailure(error: unknown): Reading | undefined {
	if (error instanceof StoreError || typeof error !== 'object' || error === null) return undefined;
	if (!('code' in error) || typeof error.code !== 'string') return undefined;
	const { code } = error;
	const known = CONNECTION_CODES[code] ?? SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)];
	if (known) return known;
	return /^[0-9A-Z]{5}$/.test(code) ? lasting('failed') : undefined;
}

/** What the server said, without what it quotes: a detail may hold an address, a query a payload. */
class DatabaseError extends Error {
	override readonly name = 'DatabaseError';
	constructor(
		readonly code: string,
		readonly constraint?: string,
	) {
		super(constraint ? `${code} (${constraint})` : code);
	}
}

/** An error of the server or of the connection as a StoreError; any other comes back as it is. */
export function explain(error: unknown, place: string): unknown {
	const reading = readFailure(error);
	if (!reading) return error;
	const { code, constraint_name } = error as { code: string; constraint_name?: string };
	return postgresProblem(reading.problem, place, new DatabaseError(code, constraint_name));
}
