import type { IDataObject } from 'n8n-workflow';

import type { TrackedEvent } from '../../mail/index';

/** What a user may choose to start the workflow. */
export type ChosenEvent = TrackedEvent['event'] | 'firstOpened';

export interface EventChoice {
	events: readonly ChosenEvent[];
	/** Let what machines did start the workflow too. */
	machines: boolean;
}

/** Whether the workflow starts; whatever the answer, the event is in the store. */
export function isChosen({ event, first, machine }: TrackedEvent, choice: EventChoice): boolean {
	if (machine && !choice.machines) return false;
	if (choice.events.includes(event)) return true;
	return event === 'opened' && first && choice.events.includes('firstOpened');
}

/** Whether any event of this name may start the workflow. */
export function mayBeChosen(name: TrackedEvent['event'], { events }: EventChoice): boolean {
	return events.includes(name) || (name === 'opened' && events.includes('firstOpened'));
}

/** An event as the workflow reads it; times in ISO 8601. */
export function eventToJson({ at, machine, ...event }: TrackedEvent): IDataObject {
	const json: Record<string, unknown> = {
		...event,
		machine: machine !== undefined,
		machineSign: machine,
		at: new Date(at).toISOString(),
	};
	return Object.fromEntries(
		Object.entries(json).filter(([, value]) => value !== undefined),
	) as IDataObject;
}
