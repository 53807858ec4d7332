import type { IExecuteFunctions } from 'n8n-workflow';

import type { CampaignDefinition } from '../../mail/index';

/** The word in a link or a text, in the languages that most newsletters are written in. */
const UNSUBSCRIBE =
	/unsubscri|opt.?out|abmeld|abbestell|désabonn|désinscri|darse de baja|disiscri|cancellar|afmeld|uitschrijv|wypis|avregistr/i;

/** Gmail, Yahoo and most laws want a way out of every newsletter. */
export function hasUnsubscribe({ template }: CampaignDefinition): boolean {
	const { url, mailto } = template.headers?.unsubscribe ?? {};
	return (
		Boolean(url?.trim()) ||
		Boolean(mailto?.trim()) ||
		UNSUBSCRIBE.test(`${template.html ?? ''} ${template.text ?? ''}`)
	);
}

export const NO_UNSUBSCRIBE =
	'There is no unsubscribe in this campaign. Gmail and Yahoo ask for one in bulk mail, and so do most laws: put a link into the mail, or add List-Unsubscribe under Options.';

export function tellOfMissingUnsubscribe(
	context: IExecuteFunctions,
	definition: CampaignDefinition,
): void {
	if (!hasUnsubscribe(definition))
		context.addExecutionHints({
			message: NO_UNSUBSCRIBE,
			type: 'warning',
			location: 'outputPane',
		});
}
