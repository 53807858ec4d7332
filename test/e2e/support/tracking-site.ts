import { readFileSync } from 'node:fs';
import path from 'node:path';

import { makeReference } from '../../../mail/message/identity';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { makeToken } from '../../../mail/tracking/token';
import type { TrackingToken } from '../../../mail/tracking/token';
import { chain, eventually } from './n8n';
import type { TestN8n } from './n8n';

/** A published Email Tracking Trigger, and a campaign whose mails its links could be in. */
export interface TrackingSite {
	workflow: string;
	/** The public address, as mails carry it before `?t=`. */
	url: string;
	/** n8n's own, beside it. */
	store: MailStore;
	/** Notes that these people were mailed an hour ago: what follows is no machine's for being too soon. */
	mailed(names: readonly string[]): Promise<void>;
	token(kind: TrackingToken['kind'], name: string, link?: number): string;
	link(kind: TrackingToken['kind'], name: string, link?: number): string;
	close(): Promise<void>;
}

export async function publishTracking(
	n8n: TestN8n,
	{
		campaign,
		targets,
		list,
		parameters,
		webhookId = '3f0c8f6e-7a55-4e0b-9d0e-6d3f5c1b2a10',
	}: {
		campaign: string;
		targets: readonly string[];
		list: string;
		parameters: object;
		webhookId?: string;
	},
): Promise<TrackingSite> {
	const { api } = n8n.server;
	const { id: workflow } = (await api.createWorkflow(
		chain('Tracking', [
			{
				name: 'Tracking',
				type: 'n8n-nodes-smtp-suite.emailTrackingTrigger',
				typeVersion: 1.1,
				webhookId,
				parameters,
			},
			{ name: 'After', type: 'n8n-nodes-base.noOp' },
		]),
	)) as { id: string };
	await api.activate(workflow);
	const store = await openN8nStore(n8n);
	const { url } = await eventually(async () => {
		const site = await store.tracking.currentSite();
		return site?.url.includes(webhookId) ? site : undefined;
	}, 'the public address');
	const key = await store.signingKeys.current();
	await store.tracking.setCampaign(campaign, { list });
	await store.tracking.numberLinks(campaign, targets);
	const addressOf = (name: string) => `${name}@example.test`;
	const referenceOf = (name: string) =>
		makeReference({ campaignId: campaign, key: addressOf(name) }, key);
	const token = (kind: TrackingToken['kind'], name: string, link = 0) =>
		makeToken({ kind, reference: referenceOf(name), link }, key);
	return {
		workflow,
		url,
		store,
		token,
		link: (...what) => `${url}?t=${token(...what)}`,
		mailed: (names) =>
			store.tracking.addMails(
				names.map((name) => ({
					reference: referenceOf(name),
					campaignId: campaign,
					recipient: { key: addressOf(name), address: addressOf(name) },
				})),
			),
		close: () => store.close(),
	};
}

/** The store of this n8n, an hour behind. */
export async function openN8nStore({ userFolder }: TestN8n): Promise<MailStore> {
	const folder = path.join(userFolder, '.n8n');
	const { encryptionKey } = JSON.parse(readFileSync(path.join(folder, 'config'), 'utf8')) as {
		encryptionKey: string;
	};
	return await openStore({
		path: path.join(folder, 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite'),
		masterKey: encryptionKey,
		clock: () => Date.now() - 3_600_000,
	});
}
