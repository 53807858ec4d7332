import type { IExecuteFunctions } from 'n8n-workflow';

const MAX_RUNS = 200;

/**
 * n8n saves a node's static data when an execution ends, and never for one that was killed or whose node
 * failed before it marked the run. So what stands there was handed on: by a run that is missing, the
 * changes it found may have reached nobody, and the next one has to tell them again.
 *
 * @returns whether a run is marked as over; the oldest ones are taken for it when their mark had to go
 */
export function runsOver(context: IExecuteFunctions): (run: string) => boolean {
	const runs = marked(context);
	const oldest = runs.length < MAX_RUNS ? -Infinity : Math.min(...runs.map(Number));
	return (run) => runs.includes(run) || Number(run) < oldest;
}

/** To be called when nothing of the node can fail any more. */
export function markRunOver(context: IExecuteFunctions): void {
	const run = context.getExecutionId();
	const others = marked(context).filter((other) => other !== run);
	context.getWorkflowStaticData('node').runsOver = [...others, run].slice(-MAX_RUNS);
}

function marked(context: IExecuteFunctions): string[] {
	const { runsOver: runs } = context.getWorkflowStaticData('node');
	return Array.isArray(runs) ? runs.map(String) : [];
}
