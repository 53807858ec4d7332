import { compareFindings } from '../../../mail/deliverability/changes';
import { ALWAYS, BY_NONE } from '../../../mail/deliverability/finding';
import type { Finding } from '../../../mail/deliverability/finding';
import { judge } from '../../../mail/deliverability/verdict';

const finding = (id: string, status: Finding['status'], more: Partial<Finding> = {}): Finding => ({
	id,
	area: id.split('.')[0] as Finding['area'],
	subject: 'example.com',
	status,
	title: `${id} of example.com`,
	why: '',
	requiredBy: status === 'fail' || status === 'unknown' ? ALWAYS : BY_NONE,
	fixes: [],
	evidence: [],
	source: 'RFC 7208',
	...more,
});

/** Runs one after the other, each remembering. @returns what each told, in short */
function runs(...all: Finding[][]): string[][] {
	let kept: string | undefined;
	return all.map((findings) => {
		const { changes, content } = compareFindings(kept, findings, judge(findings, 'bulk'));
		kept = content;
		return changes.map((change) => {
			if (change.change === 'verdict') return `${change.receiver} ${change.from} > ${change.to}`;
			const { id } = change.change === 'mended' ? change.problem : change.finding;
			return `${change.change} ${id}`;
		});
	});
}

const missing = finding('spf.missing', 'fail');
const passes = finding('spf.passes', 'pass');
const weak = (status: Finding['status']) => finding('dkim.weakKey', status);
const silent = finding('spf.noAnswer', 'unknown');
const verdicts = (from: string, to: string) =>
	['gmail', 'yahoo', 'microsoft', 'apple'].map((receiver) => `${receiver} ${from} > ${to}`);

it('the first run tells all problems as new, and no verdict as changed', () => {
	expect(runs([missing, passes])).toEqual([['new spf.missing']]);
	expect(compareFindings(undefined, [], judge([], 'bulk')).isFirst).toBe(true);
});

it('what is as it was is not told', () => {
	expect(runs([missing], [missing], [missing])).toEqual([['new spf.missing'], [], []]);
});

it('problems come, grow, shrink and go, and the verdict with them', () => {
	expect(runs([passes], [weak('warning')], [weak('fail')], [weak('warning')], [passes])).toEqual([
		[],
		['new dkim.weakKey', ...verdicts('fit', 'fitWithWarnings')],
		['worse dkim.weakKey', ...verdicts('fitWithWarnings', 'unfit')],
		['better dkim.weakKey', ...verdicts('unfit', 'fitWithWarnings')],
		['mended dkim.weakKey', ...verdicts('fitWithWarnings', 'fit')],
	]);
});

it('a name server that is silent makes no alarm, neither then nor when it answers again', () => {
	expect(runs([missing], [silent], [silent], [missing])).toEqual([['new spf.missing'], [], [], []]);
	expect(runs([passes], [silent], [passes])).toEqual([[], [], []]);
	expect(runs([missing], [silent], [passes])).toEqual([
		['new spf.missing'],
		[],
		['mended spf.missing', ...verdicts('unfit', 'fit')],
	]);
});

it('silence in one field hides nothing in another', () => {
	expect(runs([weak('fail'), passes], [silent])[1]).toEqual(['mended dkim.weakKey']);
});

it('a list that does not answer hides what it said itself, and not what others said', () => {
	const listed = (zone: string) =>
		finding('reputation.listed', 'fail', {
			subject: '192.0.2.1',
			title: `192.0.2.1 is on the list ${zone}.`,
			evidence: [`1.2.0.192.${zone} A 127.0.0.2`],
		});
	const dead = finding('reputation.listSilent', 'unknown', { subject: 'one.test' });
	expect(runs([listed('one.test'), listed('two.test')], [dead])).toEqual([
		['new reputation.listed', 'new reputation.listed'],
		['mended reputation.listed'],
	]);
	expect(runs([listed('one.test')], [listed('one.test'), listed('two.test')])[1]).toEqual([
		'new reputation.listed',
	]);
});

it('a memory that cannot be read is none', () => {
	for (const kept of ['', '{', 'null', '[]', '{"problems":1}'])
		expect(compareFindings(kept, [missing], judge([missing], 'bulk'))).toMatchObject({
			isFirst: true,
			changes: [{ change: 'new' }],
		});
});

it('nothing that a mail says is remembered, and what the DNS says is', () => {
	const secret = 'https://example.com/login?token=';
	const { content } = compareFindings(
		undefined,
		[
			finding('content.insecureLinks', 'warning', { evidence: [`${secret}mail`] }),
			finding('roundTrip.changed', 'warning', { evidence: [`${secret}arrived`] }),
			finding('spf.syntax', 'fail', { evidence: ['v=spf1 oops'] }),
		],
		judge([], 'bulk'),
	);
	expect(content).not.toContain('token');
	expect(content).toContain('oops');
});

it('the memory is bounded, whatever a domain publishes', () => {
	const huge = Array.from({ length: 2_000 }, (_, index) =>
		finding('spf.syntax', 'fail', {
			subject: `${index}.test`,
			title: 'x'.repeat(10_000),
			evidence: Array.from({ length: 50 }, () => 'y'.repeat(10_000)),
		}),
	);
	const { content } = compareFindings(undefined, huge, judge(huge, 'bulk'));
	expect(content.length).toBeLessThan(1_200_000);
});
