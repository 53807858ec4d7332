import type { LoadedFile } from '../message/attachment';
import type { CustomHeader } from '../message/header-policy';
import { asPlain, plainDataOf } from '../message/template';
import type { PlainData } from '../message/template';
import type { Mailbox } from '../model/address';

/** One recipient as the caller gives them to a run. */
export interface CampaignRecipient {
	/** The caller's own index; comes back on the outcome. */
	index: number;
	/** As typed: `ada@example.com` or `Ada Lovelace <ada@example.com>`. */
	address: string;
	/** Display name; without it, the one in `address`. */
	name?: string;
	/** In which they are written to (`readLanguage` of mail/message). */
	language?: string;
	/** What the templates are rendered with. */
	data: unknown;
	/** Headers and files that only this recipient's mail carries. */
	headers?: readonly CustomHeader[];
	attachments?: readonly LoadedFile[];
	/** Why they cannot be mailed, found before the run: told when it is their turn. */
	problem?: string;
}

/** What the ledger keeps of a recipient until the outcome is final: enough to mail them without the source. */
export type RecipientPayload =
	| {
			name?: string;
			language?: string;
			data: PlainData;
			headers?: CustomHeader[];
			attachments?: LoadedFile[];
	  }
	| { /** Why the recipient cannot be mailed. */ problem: string };

/** The same as JSON holds it. */
interface WrittenPayload {
	name?: string;
	language?: string;
	data: unknown;
	headers?: readonly CustomHeader[];
	/** Their bytes in base64. */
	attachments?: readonly (Omit<LoadedFile, 'content'> & { content: string })[];
}

/** Data that is no JSON (it holds itself, or a BigInt) becomes a problem, told when it is their turn. */
export function writePayload(recipient: CampaignRecipient, mailbox: Mailbox): string {
	if (recipient.problem !== undefined) return payload({ problem: recipient.problem });
	const name = recipient.name?.trim() ?? mailbox.name;
	try {
		return payload({
			...(name ? { name } : {}),
			...(recipient.language ? { language: recipient.language } : {}),
			data: recipient.data,
			...(recipient.headers?.length ? { headers: recipient.headers } : {}),
			...(recipient.attachments?.length
				? { attachments: recipient.attachments.map(writeFile) }
				: {}),
		});
	} catch {
		return payload({
			problem: `The data for ${mailbox.address} cannot be kept as JSON. Give texts, numbers, lists and objects.`,
		});
	}
}

export function readPayload(text: string): RecipientPayload {
	// Made of JSON that we wrote, it is plain already: the templates need no copy of it.
	const { name, language, data, headers, attachments, problem } = plainDataOf(
		text,
	) as unknown as Partial<WrittenPayload & { problem: string }>;
	if (problem !== undefined) return { problem };
	return {
		...(name === undefined ? {} : { name }),
		...(language === undefined ? {} : { language }),
		data: asPlain(data),
		...(headers ? { headers: [...headers] } : {}),
		...(attachments ? { attachments: attachments.map(readFile) } : {}),
	};
}

function payload(content: WrittenPayload | { problem: string }): string {
	return JSON.stringify(content);
}

function writeFile({ content, ...file }: LoadedFile) {
	return { ...file, content: content.toString('base64') };
}

function readFile({ content, ...file }: { content: string } & Omit<LoadedFile, 'content'>) {
	return { ...file, content: Buffer.from(content, 'base64') };
}
