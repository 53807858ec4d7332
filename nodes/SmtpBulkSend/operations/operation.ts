import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { OperationForm } from '../../shared/operations';

/** One thing that the node can do: its entry in the list, its form, and what it does. */
export interface Operation extends OperationForm {
	/** @returns the items of each output */
	execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]>;
}
