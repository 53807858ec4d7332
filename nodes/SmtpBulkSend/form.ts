import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { compileMessage, loadFile } from '../../mail/index';
import type {
	CampaignDefinition,
	CompiledMessage,
	DkimSigner,
	PersonalLinks,
} from '../../mail/index';
import { attachmentsProperty, readItemFiles } from '../shared/attachment-fields';
import { signWithDkimProperty } from '../shared/dkim-key';
import { readHeaderChoices } from '../shared/header-fields';
import { readTracking, trackingProperty, withFooter } from '../shared/tracking-fields';
import { campaignOptions, campaignProperties, readCampaign } from './properties/campaign';
import { contentOptions, contentProperties, readContent } from './properties/content';
import { campaignHeaderOptions } from './properties/headers';
import { pacingOptions, pacingProperties, readPacing } from './properties/pacing';
import { recipientOptions, recipientProperties } from './properties/recipients';
import { readSending, sendingOptions } from './properties/sending';
import { skippingOptions } from './properties/skipping';

/** The form of a campaign, for every operation that makes its mails. */
export const campaignForm: INodeProperties[] = [
	...campaignProperties,
	...recipientProperties,
	...contentProperties,
	{
		...attachmentsProperty,
		hint: 'The name of the binary field(s) of the first item with the files that every mail carries, separated by commas',
	},
	...pacingProperties,
	trackingProperty,
];

export const optionsProperty: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		...contentOptions,
		...campaignOptions,
		...campaignHeaderOptions,
		...recipientOptions,
		...skippingOptions,
		...pacingOptions,
		...sendingOptions,
		signWithDkimProperty,
	].sort((a, b) => a.displayName.localeCompare(b.displayName)),
};

/** What a run of the form needs besides its recipients; all of it is kept for Resume. */
export interface CampaignForm {
	id: string;
	name: string;
	definition: CampaignDefinition;
}

/** @throws Error that names the field and what is wrong with it */
export async function readForm(context: IExecuteFunctions): Promise<CampaignForm> {
	const { id, name, from, replyTo, bounceAddress, list } = readCampaign(context);
	const { subject, html, text, missing } = readContent(context);
	const { plan, longestWaitMs } = readPacing(context);
	const options = context.getNodeParameter('options', 0, {}) as Record<string, unknown>;
	const tracking = readTracking(context, list);
	const files = await readItemFiles(context, 0, context.getNodeParameter('attachments', 0, ''));
	return {
		id,
		name,
		definition: {
			template: {
				from,
				replyTo,
				subject,
				...withFooter({ html, text }, tracking),
				headers: readHeaderChoices(options),
				attachments: await Promise.all(files.attachments.map(loadFile)),
			},
			missing,
			ownFiles: typeof options.recipientAttachments === 'string',
			plan,
			isSigned: options.signWithDkim === true,
			...(tracking.wishes ? { tracking: tracking.wishes } : {}),
			run: {
				from: from.address,
				...(bounceAddress ? { bounceAddress } : {}),
				list,
				longestWaitMs,
				...readSending(context),
			},
		},
	};
}

/** @throws NodeOperationError that names every template's problem, with line and column */
export function compileDefinition(
	context: IExecuteFunctions,
	{ template, missing, ownFiles }: CampaignDefinition,
	{ signer, links, strict }: { signer?: DkimSigner; links?: PersonalLinks; strict?: boolean } = {},
): CompiledMessage {
	const compiled = compileMessage(template, {
		missing: strict ? 'error' : missing,
		ownFiles,
		...(signer ? { signer } : {}),
		...(links ? { links } : {}),
	});
	if (compiled.ok) return compiled.message;
	const [first, ...others] = compiled.problems.map((problem) => problem.message);
	throw new NodeOperationError(context.getNode(), first ?? 'The templates cannot be read.', {
		description: [...others, 'Nobody was mailed.'].join(' '),
	});
}
