import type { IWebhookFunctions } from 'n8n-workflow';

import { makeReference } from '../../../mail/message/identity';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { makeToken } from '../../../mail/tracking/token';
import { answerRequest } from '../../../nodes/EmailTrackingTrigger/answer-request';

const CAMPAIGN = 'spring';
const PHONE =
	'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
const OPTIONS = {
	desk: { look: {}, keepVisitor: false },
	choice: { events: ['clicked' as const], machines: false },
	isWanted: false,
};

let store: MailStore;

beforeEach(async () => {
	store = await openStore({
		path: ':memory:',
		masterKey: 'key',
		clock: () => Date.now() - 3_600_000,
	});
	await store.tracking.numberLinks(CAMPAIGN, ['https://shop.example/']);
});
afterEach(() => store.close());

/** Clicks of this many people, one each; resolved once n8n would let the request go. */
async function clicks(people: number) {
	const key = await store.signingKeys.current();
	const mails = Array.from({ length: people }, (_, index) => {
		const address = `reader${index}@example.test`;
		const reference = makeReference({ campaignId: CAMPAIGN, key: address }, key);
		return { reference, campaignId: CAMPAIGN, recipient: { key: address, address } };
	});
	await store.tracking.addMails(mails);
	return mails.map(({ reference }) =>
		answerRequest(
			{
				getRequestObject: () => ({ method: 'GET', headers: { 'user-agent': PHONE }, ip: '' }),
				getQueryData: () => ({ t: makeToken({ kind: 'click', reference, link: 1 }, key) }),
				getBodyData: () => ({}),
				getResponseObject: () => ({ writeHead: () => undefined, end: () => undefined }),
			} as unknown as IWebhookFunctions,
			() => Promise.resolve(store),
			OPTIONS,
		),
	);
}

describe('a request whose event may start the workflow', () => {
	it('is kept for some seconds, and then starts it', async () => {
		const [click] = await clicks(1);
		let isOver = false;
		void click?.then(() => (isOver = true));
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(isOver).toBe(false);
		expect((await click)?.workflowData).toMatchObject([
			[{ json: { event: 'clicked', recipient: 'reader0@example.test', machine: false } }],
		]);
	}, 30_000);

	it('waits beside 64 others at the most, however many come: n8n keeps a sandbox for each', async () => {
		let waiting = 0;
		const all = await clicks(200);
		for (const click of all) {
			waiting += 1;
			void click.then(() => (waiting -= 1));
		}
		// Long before the first of them would have been judged.
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		expect(waiting).toBeLessThanOrEqual(64);
		const started = (await Promise.all(all)).filter(({ workflowData }) => workflowData);
		expect(started).toHaveLength(200);
	}, 30_000);
});
