import { createHash } from 'node:crypto';
import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	ITriggerFunctions,
} from 'n8n-workflow';

import type { AccessTokens, TokenAnswer } from '../../mail/index';
import { asText } from './as-text';

type Context = IExecuteFunctions | ITriggerFunctions;

/** A token is renewed so long before it runs out, in ms: the sign-in itself takes its time. */
const RENEW_BEFORE_MS = 60_000;

/**
 * One grant, by a digest of its settings and of each of its tokens that we have seen. A token that we
 * did not renew ourselves (the user connected the credential anew, another process renewed it) begins
 * another: its connections start cold, and none of the old grant's is met.
 */
const grants = new Map<string, Grant>();

/** The access tokens of the node's OAuth2 credential, which n8n keeps and renews. */
export async function readAccessTokens(
	context: Context,
	credentialType: string,
): Promise<AccessTokens> {
	const credential = await context.getCredentials(credentialType);
	const token = readToken(credential);
	const key = keyOf(credential, token);
	let grant = grants.get(key);
	if (!grant) {
		grant = new Grant(key, token);
		remember(key, grant);
	}
	grant.renewBy((stale) => renew(context, credentialType, stale));
	return grant;
}

interface Token {
	/** Empty for an app that has not asked for one yet. */
	accessToken: string;
	/** ms since the epoch, where the server said. */
	expiresAt?: number;
}

type Renewal = (stale: Token) => Promise<{ token: Token; key: string }>;

class Grant implements AccessTokens {
	#renew: Renewal = () => Promise.reject(new Error('Nothing to renew by.'));
	#renewing: Promise<TokenAnswer> | undefined;

	constructor(
		readonly key: string,
		private token: Token,
	) {}

	/** Each execution brings its own way to n8n; the latest is still good when it is needed. */
	renewBy(renewal: Renewal): void {
		this.#renew = renewal;
	}

	async get(refused?: string): Promise<TokenAnswer> {
		const { accessToken } = this.token;
		if (isFresh(this.token) && accessToken !== refused) return { ok: true, token: accessToken };
		// Connections that open together renew it once.
		this.#renewing ??= this.#renewed().finally(() => {
			this.#renewing = undefined;
		});
		return await this.#renewing;
	}

	async #renewed(): Promise<TokenAnswer> {
		try {
			const { token, key } = await this.#renew(this.token);
			this.token = token;
			remember(key, this);
			return { ok: true, token: this.token.accessToken };
		} catch (error) {
			return {
				ok: false,
				message: 'The access token of the OAuth2 credential has run out and could not be renewed.',
				advice: `Open the credential and connect it again. ${(error as Error).message}`.slice(
					0,
					500,
				),
			};
		}
	}
}

/** A grant is renewed about once an hour; more than these a process does not need to know again. */
const MOST_GRANTS = 500;

function remember(key: string, grant: Grant): void {
	grants.set(key, grant);
	const [oldest] = grants.keys();
	if (grants.size > MOST_GRANTS && oldest !== undefined) grants.delete(oldest);
}

async function renew(
	context: Context,
	credentialType: string,
	stale: Token,
): Promise<{ token: Token; key: string }> {
	const credential = await context.getCredentials(credentialType);
	const known = (token: Token) => ({ token, key: keyOf(credential, token) });
	if (credential.grantType === 'clientCredentials')
		return known(await tokenOfApp(context, credential));
	const kept = readToken(credential);
	// Another process may have renewed it.
	if (kept.accessToken !== stale.accessToken && isFresh(kept)) return known(kept);
	// n8n locks, renews once for all its processes, and keeps the new token in the credential.
	const answer = (await context.helpers.refreshOAuth2Token.call(context, credentialType)) as object;
	return known(tokenFrom(answer));
}

/** RFC 6749 section 4.4. Nothing to keep: an app may ask whenever it likes. */
async function tokenOfApp(
	context: Context,
	credential: ICredentialDataDecryptedObject,
): Promise<Token> {
	const client = { id: asText(credential.clientId), secret: asText(credential.clientSecret) };
	const inBody = credential.authentication !== 'header';
	const body = new URLSearchParams({
		grant_type: 'client_credentials',
		scope: asText(credential.scope),
		...(inBody ? { client_id: client.id, client_secret: client.secret } : {}),
	});
	const answer = (await context.helpers.httpRequest({
		method: 'POST',
		url: asText(credential.accessTokenUrl),
		headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
		body: body.toString(),
		...(inBody ? {} : { auth: { username: client.id, password: client.secret } }),
	})) as { expires_in?: unknown };
	const seconds = Number(answer.expires_in);
	return {
		...tokenFrom(answer),
		...(seconds > 0 ? { expiresAt: Date.now() + seconds * 1_000 } : {}),
	};
}

function readToken(credential: ICredentialDataDecryptedObject): Token {
	const isApp = credential.grantType === 'clientCredentials';
	const kept = credential.oauthTokenData;
	if (typeof kept === 'object' && 'access_token' in kept) return tokenFrom(kept);
	if (isApp) return { accessToken: '' };
	throw new Error(
		'The OAuth2 credential is not connected yet. Open it and press "Connect my account".',
	);
}

function tokenFrom(answer: object): Token {
	const { access_token: accessToken, n8n_expires_at } = answer as Record<string, unknown>;
	if (typeof accessToken !== 'string' || accessToken === '')
		throw new Error('The authorization server answered without an access token.');
	const expiresAt = Number(n8n_expires_at);
	return expiresAt > 0 ? { accessToken, expiresAt } : { accessToken };
}

function isFresh({ accessToken, expiresAt = Infinity }: Token): boolean {
	return accessToken !== '' && expiresAt - RENEW_BEFORE_MS > Date.now();
}

/** Everything of the credential, and the token it has now. */
function keyOf(credential: ICredentialDataDecryptedObject, { accessToken }: Token): string {
	const settings = Object.entries(credential).filter(([name]) => name !== 'oauthTokenData');
	return createHash('sha256')
		.update(JSON.stringify([settings, accessToken]))
		.digest('hex');
}
