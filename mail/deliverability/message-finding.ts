import { BY_NONE } from './finding';
import type { Finding } from './finding';

/** A finding about the message itself; what mends it is said in words. */
export function contentFinding(
	id: string,
	status: Finding['status'],
	subject: string,
	title: string,
	why: string,
	advice: string,
	more: Partial<Pick<Finding, 'requiredBy' | 'evidence' | 'source'>> = {},
): Finding {
	return {
		id: `content.${id}`,
		area: 'content',
		subject,
		status,
		title,
		why,
		requiredBy: BY_NONE,
		fixes: advice === '' ? [] : [{ kind: 'setting', text: advice }],
		evidence: [],
		source: 'RFC 5322',
		...more,
	};
}
