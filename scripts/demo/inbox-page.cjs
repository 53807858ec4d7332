'use strict';

const http = require('node:http');

const escape = (text) =>
	String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const PAGE = (count, body) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="3">
<title>${count} delivered</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd}
a{color:#1f4fd8}</style>${body}</html>`;

/** A page of what the demo delivered; it shows sources as text, so a mail can do nothing in it. */
async function startInboxPage(port, delivered) {
	const server = http.createServer((request, response) => {
		const mail = delivered.find(({ id }) => request.url === `/mail/${id}`);
		if (mail) {
			response.setHeader('content-type', 'text/plain; charset=utf-8');
			response.setHeader('x-content-type-options', 'nosniff');
			response.end(mail.raw);
			return;
		}
		if (request.url === '/mails.json') {
			response.setHeader('content-type', 'application/json');
			response.end(
				JSON.stringify(
					delivered.map(({ raw, ...rest }) => ({ ...rest, raw: raw.toString('latin1') })),
				),
			);
			return;
		}
		const rows = delivered
			.map(
				({ id, at, to, raw }) =>
					`<tr><td>${at.toTimeString().slice(0, 8)}<td>${escape(to)}<td><a href="/mail/${id}">${escape(subjectOf(raw))}</a>`,
			)
			.join('');
		response.setHeader('content-type', 'text/html; charset=utf-8');
		response.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
		response.end(
			PAGE(
				delivered.length,
				`<h1>${delivered.length} delivered</h1><table><tr><th>Time<th>To<th>Subject</tr>${rows}</table>`,
			),
		);
	});
	await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
}

function subjectOf(raw) {
	const found = /^Subject: ([^\r]*)/im.exec(raw.toString('latin1', 0, 8_000));
	return found ? found[1] : '(no subject)';
}

module.exports = { startInboxPage };
