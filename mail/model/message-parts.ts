/** One node of a message's MIME tree without its content, as BODYSTRUCTURE has it (RFC 9051 section 7.5.2). */
export interface PartOutline {
	/** The section's number, such as `2.1`; a root has none. */
	part?: string;
	/** `message/delivery-status`, in lower case. */
	type: string;
	/** Of the Content-Type, such as `charset`; names in lower case. */
	parameters?: Readonly<Record<string, string>>;
	/** Content-Transfer-Encoding, such as `base64`. */
	encoding?: string;
	/** Content-Disposition without its parameters. */
	disposition?: string;
	/** Octets, as encoded. */
	size?: number;
	/** Of a multipart; what a message/rfc822 holds may be given or not, it makes no difference. */
	childNodes?: readonly PartOutline[];
}

/** The content of one section of a message, as it lies on the server. */
export interface FetchedPart {
	/** `2.1`, or `1` for the only part of a message without multiparts. */
	part: string;
	type: string;
	parameters?: Readonly<Record<string, string>>;
	encoding?: string;
	disposition?: string;
	/** Still encoded. For a message/rfc822: the inner message from its first header line on. */
	content: Buffer;
	/** `content` is only the beginning of the part. */
	truncated?: boolean;
}
