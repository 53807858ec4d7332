import type { Mailbox } from '../model/address';

/** One recipient as the caller gives them to a run. */
export interface CampaignRecipient {
	/** The caller's own index; comes back on the outcome. */
	index: number;
	/** As typed: `ada@example.com` or `Ada Lovelace <ada@example.com>`. */
	address: string;
	/** Display name; without it, the one in `address`. */
	name?: string;
	/** What the templates are rendered with. */
	data: unknown;
}

/** What the ledger keeps of a recipient until the outcome is final: enough to mail them without the source. */
export type RecipientPayload =
	{ name?: string; data: unknown } | { /** Why the recipient cannot be mailed. */ problem: string };

/** Data that is no JSON (it holds itself, or a BigInt) becomes a problem, told when it is their turn. */
export function writePayload(recipient: CampaignRecipient, mailbox: Mailbox): string {
	const name = recipient.name?.trim() ?? mailbox.name;
	try {
		return payload({ ...(name ? { name } : {}), data: recipient.data });
	} catch {
		return payload({
			problem: `The data for ${mailbox.address} cannot be kept as JSON. Give texts, numbers, lists and objects.`,
		});
	}
}

export function readPayload(text: string): RecipientPayload {
	return JSON.parse(text) as RecipientPayload;
}

function payload(content: RecipientPayload): string {
	return JSON.stringify(content);
}
