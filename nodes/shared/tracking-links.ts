import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { makeLinks, reachOf } from '../../mail/index';
import type { MailStore, PersonalLinks, TrackingWishes } from '../../mail/index';

/** What a person who sends such links shall know before readers find out. */
const WARNINGS: Readonly<Record<ReturnType<typeof reachOf>, string | undefined>> = {
	public: undefined,
	local:
		'The links of these mails open on this computer only: the Email Tracking Trigger has a local address. To send to others, give n8n a public https address (WEBHOOK_URL) and publish the workflow of the trigger again.',
	open: 'The Email Tracking Trigger has no https address, so these mails cannot offer one-click unsubscribe, which Gmail and Yahoo ask of bulk mail. Give n8n an https address (WEBHOOK_URL) and publish the workflow of the trigger again.',
};

/**
 * The address that answers, with a warning where it is not fit for readers elsewhere.
 *
 * @throws NodeOperationError when there is none
 */
export async function answeringSite(context: IExecuteFunctions, store: MailStore): Promise<string> {
	const site = await store.tracking.currentSite();
	if (!site)
		throw new NodeOperationError(
			context.getNode(),
			'No Email Tracking Trigger is active, so nothing would answer the links of these mails',
			{
				description:
					'Publish a workflow that begins with an Email Tracking Trigger and uses the same mail store, or turn off what is set under Tracking and Unsubscribe. Nobody was mailed.',
			},
		);
	const message = WARNINGS[reachOf(site.url)];
	if (message) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	return site.url;
}

/**
 * Makes a campaign's links, to the address of the trigger that is active.
 *
 * @throws NodeOperationError when nothing would answer them
 */
export async function makeNodeLinks(
	context: IExecuteFunctions,
	store: MailStore,
	campaign: { campaignId: string; wishes: TrackingWishes; parts: { html?: string; text?: string } },
): Promise<PersonalLinks> {
	return await makeLinks(store, {
		...campaign,
		site: await answeringSite(context, store),
		key: await store.signingKeys.current(),
	});
}
