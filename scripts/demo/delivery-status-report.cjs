'use strict';

const { randomUUID } = require('node:crypto');

/**
 * A delivery status report (RFC 3464) for an address that does not exist, with the returned header.
 *
 * @param {{ domain: string, sender: string, recipient: string, raw: Buffer }} mail
 */
function deliveryStatusReport({ domain, sender, recipient, raw }) {
	const text = raw.toString('latin1');
	const header = text.slice(0, text.indexOf('\r\n\r\n') + 2);
	const boundary = `=_${randomUUID()}`;
	const lines = [
		`Return-Path: <>`,
		`Delivered-To: ${sender}`,
		`From: Mail Delivery System <MAILER-DAEMON@mail.${domain}>`,
		`To: ${sender}`,
		'Subject: Undelivered Mail Returned to Sender',
		`Message-ID: <${randomUUID()}@mail.${domain}>`,
		`Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
		'Auto-Submitted: auto-replied',
		'MIME-Version: 1.0',
		`Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
		'',
		`--${boundary}`,
		'Content-Type: text/plain; charset=us-ascii',
		'',
		`Your mail to <${recipient}> could not be delivered: there is no such mailbox.`,
		'',
		`--${boundary}`,
		'Content-Type: message/delivery-status',
		'',
		`Reporting-MTA: dns; mail.${domain}`,
		'',
		`Final-Recipient: rfc822; ${recipient}`,
		'Action: failed',
		'Status: 5.1.1',
		`Remote-MTA: dns; mail.${domain}`,
		`Diagnostic-Code: smtp; 550 5.1.1 <${recipient}>: Recipient address rejected: User unknown`,
		'',
		`--${boundary}`,
		'Content-Type: text/rfc822-headers',
		'',
		header.replace(/(\r\n)+$/, ''),
		'',
		`--${boundary}--`,
		'',
	];
	return Buffer.from(lines.join('\r\n'), 'latin1');
}

module.exports = { deliveryStatusReport };
