import { BY_NONE } from './finding';
import type { Finding } from './finding';
import { findingMaker } from './finding-maker';

/** A finding about the message itself; what mends it is said in words. Nobody requires what is not said to be. */
export function contentFinding(
	id: string,
	status: Finding['status'],
	subject: string,
	title: string,
	why: string,
	advice: string,
	more: Partial<Pick<Finding, 'requiredBy' | 'evidence' | 'source'>> = {},
): Finding {
	const find = findingMaker({
		area: 'content',
		subject,
		requiredBy: BY_NONE,
		source: 'RFC 5322',
	});
	return find(`content.${id}`, status, title, why, {
		fixes: advice === '' ? [] : [{ kind: 'setting', text: advice }],
		...more,
	});
}
