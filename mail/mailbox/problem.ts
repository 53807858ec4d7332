import type { ConnectionFailure, ServerAddress as Server } from '../smtp/diagnose';
import { describeConnectionError, describeSignInError, scrub } from '../smtp/diagnose';
import type { SmtpProblem } from '../smtp/send-result';
import type { ImapAccount } from './account';
import { CommandRefused, FolderMissing, MarkUnavailable, TokenUnavailable } from './failure';
import { secretsOf } from './secrets';

/** What keeps a mailbox from being read, in words for the user; never holds a secret. */
export type MailboxProblem =
	| SmtpProblem
	| (Omit<SmtpProblem, 'code'> & {
			/**
			 * - `folderMissing`: no such folder
			 * - `markUnavailable`: the store failed, so nothing may be handed on
			 * - `tokenUnavailable`: the access token ran out and could not be renewed; it may be the
			 *   authorization server that is down
			 */
			code: 'folderMissing' | 'markUnavailable' | 'tokenUnavailable';
	  });

/** The parts of an imapflow error that tell what happened. */
interface ImapError extends Error {
	code?: string;
	authenticationFailed?: boolean;
	serverResponseCode?: string;
	responseStatus?: string;
	responseText?: string;
	response?: unknown;
	/** The text of the server's BYE. */
	reason?: string;
	_err?: unknown;
}

/** RFC 5530 response codes of a sign-in that was refused for another reason than the password. */
const NOT_THE_PASSWORD = /^(?:UNAVAILABLE|LIMIT|INUSE|SERVERBUG|CONTACTADMIN|OVERQUOTA)$/i;
/** imapflow's own words. */
const NO_WAY_TO_SIGN_IN = /^(?:Login is disabled|Unsupported authentication mechanism)$/;
const TOO_MANY_CONNECTIONS =
	/maximum number of connections|too many (?:simultaneous )?connections|connection limit/i;

/**
 * Any failure of an IMAP session in the user's words.
 *
 * @param during `session` once the folder was open
 */
export function describeImapError(
	error: unknown,
	account: ImapAccount,
	during: 'connecting' | 'session' = 'connecting',
): MailboxProblem {
	const { host, port, security, auth } = account;
	const server = { host, port, security, protocol: 'IMAP' as const, secrets: secretsOf(account) };
	const by = 'pass' in auth ? 'password' : 'token';
	const own = describeOwnFailure(error, server);
	if (own) return own;
	const failure = asImapError(error);
	const reply = replyOf(failure);
	if (reply !== undefined && TOO_MANY_CONNECTIONS.test(reply))
		return {
			code: 'refusedByServer',
			message: `${host} allows this account no further connection.`,
			advice:
				'Close other programs that read the mailbox, or allow more connections on the server.',
			reply: scrub(reply, server.secrets),
		};
	if (NO_WAY_TO_SIGN_IN.test(failure.message)) return describeNoWayToSignIn(server, by);
	if (failure.authenticationFailed) return describeRefusedSignIn(failure, reply ?? '', server, by);
	return describeConnectionError(connectionFailure(failure, reply, during === 'session'), server);
}

function describeOwnFailure(error: unknown, server: Server): MailboxProblem | undefined {
	if (error instanceof FolderMissing) return describeMissingFolder(error);
	if (error instanceof TokenUnavailable)
		return {
			code: 'tokenUnavailable',
			message: scrub(error.message, server.secrets),
			advice: scrub(error.advice, server.secrets),
		};
	if (error instanceof MarkUnavailable)
		return {
			code: 'markUnavailable',
			message: `How far the mailbox was read could not be ${error.doing}.`,
			advice: `No mail is handed on until it can: ${scrub(String(error.cause), server.secrets)}`,
		};
	if (error instanceof CommandRefused)
		return {
			code: 'refusedByServer',
			message: `${server.host} refused a command (${error.command}).`,
			advice: 'It is tried again. If it stays so, ask those who run the server.',
			reply: scrub(error.reply, server.secrets),
		};
	return undefined;
}

type Secret = 'password' | 'token';

function describeNoWayToSignIn({ host, security }: Server, by: Secret): MailboxProblem {
	if (security === 'none')
		return {
			code: 'wrongSecurity',
			message: `${host} takes no ${by} over an unencrypted connection.`,
			advice: 'Choose TLS or STARTTLS as security in the credential.',
		};
	return by === 'token'
		? {
				code: 'signInUnsupported',
				message: `${host} offers no sign-in with OAuth2 (XOAUTH2).`,
				advice: 'Use an IMAP Account with a password here.',
			}
		: {
				code: 'signInUnsupported',
				message: `${host} offers no way to sign in with a password.`,
				advice: 'Ask those who run the server how programs sign in.',
			};
}

function describeRefusedSignIn(
	{ serverResponseCode = '' }: ImapError,
	reply: string,
	server: Server,
	by: Secret,
): MailboxProblem {
	const shown = scrub(reply, server.secrets);
	if (
		/PRIVACYREQUIRED/i.test(serverResponseCode) ||
		/plaintext auth\w* (?:dis|not )allowed/i.test(reply)
	)
		return {
			code: 'wrongSecurity',
			message: `${server.host} takes a password only over an encrypted connection.`,
			advice: 'Choose TLS or STARTTLS as security in the credential.',
			...(shown ? { reply: shown } : {}),
		};
	if (NOT_THE_PASSWORD.test(serverResponseCode))
		return {
			code: 'signInRefused',
			message: `${server.host} does not take sign-ins at the moment.`,
			advice: 'Try again later; if it stays so, ask those who run the server.',
			...(shown ? { reply: shown } : {}),
		};
	return describeSignInError(reply, server, by);
}

function describeMissingFolder({ folder, near, all }: FolderMissing): MailboxProblem {
	const quoted = (names: readonly string[], separator = ', '): string =>
		names.map((name) => `"${name}"`).join(separator);
	return {
		code: 'folderMissing',
		message: `There is no folder "${folder}" in this mailbox.`,
		advice: near.length
			? `Did you mean ${quoted(near, ' or ')}?`
			: all.length
				? `There are: ${quoted(all.slice(0, 12))}${all.length > 12 ? ', …' : '.'}`
				: 'Check the name of the folder.',
	};
}

function connectionFailure(
	error: ImapError,
	reply: string | undefined,
	greeted: boolean,
): ConnectionFailure {
	const cause = error._err instanceof Error ? `: ${error._err.message}` : '';
	return {
		...(error.code === undefined ? {} : { code: error.code }),
		message: error.message + cause,
		...(reply === undefined ? {} : { reply }),
		greeted: greeted || error.responseStatus !== undefined,
	};
}

function replyOf({ responseText, response, reason }: ImapError): string | undefined {
	return [responseText, response, reason].find(
		(text): text is string => typeof text === 'string' && text !== '',
	);
}

function asImapError(error: unknown): ImapError {
	return error instanceof Error ? error : new Error(String(error));
}
