import type { TrackedEvent } from '../../../mail/index';
import { eventToJson, isChosen } from '../../../nodes/EmailTrackingTrigger/chosen-event';

const opened = (more: Partial<TrackedEvent> = {}): TrackedEvent => ({
	event: 'opened',
	campaignId: 'spring',
	recipient: 'ada@example.com',
	first: false,
	at: Date.UTC(2026, 10, 25),
	...more,
});

describe('the events that start the workflow', () => {
	it.each([
		['an open', opened(), ['opened'], true],
		['an open that was not asked for', opened(), ['clicked', 'unsubscribed'], false],
		['a first open', opened({ first: true }), ['firstOpened'], true],
		['a later open, where the first was asked for', opened(), ['firstOpened'], false],
		[
			'a first click, where the first open was asked for',
			opened({ event: 'clicked', first: true }),
			['firstOpened'],
			false,
		],
		['nothing, where nothing was chosen', opened({ first: true }), [], false],
	] as const)('%s', (_name, event, events, starts) => {
		expect(isChosen(event, { events, machines: false })).toBe(starts);
	});

	it('are those of people, unless machines are asked for', () => {
		const event = opened({ first: true, machine: 'prefetch' });
		expect(isChosen(event, { events: ['opened', 'firstOpened'], machines: false })).toBe(false);
		expect(isChosen(event, { events: ['opened'], machines: true })).toBe(true);
	});
});

describe('the item of an event', () => {
	it('names the sign by which a machine was known, and leaves out what is not known', () => {
		expect(eventToJson(opened({ machine: 'burst', ip: undefined }))).toEqual({
			event: 'opened',
			campaignId: 'spring',
			recipient: 'ada@example.com',
			first: false,
			machine: true,
			machineSign: 'burst',
			at: '2026-11-25T00:00:00.000Z',
		});
		expect(eventToJson(opened())).toMatchObject({ machine: false });
		expect(eventToJson(opened())).not.toHaveProperty('machineSign');
	});
});
