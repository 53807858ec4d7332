import { createHash } from 'node:crypto';

import type { AccessTokens } from '../model/access-tokens';

/** A submission server and who we are there. Plain data; the same values make the same pool. */
export interface SmtpAccount {
	host: string;
	port: number;
	/** `tls`: TLS from the first byte (465). `starttls`: upgrade or fail, never in clear. `none`: in clear. */
	security: ConnectionSecurity;
	/** Left out: no sign-in. */
	auth?: SmtpAuth;
	/** The name given in EHLO; the machine's host name when left out. */
	ehloName?: string;
	tls: TlsTrust;
	limits: { connections: number; messagesPerConnection: number };
}

/** A password, or the access tokens of an OAuth2 grant. */
export type SmtpAuth = { user: string; pass: string } | { user: string; tokens: AccessTokens };

export type ConnectionSecurity = 'tls' | 'starttls' | 'none';

/** How a server's certificate is judged. */
export interface TlsTrust {
	/** PEM; trusted besides the system's authorities. */
	ca?: string;
	/** Accept any certificate: protects against nobody on the wire. */
	allowInvalid?: boolean;
}

/**
 * What pools are told apart by: a digest of everything in the account, the password too. A changed
 * credential gives another key, and so never meets a connection that was signed in with the old one.
 */
export function accountKey(account: SmtpAccount): string {
	const { host, port, security, auth, ehloName, tls, limits } = account;
	const signIn = auth && 'tokens' in auth ? { user: auth.user, tokens: auth.tokens.key } : auth;
	const parts = [host, port, security, signIn, ehloName, tls.ca, tls.allowInvalid, limits];
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * The account as a person knows it, without its secrets: who signs in where. What counts for an account
 * (limits, campaigns) counts for all credentials that mean the same one.
 */
export function accountName({ host, port, auth }: SmtpAccount): string {
	return auth ? `${auth.user} at ${host.toLowerCase()}` : `${host.toLowerCase()}:${port}`;
}
