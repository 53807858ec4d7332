import type { ConnectionSecurity } from './account';
import type { SmtpProblem } from './send-result';

/** The server that a problem is about. */
export interface ServerAddress {
	host: string;
	port: number;
	security: ConnectionSecurity;
	protocol: 'SMTP' | 'IMAP';
	/** Taken out of any text of the server that is shown. */
	secrets?: readonly string[];
}

/** What a library's error tells: code and words, and the server's reply if there was one. */
export interface ConnectionFailure {
	code?: string;
	message: string;
	reply?: string;
	/** true once the connection stood and the server had greeted us. */
	greeted?: boolean;
}

type Diagnosis = Pick<SmtpProblem, 'code' | 'message' | 'advice'>;
interface Symptom {
	signs: RegExp;
	say(server: ServerAddress, failure: ConnectionFailure): Diagnosis;
}

const at = ({ host, port }: ServerAddress) => `${host}, port ${port}`;
const TLS_PORT = { SMTP: 465, IMAP: 993 } as const;
const STARTTLS_PORT = { SMTP: 587, IMAP: 143 } as const;
const CHECK_CERTIFICATE =
	'For a server of your own, choose "Must Be Signed by My Own CA" and paste its certificate.';

/** The first symptom that fits the failure's code and words names it. */
const SYMPTOMS: readonly Symptom[] = [
	{
		signs: /ENOTFOUND|EAI_AGAIN|EDNS|getaddrinfo/,
		say: ({ host }) => ({
			code: 'hostNotFound',
			message: `There is no server named "${host}".`,
			advice: 'Check the host in the credential for a typing error.',
		}),
	},
	{
		signs: /ECONNREFUSED/,
		say: (server) => ({
			code: 'nobodyListening',
			message: `Nobody answers at ${at(server)}.`,
			advice: `The machine is there, but no mail server listens on this port. ${server.protocol} usually listens on ${STARTTLS_PORT[server.protocol]} (STARTTLS) or ${TLS_PORT[server.protocol]} (TLS).`,
		}),
	},
	{
		signs:
			/wrong version number|packet length too long|unknown protocol|http request|WRONG_VERSION|record layer/i,
		say: (server) => ({
			code: 'wrongSecurity',
			message: `${at(server)} does not speak TLS from the first byte.`,
			advice:
				server.security === 'tls'
					? `Choose STARTTLS as security, or port ${TLS_PORT[server.protocol]} with TLS.`
					: 'Choose another security in the credential.',
		}),
	},
	{
		signs:
			/self[- ]signed|unable to verify|unable to get (?:local )?issuer|UNABLE_TO_|SELF_SIGNED/i,
		say: (server) => ({
			code: 'certificate',
			message: `The certificate of ${at(server)} was issued by nobody that this system trusts (self-signed, or by an own authority).`,
			advice: CHECK_CERTIFICATE,
		}),
	},
	{
		signs: /altnames|ERR_TLS_CERT_ALTNAME/i,
		say: (server, { message }) => ({
			code: 'certificate',
			message: `The certificate of ${at(server)} was issued for another name${namesIn(message)}.`,
			advice: 'Fill in the host by the name that the certificate was issued for.',
		}),
	},
	{
		signs: /certificate has expired|CERT_HAS_EXPIRED|not yet valid/i,
		say: (server) => ({
			code: 'certificate',
			message: `The certificate of ${at(server)} has expired, or is not valid yet.`,
			advice: 'Tell those who run the server, and check the clock of this machine.',
		}),
	},
	{
		signs: /PEM|bad base64|no start line|asn1/i,
		say: () => ({
			code: 'certificate',
			message: 'The CA certificate of the credential cannot be read.',
			advice: 'Paste it whole, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----".',
		}),
	},
	{
		signs:
			/upgrading connection with STARTTLS|Server does not support STARTTLS|STARTTLS (?:is )?(?:not|un)/i,
		say: (server) => ({
			code: 'starttlsMissing',
			message: `${at(server)} offers no STARTTLS, so the connection would not be encrypted. Nothing was sent.`,
			advice: `Choose TLS with port ${TLS_PORT[server.protocol]}. Only for a server on your own machine choose None.`,
		}),
	},
	{
		signs:
			/Invalid greeting|Unexpected greeting|not an? (?:SMTP|IMAP)|Unexpected response|Invalid (?:response|tag)|ParserError/i,
		say: (server, { reply }) => ({
			code: /^\s*[45]\d\d/.test(reply ?? '') ? 'refusedByServer' : 'notAMailServer',
			message: /^\s*[45]\d\d/.test(reply ?? '')
				? `${at(server)} refuses connections from this machine.`
				: `What answers at ${at(server)} is no ${server.protocol} server.`,
			advice: 'Check host and port in the credential.',
		}),
	},
	{
		signs: /Greeting never received|greeting.*time|ETIMEDOUT|timed? ?out|timeout|ETIMEOUT/i,
		say: (server) =>
			server.port === TLS_PORT[server.protocol] && server.security !== 'tls'
				? {
						code: 'wrongSecurity',
						message: `${at(server)} did not greet us: this port expects TLS from the first byte.`,
						advice: 'Choose TLS as security in the credential.',
					}
				: {
						code: 'timeout',
						message: `${at(server)} did not answer in time.`,
						advice:
							'A firewall or your provider may block this port, or the port expects another security. Many providers block port 25; use 587 or 465.',
					},
	},
];

