'use strict';

const NAMES = [
	'Ada',
	'Alan',
	'Barbara',
	'Claude',
	'Donald',
	'Edsger',
	'Frances',
	'Grace',
	'Hedy',
	'Ivan',
	'Joan',
	'John',
	'Katherine',
	'Ken',
	'Linus',
	'Margaret',
	'Mary',
	'Niklaus',
	'Radia',
	'Robin',
];
const CITIES = ['Lisbon', 'Oslo', 'Kyoto', 'Nairobi', 'Lima', 'Zürich', 'Toronto', 'Pune'];

/** Forty people, two of whom have no mailbox. */
function people() {
	return Array.from({ length: 40 }, (_, index) => {
		const name = NAMES[index % NAMES.length];
		const email =
			index === 12
				? 'gone@example.test'
				: index === 27
					? 'nobody@example.test'
					: `${name.toLowerCase()}${index + 1}@example.test`;
		return { name, email, city: CITIES[index % CITIES.length] };
	});
}

const node = (name, type, position, parameters, more = {}) => ({
	id: `demo-${name.toLowerCase().replace(/\W+/g, '-')}`,
	name,
	type,
	typeVersion: 1,
	position,
	parameters,
	...more,
});
const main = (...outputs) => ({
	main: outputs.map((name) => [{ node: name, type: 'main', index: 0 }]),
});
const note = (name, position, content, height = 220, width = 380) =>
	node(name, 'n8n-nodes-base.stickyNote', position, { content, height, width });

/** Of each item these fields only: what a person wants to see of it. */
const keepFields = (name, position, fields) =>
	node(
		name,
		'n8n-nodes-base.set',
		position,
		{
			assignments: {
				assignments: fields.map((field) => ({
					id: field,
					name: field.replace(/.*\./, ''),
					type: field === 'suppressed' ? 'boolean' : 'string',
					value: `={{ $json.${field.replaceAll('.', '?.')} }}`,
				})),
			},
			options: {},
		},
		{ typeVersion: 3.4 },
	);

/**
 * The demo's workflows.
 *
 * @param {{ smtp: { id: string, name: string }, imap: { id: string, name: string } }} credentials
 */
function demoWorkflows({ smtp, imap }) {
	return [
		{
			name: 'Send the newsletter',
			nodes: [
				note(
					'What happens here',
					[-40, -260],
					'## Forty mails, each its own\nPress **Execute workflow**. Forty people get a mail with their name and city; two addresses do not exist, and the workflow **Handle bounces** will name them in a moment (see its Executions).\n\nPress it **again**: nobody is mailed twice, and the two are skipped as suppressed. A new Campaign ID starts a new mailing, without those who unsubscribed meanwhile.',
					220,
					620,
				),
				node('Press Execute', 'n8n-nodes-base.manualTrigger', [0, 60], {}),
				node(
					'Forty people',
					'n8n-nodes-base.set',
					[220, 60],
					{ mode: 'raw', jsonOutput: JSON.stringify({ people: people() }, null, 1), options: {} },
					{ typeVersion: 3.4 },
				),
				node('One item each', 'n8n-nodes-base.splitOut', [440, 60], {
					fieldToSplitOut: 'people',
					options: {},
				}),
				node(
					'SMTP Bulk Send',
					'n8n-nodes-smtp-suite.smtpBulkSend',
					[680, 20],
					{
						campaignId: 'demo-newsletter-1',
						fromEmail: 'Example News <news@example.test>',
						bounceAddress: 'bounces@example.test',
						emailField: 'email',
						nameField: 'name',
						subject: '{{name}}, news from {{city}}',
						emailFormat: 'html',
						html: '<h1>Hello {{name}},</h1>\n<p>there is news from <b>{{city}}</b>: <a href="https://example.com/?city={{urlEncode city}}">read it</a>.</p>\n<p>Yours, Example News</p>',
						tracking: { clicks: true, opens: true, unsubscribe: 'line' },
						options: {},
					},
					{ credentials: { smtpAccount: smtp } },
				),
				...['Sent', 'Deferred', 'Failed', 'Skipped'].map((name, index) =>
					node(name, 'n8n-nodes-base.noOp', [960, -160 + index * 150], {}),
				),
			],
			connections: {
				'Press Execute': main('Forty people'),
				'Forty people': main('One item each'),
				'One item each': main('SMTP Bulk Send'),
				'SMTP Bulk Send': main('Sent', 'Deferred', 'Failed', 'Skipped'),
			},
		},
		{
			name: 'Handle bounces',
			active: true,
			nodes: [
				note(
					'What happens here',
					[-40, -260],
					'## Bounces come home\nThis workflow is active: each bounce in the mailbox starts it. Open **Executions** to see who it was, which campaign, and why.\n\nThe addresses are on the suppression list by then.',
					200,
					520,
				),
				node(
					'Bounce Trigger',
					'n8n-nodes-smtp-suite.bounceTrigger',
					[0, 60],
					{
						events: ['hardBounce', 'softBounce', 'complained'],
						suppress: true,
						mailbox: 'INBOX',
						startWith: 'all',
						afterReading: 'markRead',
					},
					{ credentials: { imapAccount: imap } },
				),
				keepFields(
					'Who and why',
					[260, 60],
					['recipient', 'campaignId', 'event', 'reason', 'diagnostic', 'suppressed'],
				),
			],
			connections: { 'Bounce Trigger': main('Who and why') },
		},
		{
			name: 'Hear from readers',
			active: true,
			nodes: [
				note(
					'What happens here',
					[-40, -260],
					'## Readers press links\nOpen a delivered mail, follow its link, or unsubscribe: this workflow starts, and the next mailing leaves out who left. Opens are counted too, and start nothing.',
					200,
					520,
				),
				node(
					'Email Tracking Trigger',
					'n8n-nodes-smtp-suite.emailTrackingTrigger',
					[0, 60],
					{ events: ['clicked', 'unsubscribed', 'resubscribed'] },
					{ typeVersion: 1.1, webhookId: 'demo-tracking' },
				),
				keepFields('Who and what', [260, 60], ['recipient', 'campaignId', 'event', 'link.target']),
			],
			connections: { 'Email Tracking Trigger': main('Who and what') },
		},
		{
			name: 'See how it went',
			nodes: [
				note(
					'What happens here',
					[-40, -260],
					'## The campaign so far\nPress **Execute workflow** and open **Campaign Report**: what was delivered, bounced, opened and clicked, as figures, a page and charts (**Binary**, then **View**).',
					200,
					520,
				),
				node('Press Execute', 'n8n-nodes-base.manualTrigger', [0, 60], {}),
				node('Campaign Report', 'n8n-nodes-smtp-suite.campaignReport', [260, 60], {
					operation: 'summary',
					htmlPage: true,
					charts: true,
				}),
			],
			connections: { 'Press Execute': main('Campaign Report') },
		},
	];
}

module.exports = { demoWorkflows, people };
