import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { compareFindings, judge } from '../../mail/index';
import type { FindingChange, MailProfile } from '../../mail/index';
import { openNodeStore } from '../shared/mail-store';
import { describeFinding } from './describe-finding';
import type { Looked } from './operations/operation';
import { runsOver } from './runs-over';

/**
 * An item for each thing that is otherwise than in the last run of this node on the same subject; none when
 * nothing is. A run in the editor is compared and not kept: whoever tries the node there takes no news
 * from the run that is scheduled.
 */
export async function giveOutChanges(
	context: IExecuteFunctions,
	{ subject, findings }: Looked,
	profile: MailProfile,
): Promise<INodeExecutionData[]> {
	const store = await openNodeStore(context);
	const isKept = context.getMode() !== 'manual';
	const key = JSON.stringify([
		context.getWorkflow().id,
		context.getNode().id,
		context.getNodeParameter('operation', 0),
		profile,
		subject,
	]);
	const { changes, isFirst } = await store.checkMemory.revise(
		key,
		context.getExecutionId(),
		(last) => {
			const result = compareFindings(last?.content, findings, judge(findings, profile));
			return isKept ? { content: result.content, result } : { result };
		},
		runsOver(context),
	);
	tellFirst(context, { isFirst, isKept });
	return changes.map((change) => ({
		json: { checked: subject, firstRun: isFirst, ...describeChange(change, profile) },
	}));
}

function tellFirst(
	context: IExecuteFunctions,
	{ isFirst, isKept }: { isFirst: boolean; isKept: boolean },
): void {
	const told = [
		isFirst ? 'There is no earlier run to compare with, so every problem counts as new.' : '',
		isKept
			? ''
			: 'A run in the editor is not remembered: publish the workflow, and each run tells what changed since the one before.',
	].filter(Boolean);
	if (told.length > 0)
		context.addExecutionHints({ message: told.join(' '), type: 'info', location: 'outputPane' });
}

function describeChange(change: FindingChange, profile: MailProfile): IDataObject {
	switch (change.change) {
		case 'mended':
			return { change: change.change, ...change.problem };
		case 'verdict':
			return { ...change };
		default:
			return { change: change.change, ...describeFinding(change.finding, profile) };
	}
}
