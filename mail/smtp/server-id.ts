/** What a server calls the mail that it took: its last reply, and the part that is the name. */
const NAMED: readonly RegExp[] = [
	// Exchange and Microsoft 365: the number by which a message trace finds it.
	/\[InternalId=(\d{1,30})[,\]]/i,
	// Postfix, SendGrid, Brevo, Mailjet, Haraka.
	/\bqueued as <?([\w.@+=/:-]{1,200})>?/i,
	/\bMessage Queued \(([\w.-]{1,200})\)/i,
	// Exim.
	/\bid=([\w-]{1,200})/i,
	// Amazon SES: the id that its events carry.
	/^250 Ok:? ([0-9a-f]{16}-[0-9a-f-]{36}-\d{6})$/i,
	// Google.
	/^250 2\.0\.0 OK +\d+ ([\w.-]{1,200}) - gsmtp$/i,
	// Microsoft 365 when it gives a Message-ID of its own.
	/^250 2\.\d\.0 (?:OK )?<([^<>\s]{1,200})> \[Hostname=/i,
	// Sendmail.
	/^250 2\.0\.0 (\w{8,40}) Message accepted for delivery$/i,
	// qmail.
	/^250 ok \d+ (qp \d{1,20})$/i,
];

/**
 * The server's own id of a mail, for its log, its events or its support.
 *
 * @param reply to the final dot, as received
 * @returns undefined where the reply names none that we know
 */
export function serverIdOf(reply: string): string | undefined {
	const line = reply.slice(0, 1_000).trim();
	for (const named of NAMED) {
		const id = named.exec(line)?.[1];
		if (id !== undefined) return id;
	}
	return undefined;
}
