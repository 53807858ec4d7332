/** The access tokens of one OAuth2 grant; SMTP and IMAP sign in with them (XOAUTH2). */
export interface AccessTokens {
	/** What the grant is known by: another grant, or one that was given anew, has another. No secret. */
	readonly key: string;
	/**
	 * A token that should be accepted now. Never rejects.
	 *
	 * @param refused the token that a server has just refused: another than that is asked for
	 */
	get(refused?: string): Promise<TokenAnswer>;
}

export type TokenAnswer =
	{ ok: true; token: string } | { ok: false; message: string; advice: string };

/**
 * What a client says to sign in by XOAUTH2, in base64: `user=…^Aauth=Bearer …^A^A`. Google's and
 * Microsoft's; it has no RFC.
 */
export function xoauth2Words(user: string, token: string): string {
	return Buffer.from(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`).toString('base64');
}
