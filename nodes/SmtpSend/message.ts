import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Draft } from '../../mail/index';
import { signWithDkimProperty } from '../shared/dkim-key';
import { readVersions } from '../shared/email-format';
import { addressOptions, addressProperties, readAddresses } from './properties/addresses';
import { attachmentProperties, readAttachments } from './properties/attachments';
import { contentProperties } from './properties/content';

/** The form of one mail, for every operation that makes one. */
export const messageProperties: INodeProperties[] = [
	...addressProperties,
	...contentProperties,
	...attachmentProperties,
];

/** Shown under Options: what only some mails need. */
export const messageOptions: INodeProperties[] = [...addressOptions, signWithDkimProperty];

/** @throws Error that names the field and what is wrong with it */
export async function readDraft(context: IExecuteFunctions, itemIndex: number): Promise<Draft> {
	return {
		...readAddresses(context, itemIndex),
		...readVersions(context, itemIndex),
		attachments: await readAttachments(context, itemIndex),
	};
}
