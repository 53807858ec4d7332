/** The folder to be read does not exist. */
export class FolderMissing extends Error {
	/**
	 * @param near names that the user may have meant, best first
	 * @param all every folder of the mailbox
	 */
	constructor(
		readonly folder: string,
		readonly near: readonly string[] = [],
		readonly all: readonly string[] = [],
	) {
		super(`no folder ${JSON.stringify(folder)}`);
	}
}

/** The callbacks that keep the mark failed. */
export class MarkUnavailable extends Error {
	constructor(
		readonly doing: 'read' | 'saved',
		cause: unknown,
	) {
		super(`the mark could not be ${doing}`, { cause });
	}
}

/** There is no access token to sign in with at the moment: it ran out and could not be renewed. */
export class TokenUnavailable extends Error {
	constructor(
		message: string,
		readonly advice: string,
	) {
		super(message);
	}
}

/** The server answered a command with NO or BAD; the connection goes on. */
export class CommandRefused extends Error {
	constructor(
		readonly command: string,
		readonly reply: string,
	) {
		super(`${command} refused: ${reply}`);
	}
}

/** The folder is another one than a moment ago (UIDVALIDITY changed): its UIDs mean nothing any more. */
export class MailboxReplaced extends Error {
	constructor() {
		super('the folder was replaced');
	}
}

/** Nothing came from the server for too long. */
export class ServerSilent extends Error {
	readonly code = 'ETIMEOUT';
	constructor(what: string) {
		super(`timeout: ${what}`);
	}
}

/** Thrown to the handler when it asks for more of a message and the connection is gone. */
export class ConnectionLost extends Error {
	constructor(override readonly cause: Error) {
		super(cause.message);
	}
}

export function asError(cause: unknown): Error {
	return cause instanceof Error ? cause : new Error(String(cause));
}
