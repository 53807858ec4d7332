import type { Finding, Fix } from '../../../mail/index';
import { askAboutSender, describeFitness } from '../../../nodes/SmtpBulkSend/fitness';

const finding = (id: string, status: Finding['status'], more: Partial<Finding> = {}): Finding => ({
	...{ id, status, area: 'spf', subject: 'example.com', title: id, why: '', source: '' },
	...{ requiredBy: { bulk: ['gmail'] }, fixes: [], evidence: [] },
	...more,
});

const mail = (head: string, body: string) => ({
	recipient: 'ada@example.net',
	raw: Buffer.from(
		`From: News <news@example.com>\r\nTo: ada@example.net\r\nSubject: The garden\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <1@example.com>\r\n${head}MIME-Version: 1.0\r\n${body}`,
	),
});
const TEXT =
	'Content-Type: text/plain\r\n\r\nThe garden opens. Unsubscribe: https://example.com/u\r\n';
const LIST =
	'List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: <news.example.com>\r\n';
const html = (text: string) => `Content-Type: text/html\r\n\r\n<p>${text}</p>\r\n`;

describe('what a dry run says of a campaign’s deliverability', () => {
	it('is fit where nothing is missing', async () => {
		const told = await describeFitness([finding('spf.valid', 'pass')], mail(LIST, TEXT));
		expect(told).toMatchObject({
			verdict: 'fit',
			checks: {
				...{ authentication: 'pass', listHeaders: 'pass' },
				...{ size: 'pass', links: 'pass', content: 'pass' },
			},
			sample: 'ada@example.net',
			problems: [],
		});
	});

	it.each([
		['authentication', [finding('spf.missing', 'fail')], mail(LIST, TEXT), 'fail'],
		['authentication', [finding('dkim.unknown', 'unknown')], mail(LIST, TEXT), 'unknown'],
		['listHeaders', [], mail('', TEXT), 'fail'],
		['size', [], mail(LIST, html(`unsubscribe ${'x '.repeat(80_000)}`)), 'fail'],
		[
			'links',
			[],
			mail(LIST, html('unsubscribe <a href="https://evil.test/">https://example.com/</a>')),
			'fail',
		],
	] as const)(
		'tells of %s by the worst that was found: %#',
		async (part, ofSender, sample, status) => {
			const { checks, verdict, problems } = await describeFitness(ofSender, sample);
			expect(checks).toMatchObject({ [part]: status });
			expect(verdict).not.toBe('fit');
			expect(problems).not.toEqual([]);
		},
	);

	it('says what to do, with the record', async () => {
		const fixes: Fix[] = [
			{
				kind: 'dns',
				action: 'replace',
				host: '@',
				name: 'example.com',
				type: 'TXT',
				value: 'v=spf1 ~all',
				oldValue: 'v=spf1 +all',
			},
		];
		const { problems } = await describeFitness(
			[finding('spf.all', 'fail', { fixes })],
			mail(LIST, TEXT),
		);
		expect(problems).toEqual([
			{
				...{ id: 'spf.all', status: 'fail', title: 'spf.all' },
				advice: ['Replace the TXT record at example.com, now v=spf1 +all, by: v=spf1 ~all'],
			},
		]);
	});

	it('without a mail says only what the DNS says', async () => {
		const { checks } = await describeFitness([finding('spf.valid', 'pass')], undefined);
		expect(checks).toEqual({
			...{ authentication: 'pass', listHeaders: 'unknown' },
			...{ size: 'unknown', links: 'unknown', content: 'unknown' },
		});
	});

	it('is not waited for when the execution is stopped', async () => {
		const findings = await askAboutSender({
			from: 'news@example.com',
			signal: AbortSignal.abort(),
		});
		expect(findings.some(({ status }) => status === 'fail')).toBe(false);
	});
});
