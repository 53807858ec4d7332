import type { MailStore, Suppression, SuppressionReason } from '../../mail/index';

const PAGE = 5_000;

/** The entries, newest first, a page at a time; entries that come meanwhile change nothing. */
export async function* pagesOf(
	suppressions: MailStore['suppressions'],
	wanted: { limit: number; list?: string; reason?: SuppressionReason },
): AsyncGenerator<Suppression[], void> {
	const { limit, ...filters } = wanted;
	let after: Suppression | undefined;
	for (let read = 0; read < limit;) {
		const page = await suppressions.list({
			...filters,
			limit: Math.min(PAGE, limit - read),
			...(after ? { after } : {}),
		});
		if (page.length === 0) return;
		yield page;
		read += page.length;
		after = page.at(-1);
	}
}
