import type { IncomingMessage, ServerResponse } from 'node:http';

import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { failedReply, TrackingDesk } from '../../mail/index';
import type { MailStore, TrackingAnswer } from '../../mail/index';
import { answerNextDirectly } from './answer-directly';
import type { DirectSettings } from './answer-directly';
import { eventToJson, isChosen, mayBeChosen } from './chosen-event';
import { readRequest, respond } from './http-exchange';
import { reportUnrecorded } from './report-unrecorded';

/** One desk a store: a visit's requests are judged together, whichever workflow they came to. */
const desks = new WeakMap<MailStore, TrackingDesk>();

function deskOf(store: MailStore): TrackingDesk {
	let desk = desks.get(store);
	if (!desk) {
		desk = new TrackingDesk(store);
		desks.set(store, desk);
	}
	return desk;
}

/** Requests that wait for what becomes of their event. n8n keeps a sandbox of some 9 MB for each. */
let waiting = 0;
/** When more would wait, all are judged at once: less well, but no flood of clicks takes n8n's memory. */
const MOST_WAITING = 64;

/** We have answered the request ourselves; without data, n8n starts nothing. */
const ANSWERED: IWebhookResponseData = { noWebhookResponse: true };

/**
 * Answers a request at once, then waits the
 * seconds in which a machine gives itself away, and starts the workflow if the event is a chosen one.
 *
 * Never throws: whoever pressed a link gets a page, and n8n's log gets the cause.
 */
export async function answerRequest(
	context: IWebhookFunctions,
	openStore: () => Promise<MailStore>,
	settings: DirectSettings,
): Promise<IWebhookResponseData> {
	const { desk: options, choice } = settings;
	const response = context.getResponseObject() as ServerResponse;
	const request = requestOf(context);
	let desk: TrackingDesk;
	let answer: TrackingAnswer;
	try {
		desk = deskOf(await openStore());
		answer = await desk.answer(request, options);
	} catch (error) {
		report(context, error);
		respond(response, failedReply(request, options.look));
		return ANSWERED;
	}
	respond(response, answer.reply);
	answerNextDirectly(context, desk, settings);
	// n8n keeps a sandbox for each request until we return: nobody waits for what starts nothing.
	if (answer.event && !mayBeChosen(answer.event.name, choice)) {
		answer.event.told.catch((error: unknown) => {
			report(context, error);
		});
		return ANSWERED;
	}
	waiting += 1;
	if (waiting > MOST_WAITING) void desk.flush();
	try {
		const event = await answer.event?.told;
		if (!event || !isChosen(event, choice)) return ANSWERED;
		return { ...ANSWERED, workflowData: [[{ json: eventToJson(event) }]] };
	} catch (error) {
		report(context, error);
		return ANSWERED;
	} finally {
		waiting -= 1;
	}
}

function report(context: IWebhookFunctions, error: unknown): void {
	reportUnrecorded(context.logger, context.getNode().name, error);
}

function requestOf(context: IWebhookFunctions) {
	const request = context.getRequestObject() as IncomingMessage & { ip?: string };
	const { t: token } = context.getQueryData() as { t?: unknown };
	return readRequest(request, { token, body: context.getBodyData(), ip: request.ip ?? '' });
}
