import type { DeliveryNotification } from '../model/delivery-notification';

/**
 * What MAIL FROM says about reports (RFC 3461 sections 4.3 and 4.4): how much of the mail they bring
 * back, and the ID by which they are known again. Begins with a space.
 */
export function reportParameters({ return: back, envelopeId }: DeliveryNotification): string {
	const id = envelopeId ? ` ENVID=${xtext(envelopeId)}` : '';
	return ` RET=${back === 'full' ? 'FULL' : 'HDRS'}${id}`;
}

/**
 * What RCPT TO says (sections 4.1 and 4.2): when to report, and whom the sender meant, which a report
 * names even after a forwarding. An address outside ASCII would need a form of its own (RFC 6533).
 */
export function notifyParameters({ notify }: DeliveryNotification, address: string): string {
	const when = notify.length > 0 ? notify.join(',').toUpperCase() : 'NEVER';
	const meant = /^[\x21-\x7e]+$/.test(address) ? ` ORCPT=rfc822;${xtext(address)}` : '';
	return ` NOTIFY=${when}${meant}`;
}

/** RFC 3461 section 4: printable ASCII but `+` and `=`, all else as `+` and its two hex digits. */
function xtext(text: string): string {
	return [...Buffer.from(text)]
		.map((octet) =>
			octet < 0x21 || octet > 0x7e || octet === 0x2b || octet === 0x3d
				? `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
				: String.fromCharCode(octet),
		)
		.join('');
}
