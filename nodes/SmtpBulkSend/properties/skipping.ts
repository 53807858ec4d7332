import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** Shown under Options: whom to leave out besides those that are always left out. */
export const skippingOptions: INodeProperties[] = [
	{
		displayName: 'Skip Gmail Spellings',
		name: 'gmailSpellings',
		type: 'boolean',
		default: false,
		description:
			'Whether a.da@gmail.com, ada+news@gmail.com and ada@gmail.com count as one recipient: Gmail brings all three to one mailbox',
	},
	{
		displayName: 'Skip Role Addresses',
		name: 'roleAddresses',
		type: 'boolean',
		default: false,
		description:
			'Whether to leave out addresses of a task, not of a person, such as info@ and sales@: people there complain more often',
	},
];

export interface SkippingFields {
	gmailSpellings: boolean;
	roleAddresses: boolean;
}

export function readSkipping(context: IExecuteFunctions): SkippingFields {
	return {
		gmailSpellings: context.getNodeParameter('options.gmailSpellings', 0, false) === true,
		roleAddresses: context.getNodeParameter('options.roleAddresses', 0, false) === true,
	};
}
