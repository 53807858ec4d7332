'use strict';

const http = require('node:http');

const { simpleParser } = require('mailparser');

const escape = (text) =>
	String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd}
th{white-space:nowrap;width:1%}a{color:#1f4fd8}iframe{width:100%;height:24rem;border:1px solid #ddd;margin-top:1rem}`;

const PAGE = (title, body, head = '') => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">${head}<title>${escape(title)}</title>
<style>${STYLE}</style>${body}</html>`;

/**
 * Pages of what the demo delivered: a list, each mail as a reader sees it, and its source. A mail is
 * shown in a frame without scripts; its links open in a new tab, its pictures are loaded.
 *
 * @param {number} port
 * @param {{ id: string, at: Date, from: string, to: string, raw: Buffer }[]} delivered newest first
 */
async function startInboxPage(port, delivered) {
	const server = http.createServer((request, response) => {
		answer(request.url ?? '/', delivered, response).catch((error) => {
			response.statusCode = 500;
			response.end(String(error));
		});
	});
	await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
}

async function answer(url, delivered, response) {
	const [, view, id] = /^\/(mail|body|source)\/([\w-]+)$/.exec(url) ?? [];
	const mail = delivered.find((each) => each.id === id);
	response.setHeader('x-content-type-options', 'nosniff');
	if (url === '/mails.json') {
		response.setHeader('content-type', 'application/json');
		response.end(
			JSON.stringify(
				delivered.map(({ raw, ...rest }) => ({ ...rest, raw: raw.toString('latin1') })),
			),
		);
	} else if (mail && view === 'source') {
		response.setHeader('content-type', 'text/plain; charset=utf-8');
		response.end(mail.raw);
	} else if (mail && view === 'body') {
		const { html, textAsHtml } = await simpleParser(mail.raw);
		sendHtml(
			response,
			`<base target="_blank"><style>body{font:15px/1.5 system-ui,sans-serif}</style>${html || textAsHtml || ''}`,
			'img-src http: https: data:; sandbox allow-popups allow-popups-to-escape-sandbox',
		);
	} else if (mail) {
		sendHtml(response, await mailPage(mail), "frame-src 'self'");
	} else {
		sendHtml(response, await listPage(delivered), "frame-src 'none'");
	}
}

function sendHtml(response, html, policy) {
	response.setHeader('content-type', 'text/html; charset=utf-8');
	response.setHeader(
		'content-security-policy',
		`default-src 'none'; style-src 'unsafe-inline'; ${policy}`,
	);
	response.end(html);
}

async function listPage(delivered) {
	const rows = await Promise.all(
		delivered.map(async ({ id, at, to, raw }) => {
			const { subject } = await simpleParser(headerOf(raw));
			return `<tr><td>${at.toTimeString().slice(0, 8)}<td>${escape(to)}<td><a href="/mail/${id}">${escape(subject ?? '(no subject)')}</a>`;
		}),
	);
	return PAGE(
		`${delivered.length} delivered`,
		`<h1>${delivered.length} delivered</h1><table><tr><th>Time<th>To<th>Subject</tr>${rows.join('')}</table>`,
		'<meta http-equiv="refresh" content="3">',
	);
}

function headerOf(raw) {
	const end = raw.indexOf('\r\n\r\n');
	return end < 0 ? raw : raw.subarray(0, end + 4);
}

async function mailPage({ id, raw }) {
	const { subject = '(no subject)', from, to, attachments } = await simpleParser(raw);
	const fields = [
		['From', from?.text],
		[
			'To',
			[to]
				.flat()
				.map((each) => each?.text)
				.join(', '),
		],
		['Attached', attachments.map(({ filename }) => filename ?? 'without a name').join(', ')],
	].filter(([, text]) => text);
	return PAGE(
		subject,
		`<p><a href="/">All mails</a> · <a href="/source/${id}">Source</a></p><h1>${escape(subject)}</h1>
<table>${fields.map(([name, text]) => `<tr><th>${name}<td>${escape(text)}`).join('')}</table>
<iframe src="/body/${id}" title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>`,
	);
}

module.exports = { startInboxPage };
