import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import type { Limit } from '../../../mail/pacing/window';
import { send } from './sender';
import type { Sender } from './sender';

/** What a sending process is told, as JSON in its first argument. */
export interface PaceOrder {
	place: PostgresPlace;
	limits: Limit[];
	sender: Sender;
	/** How far its clock is ahead of the others', in ms. */
	clockAheadMs: number;
}

/** Writes when each mail reached the server, by the true clock, as JSON. */
async function main({ place, limits, sender, clockAheadMs }: PaceOrder): Promise<void> {
	const trueClock = Date.now;
	Date.now = () => trueClock() + clockAheadMs;
	const store = await openStore({ postgres: place, masterKey: 'test' });
	const arrived = await send(store, limits, sender);
	await store.close();
	process.stdout.write(JSON.stringify(arrived.map((at) => at - clockAheadMs)));
}

void main(JSON.parse(process.argv[2] ?? '') as PaceOrder);
