import type { INode, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { Receipt } from '../../mail/index';
import { problemToError } from '../shared/mail-problem';

type Refused = Extract<Receipt, { outcome: 'refused' }>;

/**
 * The server's receipt as an item.
 *
 * @throws NodeOperationError for a mail that was refused or not sent, or of which nobody knows
 */
export function receiptToItem(
	node: INode,
	receipt: Receipt,
	{ failPartly }: { failPartly: boolean },
): INodeExecutionData {
	switch (receipt.outcome) {
		case 'sent':
			return { json: receipt };
		case 'partlySent':
			if (!failPartly) return { json: receipt };
			throw new NodeOperationError(
				node,
				`The server refused ${receipt.rejected.map(({ address }) => address).join(', ')}, and took the mail for the others.`,
				{
					description: `Sent to: ${receipt.accepted.join(', ')}. Refused: ${whoWasRefused(receipt.rejected)}. Running the workflow again mails those who have it once more.`,
				},
			);
		case 'refused':
			throw new NodeOperationError(node, `The server refused the mail: ${receipt.reply}`, {
				description: adviceFor(receipt),
			});
		case 'notSent':
			throw problemToError(node, receipt.problem);
		case 'unknown':
			throw new NodeOperationError(
				node,
				`Nobody knows whether the mail to ${receipt.envelope.to.join(', ')} was sent.`,
				{
					description: `The connection broke after the whole mail was on its way and before the server answered. Look for the message ID ${receipt.messageId} at the recipient before you send it again.`,
				},
			);
	}
}

function adviceFor({ verdict, rejected }: Refused): string {
	const whom = whoWasRefused(rejected);
	return [whom ? `Refused recipients: ${whom}.` : '', whatToDo(verdict)].filter(Boolean).join(' ');
}

function whoWasRefused(rejected: Refused['rejected']): string {
	return rejected.map(({ address, reply }) => `${address}: ${reply}`).join('; ');
}

function whatToDo(verdict: Refused['verdict']): string {
	if (verdict.verdict === 'transient') return 'The server asks to try again later.';
	if (verdict.verdict === 'accepted') return '';
	switch (verdict.blame) {
		case 'recipient':
			return 'Check the address of the recipient.';
		case 'senderPolicy':
			return 'The server does not let this account or sender send this mail. Check From Email, and that the domain allows this server (SPF, DKIM, DMARC).';
		case 'reputation':
			return 'The server does not trust the sending machine or domain at the moment.';
		case 'content':
			return 'The server does not like what is in the mail: check links, attachments and size.';
		case 'capacity':
			return 'The server has a problem of its own. Try again later.';
	}
}
