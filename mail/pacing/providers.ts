/** A mailbox provider: how its own domains and its mail servers' names end. */
export interface MailProvider {
	id: string;
	domains: readonly string[];
	/** An MX host that is one of these or ends in a dot and one of these. */
	mx: readonly string[];
}

/*
 * What belongs together, since it counts and judges as one: large providers take mail for many domains
 * of their own, and for their customers' domains, by one set of servers (MX roll-up).
 */
export const PROVIDERS: readonly MailProvider[] = [
	{
		id: 'google',
		domains: ['gmail.com', 'googlemail.com', 'google.com'],
		mx: ['google.com', 'googlemail.com', 'smtp.goog'],
	},
	{
		id: 'microsoft',
		domains: [
			...['outlook', 'hotmail', 'live', 'msn'].map((name) => `${name}.com`),
			...['fr', 'de', 'it', 'es', 'nl', 'be', 'se', 'dk', 'co.uk', 'ca'].flatMap((country) => [
				`hotmail.${country}`,
				`live.${country}`,
			]),
			...['outlook.de', 'outlook.fr', 'outlook.es', 'outlook.it', 'passport.com'],
		],
		mx: ['outlook.com', 'protection.outlook.com', 'mx.microsoft', 'hotmail.com'],
	},
	{
		id: 'yahoo',
		domains: [
			...['com', 'fr', 'de', 'it', 'es', 'ca', 'co.uk', 'co.in', 'com.br', 'com.ar', 'com.mx'].map(
				(country) => `yahoo.${country}`,
			),
			...['ymail.com', 'rocketmail.com', 'myyahoo.com', 'aol.com', 'aim.com', 'verizon.net'],
			...['att.net', 'sbcglobal.net', 'bellsouth.net', 'sky.com'],
		],
		mx: ['yahoodns.net', 'am0.yahoodns.net', 'aol.com'],
	},
	{
		id: 'apple',
		domains: ['icloud.com', 'me.com', 'mac.com'],
		mx: ['icloud.com', 'mail.icloud.com', 'apple.com'],
	},
	{
		id: 'gmx',
		domains: ['gmx.de', 'gmx.net', 'gmx.at', 'gmx.ch', 'gmx.com', 'web.de', 'mail.com', '1und1.de'],
		mx: ['gmx.net', 'web.de', 'gmx.com', 'mail.com', 'kundenserver.de', 'ionos.com'],
	},
	{ id: 'comcast', domains: ['comcast.net', 'xfinity.com'], mx: ['comcast.net'] },
	{
		id: 'telekom',
		domains: ['t-online.de', 'magenta.de'],
		mx: ['t-online.de', 'tmd.telekom.de'],
	},
	{
		id: 'orange',
		domains: ['orange.fr', 'wanadoo.fr'],
		mx: ['orange.fr', 'wanadoo.fr', 'smtp-in.orange.fr'],
	},
	{ id: 'libero', domains: ['libero.it', 'virgilio.it', 'iol.it'], mx: ['libero.it'] },
	{ id: 'zoho', domains: ['zoho.com', 'zohomail.com', 'zoho.eu'], mx: ['zoho.com', 'zoho.eu'] },
	{ id: 'fastmail', domains: ['fastmail.com', 'fastmail.fm'], mx: ['messagingengine.com'] },
	{ id: 'proton', domains: ['proton.me', 'protonmail.com', 'pm.me'], mx: ['protonmail.ch'] },
	{
		id: 'yandex',
		domains: ['yandex.ru', 'yandex.com', 'ya.ru'],
		mx: ['yandex.ru', 'yandex.net'],
	},
	{
		id: 'mailru',
		domains: ['mail.ru', 'bk.ru', 'inbox.ru', 'list.ru'],
		mx: ['mail.ru', 'mxs.mail.ru'],
	},
	{ id: 'proofpoint', domains: [], mx: ['pphosted.com', 'ppe-hosted.com'] },
	{ id: 'mimecast', domains: [], mx: ['mimecast.com', 'mimecast.co.za'] },
	{ id: 'barracuda', domains: [], mx: ['barracudanetworks.com'] },
];
