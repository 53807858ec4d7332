import type { IDataObject } from 'n8n-workflow';

import type { Finding, MailProfile } from '../../mail/index';

/** A finding as an item has it: for whom it counts, with this kind of mail. */
export function describeFinding(
	{ id, area, subject, status, title, why, requiredBy, fixes, evidence, source }: Finding,
	profile: MailProfile,
): IDataObject {
	// In the order in which a person reads them.
	return {
		...{ status, title, why },
		fixes: fixes.map((fix) => ({ ...fix })),
		...{ id, area, subject },
		requiredBy: [...(requiredBy[profile] ?? [])],
		evidence: [...evidence],
		source,
	};
}
