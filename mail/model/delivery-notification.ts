/** What a sender asks to be told about a mail on its way (RFC 3461). */
export interface DeliveryNotification {
	/** On what a report is sent to the envelope sender; none of them: never. */
	notify: readonly ('success' | 'failure' | 'delay')[];
	/** How much of the mail the report brings back. */
	return: 'full' | 'headers';
	/** Comes back in every report. */
	envelopeId?: string;
}
