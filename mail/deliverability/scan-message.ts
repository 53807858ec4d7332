import type { Finding } from './finding';
import { readMail } from './message-read';
import { addressesIn, describeScan } from './scan';
import type { Scan, Scanner } from './scan';

export interface ScannedMessage {
	findings: Finding[];
	/** What each filter answered, in the order in which they were given. */
	scans: { filter: Scanner['name']; scan: Scan }[];
}

const MAX_RECIPIENTS = 20;

/** Asks the user's own spam filters about a message, all at once. Never rejects. */
export async function scanMessage(
	raw: Buffer,
	scanners: readonly Scanner[],
	signal?: AbortSignal,
): Promise<ScannedMessage> {
	if (scanners.length === 0) return { findings: [], scans: [] };
	const { from, headers } = await readMail(raw);
	const sender = from[0]?.address ?? '';
	const to = addressesIn((headers.get('to') ?? []).join(','), MAX_RECIPIENTS);
	const scans = await Promise.all(
		scanners.map(async (scanner) => ({
			filter: scanner.name,
			scan: await scanner.scan({
				...{ raw, to },
				...(sender !== '' && { from: sender }),
				...(signal && { signal }),
			}),
		})),
	);
	return { findings: scans.map(({ filter, scan }) => describeScan(filter, scan)), scans };
}
