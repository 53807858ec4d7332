/**
 * Local parts that stand for a task and not for a person (RFC 2142, and what is usual): several people
 * read them, or nobody does, and mail to many of them is a sign of a bought list.
 */
const ROLES = new Set([
	...['abuse', 'admin', 'administrator', 'billing', 'bounce', 'bounces', 'compliance', 'contact'],
	...['daemon', 'devnull', 'dns', 'ftp', 'help', 'helpdesk', 'hostmaster', 'hr', 'info', 'inoc'],
	...['ispfeedback', 'jobs', 'list', 'list-request', 'mail', 'mailer-daemon', 'marketing', 'news'],
	...['no-reply', 'nobody', 'noc', 'noreply', 'null', 'office', 'phish', 'phishing', 'postmaster'],
	...[
		'privacy',
		'register',
		'registrar',
		'root',
		'sales',
		'security',
		'service',
		'spam',
		'support',
	],
	...['sysadmin', 'team', 'trouble', 'undisclosed-recipients', 'unsubscribe', 'usenet', 'uucp'],
	...['webmaster', 'www'],
]);

export function isRoleAddress(address: string): boolean {
	const localPart = address.slice(0, address.lastIndexOf('@')).toLowerCase();
	return ROLES.has(localPart.replace(/\+.*$/s, ''));
}

const GMAIL = new Set(['gmail.com', 'googlemail.com']);

/**
 * The same for every spelling of one Gmail address: dots, a `+tag` and the older domain make no
 * difference there. Other addresses stay as they are.
 *
 * @param key a recipient key
 */
export function gmailMailbox(key: string): string {
	const at = key.lastIndexOf('@');
	if (!GMAIL.has(key.slice(at + 1))) return key;
	const localPart = key.slice(0, at).replace(/\+.*$/s, '').replaceAll('.', '');
	return `${localPart}@gmail.com`;
}
