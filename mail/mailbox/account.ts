import type { ConnectionSecurity, SmtpAuth, TlsTrust } from '../smtp/account';

/** A mailbox server and who we are there. */
export interface ImapAccount {
	host: string;
	port: number;
	/** `tls`: TLS from the first byte (993). `starttls`: upgrade or fail, never in clear. `none`: in clear. */
	security: ConnectionSecurity;
	/** A password, or the access tokens of an OAuth2 grant. */
	auth: SmtpAuth;
	tls: TlsTrust;
}
