import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** Shown under Options. */
export const sendingOptions: INodeProperties[] = [
	{
		displayName: 'Send Again if Unknown',
		name: 'resendUnknown',
		type: 'boolean',
		default: false,
		description:
			'Whether to mail recipients again of whom nobody knows whether they have the mail, because a connection died at the last moment. They may get it twice.',
	},
	{
		displayName: 'Suppress Unknown Addresses',
		name: 'suppressRefused',
		type: 'boolean',
		default: true,
		description:
			'Whether addresses that the server says do not exist go on the suppression list, so that no campaign mails them again',
	},
	{
		displayName: 'Try Again for (Seconds)',
		name: 'patience',
		type: 'number',
		default: 120,
		typeOptions: { minValue: 0, maxValue: 3600 },
		description:
			'For how long a recipient whom the server puts off is tried again within this run; after that the item leaves by Deferred',
	},
];

export interface SendingFields {
	resendUnknown: boolean;
	suppressRefused: boolean;
	patienceMs: number;
}

export function readSending(context: IExecuteFunctions): SendingFields {
	const seconds = Number(context.getNodeParameter('options.patience', 0, 120));
	return {
		resendUnknown: context.getNodeParameter('options.resendUnknown', 0, false) === true,
		suppressRefused: context.getNodeParameter('options.suppressRefused', 0, true) !== false,
		patienceMs: Math.min(Math.max(Number.isFinite(seconds) ? seconds : 120, 0), 3_600) * 1_000,
	};
}
