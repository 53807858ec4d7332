import type { INode, INodeCredentialTestResult } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { MailboxProblem, SmtpProblem } from '../../mail/index';

type MailProblem = Pick<SmtpProblem | MailboxProblem, 'message' | 'advice' | 'reply'>;

/**
 * A failed connection or sign-in as n8n shows it: the sentence as the error, what to do and the
 * server's words under it.
 */
export function problemToError(
	node: INode,
	problem: MailProblem,
	itemIndex?: number,
): NodeOperationError {
	return new NodeOperationError(node, problem.message, {
		description: describe(problem),
		itemIndex,
	});
}

/** The same for a credential's test button, which shows one line of text. */
export function explainFailedTest(problem: MailProblem): INodeCredentialTestResult {
	return { status: 'Error', message: [problem.message, describe(problem)].join(' ') };
}

function describe(problem: MailProblem): string {
	return [problem.advice, problem.reply ? `The server said: ${problem.reply}` : '']
		.filter(Boolean)
		.join(' ');
}
