import type { ConnectionSecurity, TlsTrust } from '../smtp/account';

/** A mailbox server and who we are there. Plain data. */
export interface ImapAccount {
	host: string;
	port: number;
	/** `tls`: TLS from the first byte (993). `starttls`: upgrade or fail, never in clear. `none`: in clear. */
	security: ConnectionSecurity;
	auth: { user: string; pass: string };
	tls: TlsTrust;
}
