import type { IExecuteFunctions } from 'n8n-workflow';

import { namesUnsubscribe } from '../../mail/index';
import type { CampaignDefinition } from '../../mail/index';

/** The word in a link or a text, in the languages that most newsletters are written in. */
const UNSUBSCRIBE =
	/unsubscri|opt.?out|abmeld|abbestell|désabonn|désinscri|darse de baja|disiscri|cancellar|afmeld|uitschrijv|wypis|avregistr/i;

/** Gmail, Yahoo and most laws want a way out of every newsletter. */
export function hasUnsubscribe({ template, tracking }: CampaignDefinition): boolean {
	const { url, mailto } = template.headers?.unsubscribe ?? {};
	return (
		tracking?.unsubscribe !== undefined ||
		Boolean(url?.trim()) ||
		Boolean(mailto?.trim()) ||
		UNSUBSCRIBE.test(`${template.html ?? ''} ${template.text ?? ''}`)
	);
}

export const NO_UNSUBSCRIBE =
	'There is no unsubscribe in this campaign. Gmail and Yahoo ask for one in bulk mail, and so do most laws: add Unsubscribe Link under Tracking and Unsubscribe, or a link of your own.';

const NOT_OURS =
	'The mail names {{unsubscribeUrl}}, which is taken from the items here. To have the suite make each recipient their own link, add Unsubscribe Link under Tracking and Unsubscribe.';

export function tellOfMissingUnsubscribe(
	context: IExecuteFunctions,
	definition: CampaignDefinition,
): void {
	const { template, tracking } = definition;
	if (!hasUnsubscribe(definition))
		context.addExecutionHints({
			message: NO_UNSUBSCRIBE,
			type: 'warning',
			location: 'outputPane',
		});
	else if (
		!tracking?.unsubscribe &&
		namesUnsubscribe(`${template.html ?? ''}${template.text ?? ''}`)
	)
		context.addExecutionHints({ message: NOT_OURS, type: 'info', location: 'outputPane' });
}
