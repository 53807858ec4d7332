import { scanMessage } from '../../../mail/deliverability/scan-message';
import { rspamdAt } from '../../../mail/deliverability/scan-rspamd';
import { spamAssassinAt } from '../../../mail/deliverability/scan-spamassassin';
import { canRunRspamd, startRspamd } from '../../support/rspamd';
import { canRunSpamd, startSpamd } from '../../support/spamd';

const GOOD = mail(
	['From: News <news@example.com>', 'Message-ID: <0b7e5a4c92d14f3e@example.com>'],
	'The garden opens on Monday. Come and see what grows there.',
);
const BAD = mail(['From: a'], '<p>VIAGRA for everybody, buy now</p>', 'text/html');
/** What every installation takes for spam (https://spamassassin.apache.org/gtube/). */
const GTUBE = mail(
	['From: News <news@example.com>'],
	'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X',
);

function mail(head: readonly string[], body: string, type = 'text/plain'): Buffer {
	return Buffer.from(
		[
			...head,
			...['To: Ada <ada@example.net>', 'Subject: The garden', `Date: ${new Date().toUTCString()}`],
			...['MIME-Version: 1.0', `Content-Type: ${type}; charset=utf-8`, '', body, ''],
		].join('\r\n'),
	);
}

describe.each([
	['rspamd', canRunRspamd(), startRspamd, rspamdAt],
	['SpamAssassin', canRunSpamd(), startSpamd, spamAssassinAt],
] as const)('a real %s', (name, missing, start, scannerAt) => {
	if (missing !== undefined) {
		it.skip(`is not asked: ${missing}`, () => undefined);
		return;
	}
	let filter: { address: string; stop(): Promise<void> };
	beforeAll(async () => {
		filter = await start();
	}, 120_000);
	afterAll(async () => {
		await filter.stop();
	}, 30_000);

	const ask = async (raw: Buffer) => {
		const { findings, scans } = await scanMessage(raw, [scannerAt(filter.address)]);
		const { scan } = scans[0]!;
		if (scan.outcome !== 'judged') throw new Error(`${name}: ${scan.reason}`);
		return { ...scan, id: findings[0]?.id };
	};

	it('thinks well of a good mail', async () => {
		expect(await ask(GOOD)).toMatchObject({ does: 'takes', id: 'filter.good' });
	}, 30_000);

	it('names what it minds in a bad one, in words', async () => {
		const [good, bad] = [await ask(GOOD), await ask(BAD)];
		expect(bad.score).toBeGreaterThan(good.score);
		const minded = bad.rules.filter(({ score, about }) => score > 0 && about === 'mail');
		expect(minded.length).toBeGreaterThan(0);
		expect(minded.every(({ text }) => text !== '')).toBe(true);
		expect(bad.rules.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(bad.score, 0);
	}, 30_000);

	it('takes the test mail of all spam filters for spam', async () => {
		expect(['filter.spam', 'filter.refused']).toContain((await ask(GTUBE)).id);
	}, 30_000);
});
