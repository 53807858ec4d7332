import type { ReasonPattern } from './reason-patterns';

/**
 * Codes that large receivers publish, and that stand in their replies beside words that say less. Each
 * row names where the receiver explains them.
 */
export const PROVIDER_CODES: readonly ReasonPattern[] = [
	// Outlook.com: sendersupport.olc.protection.outlook.com/pm/troubleshooting.
	{ reason: 'ratelimited', words: /\bRP-00[1-3]\b|\bS77[4-7]\b/i },
	{ reason: 'blocked', words: /\bS31(?:40|50)\b|\bDY-00[12]\b|\bOU-00[12]\b|\bSC-00[2-4]\b/i },
	{ reason: 'spamdetected', words: /\bSC-001\b/i },
	// Orange and La Poste: postmaster.orange.fr, postmastery.com on OFR and LPN codes.
	{ reason: 'ratelimited', words: /\b(?:OFR|LPN)\d{3}_104\b/i },
	{ reason: 'blocked', words: /\b(?:OFR|LPN)\d{3}_102\b/i },
	{ reason: 'rejected', words: /\b(?:OFR|LPN)\d{3}_405\b/i },
	{ reason: 'userunknown', words: /\b(?:OFR|LPN)(?:\d{3})?_416\b/i },
	{ reason: 'mailboxfull', words: /\b(?:OFR|LPN)\d{3}_417\b/i },
	{ reason: 'authfailure', words: /\b(?:OFR|LPN)\d{3}_517\b/i },
	// Comcast: postmaster.comcast.net, "Mail delivery error codes".
	{ reason: 'blocked', words: /\b(?:BL0\d{2}|BL00\d{4}|ES0000[01]\d)\b/ },
	{ reason: 'ratelimited', words: /\bRL(?:001|0000[01]\d)\b/ },
	// AOL, as it was: postmaster.aol.com, "Error messages".
	{ reason: 'blocked', words: /\b(?:RTR|RLY|DYN|CON):[A-Z][A-Z0-9]\b/ },
	{ reason: 'spamdetected', words: /\bHVU:[A-Z]\d\b/ },
	{ reason: 'requireptr', words: /\bDNS:(?:B\d|NR)\b/ },
	// Facebook: postmaster.facebook.com, "SMTP response codes".
	{ reason: 'userunknown', words: /\b(?:RCP-P1|INT-P[134])\b/ },
	{ reason: 'filtered', words: /\bRCP-P2\b/ },
	{ reason: 'emailtoolarge', words: /\b(?:MSG-P1|INT-P2)\b/ },
	{ reason: 'contenterror', words: /\bMSG-P2\b/ },
	{ reason: 'rejected', words: /\bDNS-(?:P[12]|T1)\b/ },
	{ reason: 'requireptr', words: /\bDNS-(?:P3|T2)\b/ },
	{ reason: 'systemerror', words: /\b(?:INT-T\d{1,2}|RCP-T1)\b/ },
	// T-Online: postmaster.t-online.de.
	{ reason: 'blocked', words: /\bIP=[^-\n]{1,50}- A problem occurred/i },
	// Exchange Online: learn.microsoft.com, "Non-delivery reports in Exchange Online".
	{
		reason: 'blocked',
		words: /\b5\.7\.(?:511|60[6-9]|6[1-4]\d|70[0-48]|750)\b|access denied, (?:banned|traffic)/i,
	},
	{
		reason: 'ratelimited',
		words: /\b[45]\.(?:2\.12[12]|7\.50[0-8](?!.{0,60}(?:spam|banned))|7\.705)\b/i,
	},
	// NetEase (163, 126, yeah): help.mail.163.com, "退信代码".
	{
		reason: 'ratelimited',
		words: /\b(?:HL:(?:ICC|IFC|ITC)|MI:(?:CEL|DMC|CCL|SFQ|STC)|RP:(?:DRC|CCL|CEL|QRC|TRC))\b/i,
	},
	{ reason: 'authfailure', words: /\bMI:(?:SPF|DMA|DKI)\b/i },
	{ reason: 'blocked', words: /\b(?:HL:(?:IPB|REP|IHU|MEP)|MI:SPB|DT:RBL|WM:BLI)\b/i },
	{ reason: 'spamdetected', words: /\bDT:SPM\b/i },
	{ reason: 'rejected', words: /\b(?:DT:SUM|MI:NRU)\b/i },
	// Charter Spectrum: spectrum.net, "Understanding email error codes".
	{ reason: 'ratelimited', words: /\bAUP#(?:[a-z]{1,5}-)?(?:12[68]0|13[0-9]0)\b/i },
	{ reason: 'blocked', words: /\bAUP#(?:[a-z]{1,5}-)?10[0-9]0\b/i },
	{ reason: 'spamdetected', words: /\bAUP#(?:[a-z]{1,5}-)?15[5-8]0\b/i },
	// Cox: cox.com, "Email error codes".
	{ reason: 'blocked', words: /\b(?:CXBL|IPBL\d{1,5})\b/ },
	{ reason: 'ratelimited', words: /\b(?:CXTHRT|CXCNCT|CXMXRT)\b/ },
	{ reason: 'rejected', words: /\bCXSNDR\b/ },
	{ reason: 'requireptr', words: /\bCXDNS\b/ },
	{ reason: 'spamdetected', words: /\b(?:CXMJ|URLBL\d{1,5})\b/ },
];
