import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

const HOUR_MS = 3_600_000;

/** Shown under Options. */
export const sendingOptions: INodeProperties[] = [
	{
		displayName: 'Give Up After (Hours)',
		name: 'giveUpAfter',
		type: 'number',
		default: 96,
		typeOptions: { minValue: 1, maxValue: 720 },
		description:
			'Whoever the server still puts off so long after the campaign took them in has failed',
	},
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
	giveUpAfterMs: number;
}

export function readSending(context: IExecuteFunctions): SendingFields {
	const number = (name: string, otherwise: number, most: number) => {
		const value = Number(context.getNodeParameter(`options.${name}`, 0, otherwise));
		return Math.min(Math.max(Number.isFinite(value) ? value : otherwise, 0), most);
	};
	return {
		resendUnknown: context.getNodeParameter('options.resendUnknown', 0, false) === true,
		suppressRefused: context.getNodeParameter('options.suppressRefused', 0, true) !== false,
		patienceMs: number('patience', 120, 3_600) * 1_000,
		giveUpAfterMs: number('giveUpAfter', 96, 720) * HOUR_MS,
	};
}
