import type {
	IBinaryKeyData,
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';

import { deliverabilityPage, judge, verdictChart } from '../../mail/index';
import type { Finding, MailProfile } from '../../mail/index';
import { giveOutChanges } from './changes';
import { describeFinding } from './describe-finding';
import type { Looked } from './operations/operation';

/** For whom is judged, and in which form it comes out: the same for each operation. */
export const outputProperties: INodeProperties[] = [
	{
		displayName: 'Kind of Mail',
		name: 'profile',
		type: 'options',
		noDataExpression: true,
		default: 'bulk',
		description: 'Receivers ask more of those who send to many',
		options: [
			{
				name: 'Bulk',
				value: 'bulk',
				description: 'Newsletters, campaigns and all else that goes to many',
			},
			{
				name: 'Transactional',
				value: 'transactional',
				description: 'Single mails that a person waits for, such as invoices and passwords',
			},
		],
	},
	{
		displayName: 'Output',
		name: 'output',
		type: 'options',
		noDataExpression: true,
		default: 'report',
		options: [
			{
				name: 'One Item With All Findings',
				value: 'report',
				description: 'The verdict for each receiver, the findings, and the records to publish',
			},
			{
				name: 'One Item for Each Finding',
				value: 'findings',
				description: 'For an If or Filter node: by status, area or ID',
			},
			{
				name: 'One Item for Each Problem',
				value: 'problems',
				description: 'Only what must or should change; no item when all is well',
			},
			{
				name: 'What Changed Since the Last Run',
				value: 'changes',
				description:
					'New problems, mended ones, and other verdicts; no item when all is as it was. Made for a schedule and an alert.',
			},
		],
	},
	{
		displayName: 'HTML Page',
		name: 'htmlPage',
		type: 'boolean',
		default: false,
		displayOptions: { show: { output: ['report'] } },
		description:
			'Whether to make a page of it too: in the field "html", to mail it or to answer a webhook with, and as a file in the binary field "page"',
	},
	{
		displayName: 'Picture',
		name: 'picture',
		type: 'boolean',
		default: false,
		displayOptions: { show: { output: ['report'] } },
		description: 'Whether to draw the verdict as an SVG picture too, in the binary field "picture"',
	},
];

/** Forms of the output that nothing has to be remembered for. */
export const WITHOUT_STORE = ['report', 'findings', 'problems'];

/** What one item looked at becomes, in the form that was chosen. */
export async function giveOut(
	context: IExecuteFunctions,
	itemIndex: number,
	looked: Looked,
): Promise<INodeExecutionData[]> {
	const { subject, findings, details = {} } = looked;
	const profile = context.getNodeParameter('profile', itemIndex) as MailProfile;
	const output = context.getNodeParameter('output', itemIndex);
	if (output === 'changes') return await giveOutChanges(context, looked, profile);
	if (output !== 'report')
		return findings
			.filter(({ status }) => output === 'findings' || status === 'fail' || status === 'warning')
			.map((finding) => ({
				json: { checked: subject, ...describeFinding(finding, profile) },
			}));
	const verdict = judge(findings, profile);
	const report = {
		subject,
		verdict,
		findings,
		at: Date.now(),
		zone: context.getTimezone(),
	};
	const count = (status: Finding['status']) =>
		findings.filter((finding) => finding.status === status).length;
	const json: IDataObject = {
		checked: subject,
		profile,
		verdict: verdict.overall,
		receivers: { ...verdict.receivers },
		counts: {
			fail: count('fail'),
			warning: count('warning'),
			unknown: count('unknown'),
			info: count('info'),
			pass: count('pass'),
		},
		fixes: fixesOf(findings),
		findings: findings.map((finding) => describeFinding(finding, profile)),
		...details,
	};
	const binary: IBinaryKeyData = {};
	if (context.getNodeParameter('htmlPage', itemIndex, false) === true) {
		const html = deliverabilityPage(report);
		json.html = html;
		binary.page = await context.helpers.prepareBinaryData(
			Buffer.from(html),
			'deliverability.html',
			'text/html',
		);
	}
	if (context.getNodeParameter('picture', itemIndex, false) === true)
		binary.picture = await context.helpers.prepareBinaryData(
			Buffer.from(verdictChart(report).svg),
			'deliverability.svg',
			'image/svg+xml',
		);
	return [{ json, ...(Object.keys(binary).length > 0 && { binary }) }];
}

/** What to do, each change once, with the finding that asks for it first. */
function fixesOf(findings: readonly Finding[]): IDataObject[] {
	const fixes = new Map<string, IDataObject>();
	for (const { id, status, fixes: own } of findings) {
		if (status !== 'fail' && status !== 'warning') continue;
		for (const fix of own) {
			const change = fix.kind === 'dns' ? { ...fix, note: undefined } : fix;
			const key = JSON.stringify(change);
			if (!fixes.has(key)) fixes.set(key, { finding: id, ...fix });
		}
	}
	return [...fixes.values()];
}
