'use strict';

/*
 * A mail server for the demo, in memory, on 127.0.0.1 only: SMTP to send through, an IMAP mailbox that
 * bounces come home to, and a page that shows what was delivered. Started as a process of its own; its
 * first line of output is JSON that names the ports.
 */
const { randomUUID } = require('node:crypto');
const hoodiecrow = require('hoodiecrow-imap');
const { SMTPServer } = require('smtp-server');

const { freePort } = require('../lib/free-port.cjs');
const { startInboxPage } = require('./inbox-page.cjs');
const { deliveryStatusReport } = require('./delivery-status-report.cjs');

const DOMAIN = 'example.test';
/** At the demo's only domain everybody exists, but these. */
const UNKNOWN = new Set(['gone', 'nobody', 'away'].map((name) => `${name}@${DOMAIN}`));
/** The server is busy for this one at the first try (greylisting, RFC 6647). */
const BUSY_AT_FIRST = `later@${DOMAIN}`;
const SIGN_IN = { user: 'demo', pass: 'demo' };
const BOUNCE_DELAY_MS = 1_000;

async function main() {
	/** @type {{ id: string, at: Date, from: string, to: string, raw: Buffer }[]} */
	const delivered = [];
	const imap = startImap();
	const deliver = (from, to, raw) => {
		delivered.unshift({ id: randomUUID(), at: new Date(), from, to, raw });
		delivered.length = Math.min(delivered.length, 500);
	};
	const smtp = startSmtp((from, to, raw) => {
		if (/^bounces(\+[^@]*)?@/i.test(to))
			imap.appendMessage('INBOX', [], undefined, raw.toString('latin1'));
		else if (!UNKNOWN.has(to.toLowerCase())) deliver(from, to, raw);
		else if (from !== '')
			setTimeout(() => {
				const report = deliveryStatusReport({ domain: DOMAIN, sender: from, recipient: to, raw });
				if (/^bounces(\+[^@]*)?@/i.test(from))
					imap.appendMessage('INBOX', [], undefined, report.toString('latin1'));
				else deliver('', from, report);
			}, BOUNCE_DELAY_MS);
	});
	const ports = {
		smtp: await freePort(2525),
		imap: await freePort(1143),
		page: await freePort(8025),
	};
	await Promise.all([
		new Promise((resolve) => smtp.listen(ports.smtp, '127.0.0.1', () => resolve(undefined))),
		new Promise((resolve) => imap.server.listen(ports.imap, '127.0.0.1', () => resolve(undefined))),
		startInboxPage(ports.page, delivered),
	]);
	console.log(JSON.stringify(ports));
}

function startSmtp(takeIn) {
	let knownNow = false;
	return new SMTPServer({
		name: `mail.${DOMAIN}`,
		banner: 'demo mail server',
		disabledCommands: ['STARTTLS'],
		allowInsecureAuth: true,
		authOptional: true,
		size: 50 * 1024 * 1024,
		onAuth({ username, password }, _session, done) {
			if (username === SIGN_IN.user && password === SIGN_IN.pass)
				return done(null, { user: username });
			return done(new Error('Wrong user or password; the demo takes demo and demo'));
		},
		onMailFrom(_address, session, done) {
			return done(
				session.user ? null : Object.assign(new Error('Sign in first'), { responseCode: 530 }),
			);
		},
		onRcptTo({ address }, _session, done) {
			if (address.toLowerCase() !== BUSY_AT_FIRST || knownNow) return done();
			knownNow = true;
			return done(
				Object.assign(new Error('4.7.1 Greylisted, please try again later'), { responseCode: 451 }),
			);
		},
		onData(stream, session, done) {
			const chunks = [];
			stream.on('data', (chunk) => chunks.push(chunk));
			stream.on('end', () => {
				const raw = Buffer.concat(chunks);
				const { mailFrom, rcptTo } = session.envelope;
				for (const { address } of rcptTo) takeIn(mailFrom ? mailFrom.address : '', address, raw);
				done(null, 'Ok: queued');
			});
		},
	}).on('error', () => undefined);
}

function startImap() {
	return hoodiecrow({
		plugins: ['ID', 'IDLE', 'UIDPLUS', 'MOVE', 'UNSELECT', 'ENABLE', 'NAMESPACE', 'LITERALPLUS'],
		id: { name: 'demo' },
		users: { bounces: { password: 'demo' } },
		storage: {
			INBOX: { uidvalidity: Math.floor(Date.now() / 1000), messages: [] },
			'': { separator: '/', folders: { Bounces: {} } },
		},
	});
}

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => undefined);
void main();
