import type SMTPConnection from 'nodemailer/lib/smtp-connection';

import { xoauth2Words } from '../model/access-tokens';
import type { SmtpAuth } from './account';
import { describeConnectionError, describeSignInError } from './diagnose';
import type { ServerAddress } from './diagnose';
import type { SmtpProblem } from './send-result';

/** What one connection signs in with. */
export type SignInWords = { user: string; pass: string } | { user: string; token: string };

export type SignInAnswer = { ok: true; words: SignInWords } | { ok: false; problem: SmtpProblem };

/** @param refused the words that the server has just refused */
export async function wordsFor(auth: SmtpAuth, refused?: SignInWords): Promise<SignInAnswer> {
	if ('pass' in auth) return { ok: true, words: auth };
	const { user, tokens } = auth;
	const answer = await tokens.get(refused && 'token' in refused ? refused.token : undefined);
	if (answer.ok) return { ok: true, words: { user, token: answer.token } };
	const { message, advice } = answer;
	return { ok: false, problem: { code: 'tokenRefused', message, advice } };
}

/** Every text in which a server could hand the secret back. */
export function secretsIn(words: SignInWords | undefined): string[] {
	if (!words) return [];
	if ('pass' in words) return [words.pass, `\0${words.user}\0${words.pass}`];
	return [words.token, Buffer.from(xoauth2Words(words.user, words.token), 'base64').toString()];
}

interface SignInError extends Error {
	code?: string;
	response?: string;
	words?: string;
}

/** Given to nodemailer for accounts with tokens, in place of its own way, which renews them itself. */
export const TOKEN_SIGN_IN: SMTPConnection.Options['customAuth'] = {
	XOAUTH2: async (dialogue) => {
		if (!dialogue.authMethods.includes('XOAUTH2')) throw new Error('XOAUTH2 is not offered');
		let reply = await dialogue.sendCommand(`AUTH XOAUTH2 ${String(dialogue.auth.words)}`);
		// A refusal comes as a challenge first, which is answered with nothing.
		if (reply.status === 334) reply = await dialogue.sendCommand('');
		if (reply.status !== 235) throw new Error('Invalid login');
	},
};

/** @returns undefined when the server let us in */
export function signIn(wire: SMTPConnection, words: SignInWords): Promise<SignInError | undefined> {
	return new Promise((resolve) => {
		const lost = (error?: Error) => {
			resolve(error ?? new Error('Connection closed'));
		};
		wire.once('error', lost);
		wire.once('end', () => {
			lost();
		});
		const { user } = words;
		const login =
			'pass' in words
				? words
				: { user, pass: '', method: 'XOAUTH2', words: xoauth2Words(user, words.token) };
		wire.login(login, (error) => {
			resolve(error ?? undefined);
		});
	});
}

export function signInProblem(
	error: SignInError,
	server: ServerAddress,
	words: SignInWords,
): SmtpProblem {
	const withToken = 'token' in words;
	if (error.response && !error.response.startsWith('235'))
		return describeSignInError(error.response, server, withToken ? 'token' : 'password');
	if (error.code === 'EAUTH')
		return {
			code: 'signInUnsupported',
			message: `${server.host} offers no sign-in with ${withToken ? 'OAuth2 (XOAUTH2)' : 'a password'} on this connection.`,
			advice: whereNotOffered(server, withToken),
		};
	const cause = error.cause instanceof Error ? error.cause.message : '';
	const failure = { code: error.code, message: `${error.message} ${cause}`, greeted: true };
	return describeConnectionError(failure, server);
}

function whereNotOffered({ security }: ServerAddress, withToken: boolean): string {
	if (security === 'none')
		return 'Choose STARTTLS or TLS as security; if the server wants no sign-in, choose to sign in with nothing.';
	return withToken
		? 'Use an SMTP Account with a password here.'
		: 'If the server wants no sign-in, choose to sign in with nothing.';
}
