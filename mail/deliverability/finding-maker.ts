import { BY_NONE } from './finding';
import type { Finding } from './finding';

/** Makes one finding; what is left out is as the check's other findings have it. */
export type MakeFinding = (
	id: string,
	status: Finding['status'],
	title: string,
	why: string,
	more?: Partial<Pick<Finding, 'requiredBy' | 'fixes' | 'evidence' | 'source'>>,
) => Finding;

/**
 * Says once what the findings of a check have in common.
 *
 * @param common.requiredBy counts for what failed or is not known; no receiver requires the rest
 */
export function findingMaker({
	requiredBy,
	...common
}: Pick<Finding, 'area' | 'subject' | 'requiredBy' | 'source'>): MakeFinding {
	return (id, status, title, why, more) => ({
		...common,
		id,
		status,
		title,
		why,
		requiredBy: status === 'fail' || status === 'unknown' ? requiredBy : BY_NONE,
		fixes: [],
		evidence: [],
		...more,
	});
}
