import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
	IBinaryKeyData,
	IDataObject,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import {
	languageFor,
	PAGE_HEADERS,
	readDecision,
	readForm,
	renderNotice,
	renderQuestion,
} from '../../mail/index';
import type { FieldProblem, Question, Sent } from '../../mail/index';
import { isOpenRound } from './question-round';
import { readQuestion } from './properties/question';

/** We have answered the request ourselves; without data, n8n goes on waiting. */
const WAIT_ON: IWebhookResponseData = { noWebhookResponse: true };

/**
 * Answers whoever follows the link of a question. Looking at the page changes nothing: mail scanners and
 * previews follow links too. Only what its form sends ends the waiting.
 *
 * n8n has checked the signature of the address before.
 */
export async function answerQuestion(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const request = context.getRequestObject() as IncomingMessage;
	const { method, headers } = request;
	const language = languageFor(headers['accept-language'] ?? '');
	const query: Record<string, unknown> = context.getQueryData() as IDataObject;
	try {
		if (!isOpenRound(context, query.round))
			return show(context, 409, renderNotice('outdated', language));
		const question = readQuestion((name, fallback) => context.getNodeParameter(name, fallback));
		const page = { language, preferred: query.approved !== 'false' };
		if (method !== 'POST') return show(context, 200, renderQuestion(question, page));
		const { sent, files } = readBody(context, request);
		const answer = readAnswer(question, sent);
		if (!('values' in answer))
			return show(context, 422, renderQuestion(question, { ...page, sent, ...answer }));
		const item = await toItem(context, question, answer.values, files);
		return {
			...show(context, 200, renderNotice('done', language)),
			workflowData: [[item]],
		};
	} catch (error) {
		context.logger.error(
			`${context.getNode().name}: an answer was not taken: ${(error as Error).message}`,
		);
		return show(context, 500, renderNotice('failed', language));
	}
}

type Answer =
	| { values: IDataObject }
	/** Without problems: none of the question's buttons was pressed. */
	| { problems?: ReadonlyMap<string, FieldProblem> };

function readAnswer(question: Question, sent: Sent): Answer {
	if (question.kind === 'approval') {
		const approved = readDecision(question, sent);
		return approved === undefined ? {} : { values: { approved } };
	}
	const answer = readForm(question, sent);
	return answer.ok ? { values: answer.values } : { problems: answer.problems };
}

interface UploadedFile {
	filepath: string;
	originalFilename?: string | null;
	newFilename?: string;
	mimetype?: string | null;
	size: number;
}

/** n8n has parsed the body: fields of a form as they are, or `data` and `files` where it has files. */
function readBody(
	context: IWebhookFunctions,
	{ headers }: IncomingMessage,
): { sent: Sent; files: Map<string, UploadedFile[]> } {
	const body = context.getBodyData() as Record<string, unknown>;
	const isMultipart = /^multipart\/form-data/i.test(headers['content-type'] ?? '');
	const files = new Map<string, UploadedFile[]>();
	for (const [name, given] of Object.entries(isMultipart ? (body.files ?? {}) : {})) {
		// A browser sends a file input that nobody used, too.
		const uploaded = ([given].flat() as UploadedFile[]).filter(({ size }) => size > 0);
		if (uploaded.length > 0) files.set(name, uploaded);
	}
	const texts: Record<string, string | string[]> = {};
	for (const [name, value] of Object.entries((isMultipart ? body.data : body) ?? {})) {
		if (typeof value === 'string') texts[name] = value;
		else if (Array.isArray(value)) texts[name] = value.filter((each) => typeof each === 'string');
	}
	return { sent: { texts, files: new Set(files.keys()) }, files };
}

/** As n8n's own nodes put an answer out, so that what follows them can follow this one. */
async function toItem(
	context: IWebhookFunctions,
	question: Question,
	values: IDataObject,
	files: ReadonlyMap<string, UploadedFile[]>,
): Promise<INodeExecutionData> {
	const data: IDataObject = { ...values };
	const binary: IBinaryKeyData = {};
	for (const [index, field] of (question.kind === 'form' ? question.fields : []).entries()) {
		if (field.type !== 'file') continue;
		const given = (files.get(`field-${index}`) ?? []).slice(0, field.multiple ? undefined : 1);
		const described: IDataObject[] = [];
		for (const [place, file] of given.entries()) {
			const { originalFilename, newFilename, mimetype, size } = file;
			const name = field.key.replace(/\W/g, '_') + (field.multiple ? `_${place}` : '');
			binary[name] = await context.nodeHelpers.copyBinaryFile(
				file.filepath,
				originalFilename ?? newFilename ?? name,
				mimetype ?? undefined,
			);
			await rm(file.filepath, { force: true });
			described.push({ filename: originalFilename, mimetype, size });
		}
		data[field.key] = field.multiple ? described : (described[0] ?? null);
	}
	return {
		json: { data: { ...data, respondedAt: new Date().toISOString() } },
		...(Object.keys(binary).length > 0 ? { binary } : {}),
	};
}

function show(context: IWebhookFunctions, status: number, body: string): IWebhookResponseData {
	const response = context.getResponseObject() as ServerResponse;
	response.writeHead(status, { ...PAGE_HEADERS, 'Content-Length': Buffer.byteLength(body) });
	response.end(body);
	return WAIT_ON;
}
