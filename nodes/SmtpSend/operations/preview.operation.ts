import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { composeTransactional } from '../../../mail/index';
import { readDkimSigner } from '../../shared/dkim-key';
import { forEachItem } from '../../shared/for-each-item';
import { openNodeStore } from '../../shared/mail-store';
import { runContext } from '../../shared/run-context';
import { EmptyMails } from '../empty-mails';
import { messageProperties, optionsProperty, readDraft } from '../message';
import { readRun, runKey } from '../once';
import { trackMails } from '../tracking';
import type { Operation } from './operation';

/** The binary field that holds the mail. */
const FILE_FIELD = 'data';

export const preview: Operation = {
	choice: {
		name: 'Preview',
		value: 'preview',
		description: 'Make the same email as Send would, as an .eml file, and send nothing',
		action: 'Preview an email',
	},
	properties: [...messageProperties, optionsProperty],
	execute: previewEachItem,
};

async function previewEachItem(nodeContext: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const context = runContext(nodeContext);
	const run = readRun(context);
	const signer = await readDkimSigner(context);
	const track = trackMails(context, () => openNodeStore(context), 'preview');
	const emptyMails = new EmptyMails();
	const items = await forEachItem(context, { atATime: 1, done: madeBefore }, async (itemIndex) => {
		const key = runKey(run, itemIndex);
		const draft = await track(await readDraft(context, itemIndex), { itemIndex, key });
		const mail = await composeTransactional(draft, { key, signer });
		emptyMails.note(itemIndex, draft);
		const { envelope, messageId, html, text, raw } = mail;
		return {
			json: {
				messageId,
				subject: draft.subject,
				...(html === undefined ? {} : { html }),
				text,
				envelope: { from: envelope.from, to: envelope.to },
				size: raw.length,
			},
			binary: {
				[FILE_FIELD]: await context.helpers.prepareBinaryData(raw, 'preview.eml', 'message/rfc822'),
			},
		};
	});
	emptyMails.tell(context);
	return items;
}

function madeBefore(count: number): string {
	return `${count} ${count === 1 ? 'preview was' : 'previews were'} made before. Nothing was sent.`;
}
