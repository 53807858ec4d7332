/** Whose fault a refusal or a bounce is. Only `recipient` may ever suppress an address. */
export type Blame = 'recipient' | 'senderPolicy' | 'reputation' | 'content' | 'capacity';

/**
 * How lasting a bounce is: `hard` - the address itself is bad and stays bad; `soft` - this mail was
 * not delivered, another may be; `none` - nothing failed (a delay, a success, an auto-reply).
 */
export type Severity = 'hard' | 'soft' | 'none';
