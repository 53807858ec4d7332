import type { IExecuteFunctions } from 'n8n-workflow';

import { trialOf } from '../../mail/index';
import type { CampaignDefinition, MailStore, PersonalLinks } from '../../mail/index';
import { makeNodeLinks } from '../shared/tracking-links';

interface Campaign {
	id: string;
	definition: CampaignDefinition;
}

/** What the campaign's mails are compiled with; empty where none is tracked and none can be left. */
export async function linksOf(
	context: IExecuteFunctions,
	store: MailStore,
	{ id, definition }: Campaign,
): Promise<{ links?: PersonalLinks }> {
	const { tracking: wishes, template } = definition;
	if (!wishes) return {};
	return {
		links: await makeNodeLinks(context, store, { campaignId: id, wishes, parts: template }),
	};
}

/**
 * The same for a mail that only shows what the campaign's would be: its links work, and what is done
 * with them is counted for nobody, apart from the campaign. Its unsubscribe link leads to a page that
 * takes nobody off: the recipient whose data it shows has not asked for it.
 */
export async function trialLinksOf(
	context: IExecuteFunctions,
	store: MailStore,
	{ id, definition }: Campaign,
): Promise<{ links?: PersonalLinks }> {
	const { tracking } = definition;
	if (!tracking) return {};
	const trial = { ...definition, tracking: { ...tracking, anonymous: true } };
	return await linksOf(context, store, { id: trialOf(id), definition: trial });
}
