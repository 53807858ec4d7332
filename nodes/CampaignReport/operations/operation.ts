import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { MailStore } from '../../../mail/index';
import type { OperationForm } from '../../shared/operations';

/** One thing that the node can tell: its entry in the list, its form, and what it reads. */
export interface Operation extends OperationForm {
	execute(context: IExecuteFunctions, store: MailStore): Promise<INodeExecutionData[]>;
}
