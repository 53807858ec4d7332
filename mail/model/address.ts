/** A mailbox that can be written into a header and an envelope; valid by construction. */
export interface Mailbox {
	/** Display name, decoded; empty when there is none. */
	name: string;
	/** addr-spec with an ASCII domain: `Ada@xn--exmple-cua.com` */
	address: string;
}
