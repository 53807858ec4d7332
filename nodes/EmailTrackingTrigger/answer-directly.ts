import type { IncomingMessage } from 'node:http';

import type { IWebhookFunctions } from 'n8n-workflow';

import { claimedKind } from '../../mail/index';
import type { DeskOptions, TokenKind, TrackingDesk } from '../../mail/index';
import { mayBeChosen } from './chosen-event';
import type { EventChoice } from './chosen-event';
import { FrontDoor } from './front-door';
import { readRequest, respond } from './http-exchange';
import { reportUnrecorded } from './report-unrecorded';

/** Hits that wait to be recorded, by a slow database say. With more, requests come as n8n lets them come. */
const MOST_UNRECORDED = 40_000;
let unrecorded = 0;

export interface DirectSettings {
	/** What the user chose in the node. */
	isWanted: boolean;
	choice: EventChoice;
	desk: DeskOptions;
}

/**
 * After a request that n8n led to the node: lets the next opens and clicks of the same path be answered
 * before n8n looks at them, those that start no workflow. Anything else goes n8n's way as ever.
 */
export function answerNextDirectly(
	context: IWebhookFunctions,
	desk: TrackingDesk,
	settings: DirectSettings,
): void {
	const request = context.getRequestObject() as IncomingMessage & { originalUrl?: string };
	const door = FrontDoor.before(request);
	const [path = ''] = (request.originalUrl ?? request.url ?? '').split('?');
	// A test is listened to for one request, by n8n and for the editor.
	if (!door || context.getMode() === 'manual') return;
	const kinds = directKinds(settings);
	if (kinds.size === 0) {
		door.close(path);
		return;
	}
	// Nothing of the context is kept: n8n's sandbox hangs on it.
	const { logger } = context;
	const { name } = context.getNode();
	door.open(path, async (token, asked, response) => {
		const kind = claimedKind(token);
		if (!kind || !kinds.has(kind) || unrecorded >= MOST_UNRECORDED) return false;
		const visit = readRequest(asked, { token, body: undefined, ip: '' });
		const { reply, event } = await desk.answer(visit, settings.desk);
		// A page for somebody whose link is none of ours.
		if (!event) return false;
		respond(response, reply);
		unrecorded += 1;
		event.told
			.catch((error: unknown) => {
				reportUnrecorded(logger, name, error);
			})
			.finally(() => (unrecorded -= 1));
		return true;
	});
}

/** An address is told by n8n only, which knows how many proxies to trust. */
function directKinds({ isWanted, choice, desk }: DirectSettings): ReadonlySet<TokenKind> {
	const kinds = new Set<TokenKind>();
	if (!isWanted || desk.keepVisitor) return kinds;
	if (!mayBeChosen('opened', choice)) kinds.add('open');
	if (!mayBeChosen('clicked', choice)) kinds.add('click');
	return kinds;
}
