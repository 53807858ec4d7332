import { domainOf } from '../model/address';
import type { Slot } from '../pacing/desk';
import { isSlot, WHOLE_ACCOUNT } from '../pacing/pacer';
import type { Pacer, Shut } from '../pacing/pacer';
import type { AsksOfPace } from './delivery';
import type { Deferral } from './worklist';

/** The pace of one run: which lanes are open, leave for each mail, and what came of it. */
export interface Pace {
	/** Learns whom the domains of these addresses belong to, so that `laneOf` can tell. */
	learn(addresses: readonly string[]): Promise<void>;
	laneOf(address: string): string;
	ask(lane: string): Slot | Shut;
	/** Why a lane is shut, as far as that is known without asking the store. */
	isShut(lane: string): Shut | undefined;
	/** Calls back when a lane may be open that was shut. @returns what ends that */
	listen(listener: () => void): () => void;
	accepted(lane: string): void;
	refused(lane: string, asks: AsksOfPace, reply: { reply: string; retryAfterMs?: number }): void;
}

export { isSlot };
export type { Shut, Slot };

const FREE: Slot = { isOver: false, finish: () => undefined, giveBack: () => undefined };

/** For a run without limits that does not adapt. */
export const UNPACED: Pace = {
	learn: () => Promise.resolve(),
	laneOf: () => '',
	ask: () => FREE,
	isShut: () => undefined,
	listen: () => () => undefined,
	accepted: () => undefined,
	refused: () => undefined,
};

export function paceOf(pacer: Pacer): Pace {
	return {
		learn: (addresses) => pacer.providers.learn(addresses.map(domainOf)),
		laneOf: (address) => pacer.laneOf(address),
		ask: (lane) => pacer.ask(lane),
		isShut: (lane) => pacer.isShut(lane),
		listen: (listener) => pacer.listen(listener),
		accepted: (lane) => {
			pacer.accepted(lane);
		},
		refused: (lane, { pace, paceOfAccount }, reply) => {
			if (pace) pacer.refused(paceOfAccount ? WHOLE_ACCOUNT : lane, pace, reply);
		},
	};
}

/** Why somebody waits whom the pace lets wait longer than a run does. */
export function waitsForPace(shut: Shut, lane: string, now: number): Deferral {
	const retryAt = Math.ceil(now + shut.waitMs);
	const until = `${new Date(retryAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
	const to = lane === '' ? '' : ` to ${lane}`;
	const wait = { retryAt, waitsFor: 'pace' as const, ...(shut.why ? { reply: shut.why } : {}) };
	switch (shut.cause) {
		case 'quietHours':
			return { ...wait, reason: `The quiet hours last until ${until}.` };
		case 'limit':
			return { ...wait, reason: `The sending limit is reached; there is room again at ${until}.` };
		case 'paused':
			return {
				...wait,
				blame: 'capacity',
				reason: `Mail${to} was slowed down, since too much was refused; it goes on at ${until}.`,
			};
		case 'policy':
			return {
				...wait,
				blame: 'senderPolicy',
				reason: `Mail${to} was stopped until ${until}: the server refuses this sender by its policy. Check SPF, DKIM and DMARC of the sender's domain.`,
			};
		case 'reputation':
			return {
				...wait,
				blame: 'reputation',
				reason: `Mail${to} was stopped until ${until}: the server refuses this sender for its reputation.`,
			};
	}
}
