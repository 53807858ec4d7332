import { setTimeout as sleep } from 'node:timers/promises';
import { Desk } from '../../../mail/pacing/desk';
import type { Slot } from '../../../mail/pacing/desk';
import type { Limit } from '../../../mail/pacing/window';
import type { MailStore } from '../../../mail/store/store';

export interface Sender {
	/** How many mails it has. */
	mails: number;
	/** How long one is on its way, in ms, at the least and at the most. */
	latency: readonly [number, number];
	/** One in so many is given back. */
	giveBackEach: number;
}

/** Sends as fast as the desk lets it, twenty at once. @returns when each mail reached the server */
export async function send(
	store: MailStore,
	limits: readonly Limit[],
	sender: Sender,
): Promise<number[]> {
	const arrived: number[] = [];
	let wake: () => void = () => undefined;
	const desk = new Desk(store.paceBook, [{ key: 'slots', limits: () => limits }], {
		onChange: () => {
			wake();
		},
		onError: (error) => {
			throw error;
		},
	});
	let taken = 0;
	let asked = 0;
	const worker = async () => {
		while (taken < sender.mails) {
			const slot = desk.take();
			if (!slot) {
				await new Promise<void>((resolve) => {
					const before = wake;
					const timer = setTimeout(resolve, desk.waitMs || 20);
					wake = () => {
						clearTimeout(timer);
						before();
						resolve();
					};
				});
				continue;
			}
			asked += 1;
			if (asked % sender.giveBackEach === 0) {
				slot.giveBack();
				continue;
			}
			taken += 1;
			await carry(slot, sender, arrived);
		}
	};
	await Promise.all(Array.from({ length: 20 }, worker));
	await desk.close();
	return arrived;
}

/** The mail arrives at any moment between the leave and the answer. */
async function carry(slot: Slot, { latency: [least, most] }: Sender, arrived: number[]) {
	const total = least + Math.random() * (most - least);
	const there = Math.random() * total;
	if (there > 1) await sleep(there);
	arrived.push(Date.now());
	if (total - there > 1) await sleep(total - there);
	slot.finish();
}
