import type { Ledger } from '../store/store';

/** Beats in a lease: one may be missed, and a second come late. */
const BEATS = 3;

export interface LeaseKeeper {
	stop(): void;
}

/**
 * Prolongs the leases of what `owner` holds, and gives up what an owner who is gone had dispatched.
 *
 * A beat that fails is no reason to end the run: whoever lost a lease by it is told so when they ask
 * for leave to send.
 */
export function keepLeases(
	ledger: Pick<Ledger, 'heartbeat' | 'expireDispatched'>,
	{ campaignId, owner, leaseMs }: { campaignId: string; owner: string; leaseMs: number },
): LeaseKeeper {
	const beat = async () => {
		try {
			await ledger.heartbeat(campaignId, owner, leaseMs);
			await ledger.expireDispatched(campaignId);
		} catch {
			// A store that stays broken is noticed by the next claim.
		}
	};
	const timer = setInterval(() => void beat(), Math.max(Math.floor(leaseMs / BEATS), 10));
	timer.unref();
	return {
		stop() {
			clearInterval(timer);
		},
	};
}
