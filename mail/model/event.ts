/** Why an address is on the suppression list. */
export type SuppressionReason =
	'hardBounce' | 'softBounces' | 'complained' | 'unsubscribed' | 'manual';
