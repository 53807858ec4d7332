import type { IDataObject } from 'n8n-workflow';

import type { Finding, MailProfile } from '../../mail/index';

/** A finding as an item has it: for whom it counts, with this kind of mail. */
export function describeFinding(
	{ requiredBy, ...finding }: Finding,
	profile: MailProfile,
): IDataObject {
	return {
		...finding,
		requiredBy: [...(requiredBy[profile] ?? [])],
		fixes: finding.fixes.map((fix) => ({ ...fix })),
		evidence: [...finding.evidence],
	};
}
