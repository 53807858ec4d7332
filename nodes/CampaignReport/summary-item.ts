import type { IDataObject } from 'n8n-workflow';

import type { Summary } from '../../mail/index';

/** A campaign's figures as the user sees them. Opens and clicks are lower bounds, and say so. */
export function describeSummary(summary: Summary, now: number): IDataObject {
	const { startedAt, finishedAt, reactions, rates, ...figures } = summary;
	const { opened, clicked, unsubscribed, resubscribed } = reactions;
	return {
		...figures,
		bounced: summary.hardBounced + summary.softBounced,
		openedAtLeast: opened.people,
		clickedAtLeast: clicked.people,
		unsubscribed: unsubscribed.people,
		resubscribed: resubscribed.people,
		opens: opened.byPeople,
		clicks: clicked.byPeople,
		machines: {
			openedOnlyByMachines: opened.machinesOnly,
			clickedOnlyByMachines: clicked.machinesOnly,
			opens: opened.byMachines,
			clicks: clicked.byMachines,
		},
		rates: {
			delivery: rates.delivery,
			bounce: rates.bounce,
			failure: rates.failure,
			complaint: rates.complaint,
			openAtLeast: rates.open,
			clickAtLeast: rates.click,
			clickToOpen: rates.clickToOpen,
			unsubscribe: rates.unsubscribe,
		},
		startedAt: new Date(startedAt).toISOString(),
		...(finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt).toISOString() }),
		asOf: new Date(now).toISOString(),
	};
}
