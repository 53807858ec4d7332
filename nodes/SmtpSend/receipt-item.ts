import type { INode, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { describeRefusal } from '../../mail/index';
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
					description: `Sent to: ${receipt.accepted.join(', ')}. Refused: ${whoWasRefused(receipt.rejected)}. Retry does not mail those who have it once more. Executing the workflow anew does, unless the mail has an idempotency key.`,
				},
			);
		case 'refused':
			throw refusedError(node, receipt);
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

function refusedError(node: INode, { reply, rejected }: Refused): NodeOperationError {
	const { message, advice } = describeRefusal(rejected[0]?.reply ?? reply);
	const whom = rejected.map(({ address }) => address).join(', ');
	const said = rejected.length > 1 ? eachReply(rejected) : `The server said: ${oneLine(reply)}`;
	return new NodeOperationError(node, whom ? `${message} Refused: ${whom}` : message, {
		description: `${advice} ${said}`,
	});
}

function eachReply(rejected: Refused['rejected']): string {
	return `The server said: ${whoWasRefused(rejected)}`;
}

function whoWasRefused(rejected: Refused['rejected']): string {
	return rejected.map(({ address, reply }) => `${address}: ${oneLine(reply)}`).join('; ');
}

const oneLine = (reply: string): string => reply.replace(/\s+/g, ' ').trim();
