import { randomUUID } from 'node:crypto';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { fillUnsubscribe, linkSingleMail, trialOf, UNSUBSCRIBE_PLACE } from '../../mail/index';
import type { Draft, MailStore, Unsubscribe } from '../../mail/index';
import { asText } from '../shared/as-text';
import { readTracking, trackingProperty, withFooter } from '../shared/tracking-fields';
import { answeringSite } from '../shared/tracking-links';

/** As in SMTP Bulk Send, with what a campaign says elsewhere. */
export const mailTrackingProperty: INodeProperties = {
	...trackingProperty,
	options: [
		...((trackingProperty.options ?? []) as INodeProperties[]),
		{
			displayName: 'Campaign ID',
			name: 'campaignId',
			type: 'string',
			default: '',
			placeholder: 'e.g. order-confirmations',
			description: "Under which these mails are counted; the workflow's and the node's when empty",
		},
		{
			displayName: 'Mailing List',
			name: 'list',
			type: 'string',
			default: '',
			placeholder: 'e.g. news',
			description: 'The list that is left by the link, as it is named in Suppression List',
		},
	].toSorted((a, b) => a.displayName.localeCompare(b.displayName)) as INodeProperties[],
};

/** What a template's {{unsubscribeUrl}} becomes until the mail's links are made. */
export function unsubscribePlace(
	context: IExecuteFunctions,
	itemIndex: number,
): { unsubscribeUrl?: string } {
	const { unsubscribe } = readTracking(context, '', itemIndex).wishes ?? {};
	return unsubscribe ? { unsubscribeUrl: UNSUBSCRIBE_PLACE } : {};
}

/**
 * Puts the links that were asked for into each mail. A preview's are made like them, and counted for
 * nobody, under a campaign of their own.
 *
 * @throws Error for a mail to several people, NodeOperationError when nothing would answer
 */
export function trackMails(
	context: IExecuteFunctions,
	openStore: () => Promise<MailStore>,
	operation: 'send' | 'preview',
): (draft: Draft, of: { itemIndex: number; key: string | undefined }) => Promise<Draft> {
	let answering: Promise<{ store: MailStore; site: string }> | undefined;
	const find = async () => {
		const store = await openStore();
		return { store, site: await answeringSite(context, store) };
	};
	return async (draft, { itemIndex, key = randomUUID() }) => {
		const { tracking, campaignId } = readFields(context, itemIndex);
		const { wishes } = tracking;
		if (!wishes) return draft;
		const recipient = onlyRecipient(draft);
		const { store, site } = await (answering ??= find());
		const { unsubscribe, ...parts } = await linkSingleMail(store, {
			campaignId: operation === 'send' ? campaignId : trialOf(campaignId),
			...(operation === 'send' ? { recipient } : {}),
			key,
			site,
			signingKey: await store.signingKeys.current(),
			wishes,
			parts: withFooter({ html: draft.html, text: draft.text }, tracking),
		});
		return {
			...draft,
			...parts,
			headers: unsubscribe ? withUnsubscribe(draft.headers, unsubscribe) : draft.headers,
		};
	};
}

/** The user's own header lines may name the link as the mail's parts do. */
function withUnsubscribe(headers: Draft['headers'], unsubscribe: Unsubscribe): Draft['headers'] {
	const { url = '' } = unsubscribe;
	const custom = headers?.custom?.map(({ name, value }) => ({
		name,
		value: fillUnsubscribe(value, url),
	}));
	return { ...headers, ...(custom ? { custom } : {}), unsubscribe };
}

function onlyRecipient({ to, cc, bcc }: Draft): string {
	const [first, ...others] = new Set([...to, ...cc, ...bcc].map(({ address }) => address));
	if (first === undefined || others.length > 0)
		throw new Error(
			'Tracking and Unsubscribe needs mails to one person each: the links are that person’s own. Give each recipient an item, and leave Cc and Bcc empty.',
		);
	return first;
}

function readFields(context: IExecuteFunctions, itemIndex: number) {
	const fields = context.getNodeParameter('tracking', itemIndex, {}) as Record<string, unknown>;
	const ownId = `${context.getWorkflow().id ?? ''}-${context.getNode().id}`;
	return {
		tracking: readTracking(context, asText(fields.list).trim().slice(0, 200), itemIndex),
		campaignId: asText(fields.campaignId).trim().slice(0, 200) || ownId,
	};
}
