import type { CampaignState, Campaigns } from '../store/store';

/** How soon a run hears that its campaign was paused or cancelled, in ms. */
const EVERY_MS = 1_000;

export interface OrdersWatch {
	stop(): void;
}

/**
 * Tells a run when somebody has paused or cancelled its campaign, in this process or in another. A
 * store that does not answer changes nothing: the run notices that by itself.
 */
export function watchOrders(
	campaigns: Pick<Campaigns, 'get'>,
	campaignId: string,
	tell: (order: Exclude<CampaignState, 'running'>) => void,
): OrdersWatch {
	const look = async () => {
		try {
			const state = (await campaigns.get(campaignId))?.state;
			if (state === 'paused' || state === 'cancelled') tell(state);
		} catch {
			// As above.
		}
	};
	const timer = setInterval(() => void look(), EVERY_MS);
	timer.unref();
	return {
		stop: () => {
			clearInterval(timer);
		},
	};
}
