import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Dns, Finding } from '../../../mail/index';
import type { OperationForm } from '../../shared/operations';

/** What one item asked for, looked at. */
export interface Looked {
	/** What was looked at, as a title. */
	subject: string;
	findings: Finding[];
	/** What else the operation tells, beside the findings. */
	details?: IDataObject;
}

/** One thing that the node can look at: its entry in the list, its form, and how it looks. */
export interface Operation extends OperationForm {
	/**
	 * @param openDns a view of the DNS, whose time runs from when it is opened
	 * @throws Error, in the user's words, when the item names nothing to look at
	 */
	look(context: IExecuteFunctions, itemIndex: number, openDns: () => Dns): Promise<Looked>;
}