/** A failed connection in the user's words. Knows SMTP and IMAP alike. */
export function describeConnectionError(
	failure: ConnectionFailure,
	server: ServerAddress,
): SmtpProblem {
	const text = `${failure.code ?? ''} ${failure.message}`.slice(0, 2_000);
	const reply = scrub(failure.reply, server.secrets);
	const diagnosis: Diagnosis = SYMPTOMS.find(({ signs }) => signs.test(text))?.say(
		server,
		failure,
	) ?? {
		code: 'connectionLost',
		message: `The connection to ${at(server)} was lost.`,
		advice: failure.greeted
			? 'The server closed it. Try again; if it stays so, ask those who run the server.'
			: 'It was closed before the server greeted us. Check port and security in the credential.',
	};
	return { ...diagnosis, ...(reply ? { reply } : {}) };
}

const FOR_THE_MOMENT = /^4\d\d|\b4\.7\.\d|too many|temporar/i;

/** A refused sign-in in the user's words: RFC 4954 section 6, and what the large providers say. */
export function describeSignInError(
	reply: string,
	server: ServerAddress,
	by: 'password' | 'token' = 'password',
): SmtpProblem {
	const shown = scrub(reply, server.secrets);
	const say = (code: SmtpProblem['code'], message: string, advice: string): SmtpProblem => ({
		code,
		message,
		advice,
		...(shown ? { reply: shown } : {}),
	});
	const isDisabled =
		/5\.7\.139|basic authentication is disabled|SmtpClientAuthentication is disabled/i.test(reply);
	if (by === 'token' && !isDisabled && !FOR_THE_MOMENT.test(reply))
		return say(
			'tokenRefused',
			`${server.host} refused the OAuth2 sign-in.`,
			'Check that the user of the credential is the mailbox that was connected, then connect the credential again.',
		);
	if (/5\.7\.9|application-specific password|app password/i.test(reply))
		return say(
			'wrongPassword',
			`${server.host} wants an app password instead of the account's own.`,
			'Create one in the security settings of the mail account, and use it as the password of the credential.',
		);
	if (isDisabled)
		return say(
			'signInRefused',
			by === 'token'
				? `${server.host} lets this mailbox send nothing by ${server.protocol}.`
				: `${server.host} no longer lets this account sign in with a password.`,
			`Ask the administrator to allow authenticated ${server.protocol} for this mailbox${by === 'token' ? '' : ', or use OAuth2'}.`,
		);
	if (FOR_THE_MOMENT.test(reply))
		return say(
			'signInRefused',
			`${server.host} does not take sign-ins at the moment.`,
			'Try again later; after too many tries some servers lock an account for a while.',
		);
	return say(
		'wrongPassword',
		`${server.host} refused the sign-in: wrong user or password.`,
		'Check both in the credential. Gmail, Yahoo, iCloud and others want an app password.',
	);
}

/** One line of a server's text, bounded, with the secrets taken out in each form they travel in. */
export function scrub(text: string | undefined, secrets: readonly string[] = []): string {
	let clean = (text ?? '').replace(/[\p{Cc}\s]+/gu, ' ').trim();
	for (const secret of secrets.filter((each) => each !== ''))
		for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)])
			clean = clean.replaceAll(form, '***');
	return clean.slice(0, 500);
}

function namesIn(message: string): string {
	const names = [...message.matchAll(/DNS:([\w.*-]{1,100})/g)].map(([, name]) => name).slice(0, 3);
	return names.length ? `: ${names.join(', ')}` : '';
}
