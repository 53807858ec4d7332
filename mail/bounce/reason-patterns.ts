import type { BounceReason } from '../model/report';
import { CLOSED_MAILBOX, FULL_MAILBOX, UNKNOWN_USER } from './reason-languages';
import type { ReasonInLanguages } from './reason-languages';

/** What servers say, in the words that they use. The first row that fits a reply names its reason. */
export interface ReasonPattern {
	reason: BounceReason;
	words: RegExp;
	/** Not in ASCII: a reply in English needs no look at it. */
	isBeyondAscii?: true;
}

/** Choices of plain words, joined; gaps are bounded, so that a search is linear. */
function anyOf(...choices: string[]): RegExp {
	return new RegExp(choices.join('|'), 'iu');
}

function inOtherLanguages(
	reason: BounceReason,
	{ latin, otherScripts }: ReasonInLanguages,
): ReasonPattern[] {
	return [
		{ reason, words: latin },
		{ reason, words: otherScripts, isBeyondAscii: true },
	];
}

/**
 * From the specific to the general: "blocked for spam" speaks of the list before the spam, and a full
 * mailbox before the message that was too large for it.
 */
export const REASON_PATTERNS: readonly ReasonPattern[] = [
	// Sentences that hold the words of another reason, and mean this one.
	{
		reason: 'networkerror',
		words: anyOf(
			'host not found, try again',
			'\\bno route to\\b(?! domain)|reset by peer|best-preference mx|host ?name lookup failure',
			// Nobody listens there; "connection refused by" is said of whom a server will not talk to.
			'connect(?:ion)? to [^\\n]{0,120}: connection refused',
		),
	},
	{
		reason: 'systemerror',
		words: anyOf(
			'(?:recipient|user)[^.\\n]{0,60} not unique|several matches found',
			'unavailable to take delivery|internal system error',
		),
	},
	{
		reason: 'expired',
		words: anyOf('(?:message|envelope) expired|did not accept our requests to connect'),
	},
	{ reason: 'systemfull', words: anyOf('mail system (?:storage )?(?:is )?full') },
	{
		reason: 'mailererror',
		words: anyOf(
			"(?:procmail|maildrop): (?:could|can)(?:n'?t| ?not) create",
			'(?<!unknown )mailer error',
		),
	},
	{
		reason: 'userunknown',
		words: anyOf(
			// Microsoft 365's edge for an address that is not in the directory.
			'recipient address rejected: access denied',
			"(?:doesn'?t|don'?t|does not|do not) have an? (?:[\\w.-]{1,80} )?(?:account|mail ?box)\\b",
			'account or domain may not exist|\\bvalidrcptto\\b|(?<!sender address rejected: )\\bundeliverable(?: address)?$',
			// A server that was found by its domain has a router for it.
			'\\b55\\d[ -](?:5\\.\\d\\.\\d )?un-?route?able address',
		),
	},
	{
		reason: 'filtered',
		words: anyOf(
			'has blocked (?:you|your|the sender)|chosen not to (?:receive|accept)|personal (?:black|block) ?list',
			'(?:user|recipient|mailbox)(?: owner)? (?:blocks|rejects|refuses|has chosen to (?:reject|block|refuse)|only accepts|accepts only|(?:does not|doesn.t) accept (?:e-?mail|mail|messages) from)',
		),
	},
	{
		reason: 'policyviolation',
		words: anyOf(
			'for (?:local )?policy reasons(?![^\\n]{0,120}\\b(?:spam|dmarc|dkim|spf|virus|listed|reputation)\\b)',
			'host network,? not allowed',
		),
	},
	{
		reason: 'securityerror',
		words: anyOf(
			'unauthenticated senders?',
			'delivery not authori[sz]ed(?![^\\n]{0,60}reputation)|failed to authenticate',
		),
	},
	{
		reason: 'rejected',
		words: anyOf(
			'sending to/from an address|purported responsible address',
			"sender (?:address )?(?:is |was )?blocked|sender(?:'s)? domain (?:must|has to|is|was|does|doesn't|not|could)\\b(?! not (?:pass|meet)\\b)",
			'sender address rejected(?![^\\n]{0,120}\\b(?:spf|dmarc|dkim|gr[ae]y|unauthenticated|quota|rate))',
			"(?:\\bfrom|sender)(?:'s)?[^.\\n]{0,8} (?:e-?mail )?(?:domain|address|mx)[^.\\n]{0,30}(?:invalid|not exist|no mx)",
			'invalid (?:e-?mail )?sender|sender denied|[ée]metteur invalide|sender address unverif|sender not (?:in|on) the|mail from domain[^.\\n]{0,20}not',
			"(?:sender(?:'s)?|your) (?:e-?mail |mail )?address[^.\\n]{0,20}(?:black ?list|block ?list|blocked|banned)",
			'not a member\\b|posting (?:is |was )?(?:denied|refused|not (?:allowed|permitted))',
			'your (?:e-?mail )?(?:domain|address) (?:is |was |has been )?(?:not (?:allowed|permitted)|banned|blacklisted|rejected|refused)',
			'verification failed for <?a@b>?(?![^\\n]{0,80}(?:user|mailbox|recipient))',
		),
	},
	{
		reason: 'blocked',
		words: anyOf(
			'(?:your|sending|source|client) (?:ip(?: address)?|host|mail ?server|server|network)[^.\\n]{0,20} (?:blocked|blacklisted|banned)(?![^\\n]{0,120}reputation)',
			'(?:mail|messages?|connections?) from (?:your |this |a )?(?:\\w{1,20} )?(?:network|host|server)\\b[^.\\n]{0,30} (?:rejected|refused|denied|not accepted)',
			'(?:e-?mail|messages?) from \\[?ip\\]? (?:is |was |has been )(?:currently |temporarily )?(?:blocked|refused)',
		),
	},
	{ reason: 'suspend', words: anyOf('\\binactivity\\b|been inactive') },
	{
		reason: 'spamdetected',
		words: anyOf(
			'(?:^|^\\d\\d\\d )spam blocked|using spam (?:pattern|signature|filter|rule)',
			// The mail itself, not whoever sent it: lists of spammers are another reason.
			'(?:blocked|rejected|refused|denied) (?:by|as|for|due to|because (?:of|it))[^.\\n]{0,25}(?:\\b|-|anti)(?:spam(?!haus|cop)|bulk mail\\b|junk\\b)(?![^.\\n]{0,20}(?:list|source|ips?\\b|sender|ming\\b))',
			'(?:message|mail|e-?mail)\\b[^.\\n]{0,20}(?:blocked|rejected) by heuristics|content looks like spam|link listed|(?<!re)classified as (?:spam|bulk|junk)',
		),
	},
	{
		reason: 'syntaxerror',
		words: anyOf(
			'malformed address|incorrectly constructed|syntax error in (?:recipient|address)|\\b(?:rcpt|mail|helo) first\\b',
		),
	},
	{
		reason: 'hasmoved',
		words: anyOf(
			'not our (?:customer|user)',
			'(?:user|recipient|mailbox|account|address|member) (?:has |have )?(?:been )?moved',
			'(?:no longer|not) (?:works|employed|with (?:the|this) (?:company|organi[sz]ation))|has left (?:the|our|this) (?:company|organi[sz]ation|firm)',
			'(?:e-?mail )?address (?:has )?(?:been )?(?:changed|replaced) (?:to|by)|address has (?:been )?changed|\\bhas moved to\\b',
			'please (?:use|try) (?:the |his |her |my )?new (?:e-?mail )?address|(?<!our )new (?:e-?mail )?address is\\b',
			// RFC 5321 section 3.4.
			'user not local[;,] (?:please )?try',
			'ist umgezogen|neue (?:e-?mail-?)?adresse|nouvelle adresse',
		),
	},
	{
		reason: 'notaccept',
		words: anyOf(
			'null ?mx',
			"(?:domain|host)\\b.{0,80}(?:does not|doesn't|do not) accept (?:e-?mail|any mail|mail)",
			"\\.[a-z]{2,20} (?:does not|doesn't) accept (?:any )?(?:e-?)?mail\\b(?! from| with)",
			'(?:mx|srv) record indicated no smtp service',
			// GMX says so before it says why.
			'no smtp service(?! ?[-:]? ?(?:5\\d\\d[- ])?(?:ip|bad|black|block|invalid|dns))',
			'(?:this|the) (?:server|host|system|domain) does not (?:accept|receive|handle) (?:incoming )?(?:e-?)?mail',
			'smtp (?:protocol|service) (?:is )?(?:not available|disabled)|not accept (?:any )?(?:e-?)?mail (?:at|on|for) this (?:host|server|domain)',
		),
	},
	{
		reason: 'failedstarttls',
		words: anyOf(
			'must issue a starttls',
			'starttls (?:is )?required',
			"(?:does not|doesn't|not) support (?:start)?tls",
			'(?:starttls|tls) (?:handshake|negotiation)?.{0,20}(?:failed|failure|error|required)',
			'cannot start tls|\\btls (?:is |currently )?(?:not |un)available',
			'certificate (?:has )?expired|certificate (?:not verif|verif\\w{1,12} fail)',
			'encryption (?:is )?(?:required|needed)|must (?:have|use) tls|\\buse tls\\b|tls version|ssl_(?:connect|accept|read)|handshake fail',
			'certificate (?:is )?(?:not |un)(?:trusted|verified|valid)|does not offer (?:start)?tls|plain ?text (?:connections?|sessions?) (?:is |are )?not',
		),
	},
	{
		reason: 'authfailure',
		words: anyOf(
			'\\bdmarc\\b',
			'\\bdkim\\b.{0,60}(?:fail|invalid|reject|not pass|did not|missing|required|verif|unsigned)',
			'\\bspf\\b.{0,80}(?:fail|record|reject|not|den|check|error|settings|policy|softfail|unauthori[sz]ed)',
			'(?:fail|reject|\\bbad|violat|\\bden|not pass|not authori[sz]ed by)[^:\\n]{0,40}\\b(?:spf|dkim|arc)\\b|\\barc\\b.{0,20}fail',
			"(?:isn't|not|in) ?(?:properly )?align|(?:not|didn't|doesn't) pass[^.\\n]{0,30}authentication",
			'sender policy framework|sender ?id\\b[^.\\n]{0,20}(?:fail|not permitted)',
			'unauthenticated (?:e-?mail|mail|message)|sender is unauthenticated|requires all senders to authenticate',
			'authentication (?:checks?|information|level|requirements)',
			'required authentication level',
			'not (?:allowed|authorized|authorised|permitted|designated) to send (?:mail )?(?:from|for|on behalf)',
			'sender (?:is )?not (?:authorized|authenticated|authenticated)',
		),
	},
	{
		reason: 'requireptr',
		words: anyOf(
			'\\bptr\\b(?! ?,| ?\\))',
			'reverse[ -](?:dns|lookup|hostname|address|mapping|name)',
			'\\br-?dns\\b',
			'mismatch(?:es)? (?:the )?client ip',
			'(?:fix|no|missing|invalid|without) reverse',
			'cannot (?:find|resolve) your (?:reverse |client )?(?:host ?name|ip|address)',
			'client host(?:name)? rejected: cannot find',
			'unresolvable client host ?name|client host ?name unresolvable',
			"ip address (?:does not|doesn't) resolve|ip (?:name|reverse) lookup failed",
			'\\bfcrdns\\b',
		),
	},
	{
		reason: 'badreputation',
		words: anyOf(
			'\\breputation\\b',
			'\\[?tss?0\\d\\]?|\\[ts0\\d\\]',
			'unexpected volume or user complaints',
			'senderbase|senderscore|sender score',
			'poor sender|too many complaints|user complaints',
		),
	},
	{
		reason: 'virusdetected',
		words: anyOf(
			'virus(?!@)',
			'malware|malicious (?:code|content|software)|\\btrojan\\b|\\bworm\\b|infected',
			'suspicious attachment',
			'vírus|вирус|ウイルス|ウィルス|病毒',
		),
	},
	{
		reason: 'mailboxfull',
		words: anyOf(
			'(?:mail ?box|mail ?folder|inbox|maildir|mail ?drop|account|storage|box)[^.\\n]{0,30} (?:is |was |are |temporarily )?(?:too )?full\\b',
			'\\bfull (?:mail ?box|inbox)',
			'mail ?box (?:size )?(?:is )?(?:over|exceed|too large|too big)',
			'(?:mail ?box|mail ?folder|maildir|account)[^.\\n]{0,40}(?:exceed|over|reached|beyond)[^.\\n]{0,40}(?:size|limit|quota|storage|space)',
			'(?:over|exceed\\w{0,3}|above|out ?of|beyond|reached|overdrawn|hit|has no)(?:(?!relay|sending|outbound|outgoing|rate|daily|hourly)[^.\\n]){0,60}quota',
			'(?<!sending |relay |relay-|rate |rate-|daily |hourly |message |recipient )quota[^.\\n]{0,30}(?:exceed|violation|full|reached|overflow|over|would)',
			'over ?quota|overquota|quota_exceeded|exceeded_quota',
			'exceed\\w{0,3} (?:its|his|her|their|the)? ?(?:disk|storage|mail ?box|space) (?:space |size )?(?:limit|quota|allocation)',
			'(?:not enough|insufficient|no|out of) (?:disk |storage |mail ?box )?(?:space|storage|room)[^.\\n]{0,30}(?:user|mail ?box|recipient|account|receiver)',
			'(?:mail ?box|inbox|account|user|recipient)[^.\\n]{0,40}(?:out of|not enough|insufficient|no more|no free|no) (?:free |disk |storage )?(?:space|room|storage)',
			'(?:mail ?box|inbox) space not enough|too much mail data|message count in (?:the )?mail ?box',
			'disk quota|storage (?:limit|quota)|mail ?box (?:size )?limit|mailbox_full|mailboxfull|mailfull',
			"(?:too many|number of) messages (?:on|in) (?:the |this |recipient'?s? ?)?(?:server|mail ?box)",
			// Without a word for the mailbox.
			'zuviele mails|mailbox van de ontvangende gebruiker is vol|full postlåda|превыш\\p{L}{0,12} квот',
		),
	},
	...inOtherLanguages('mailboxfull', FULL_MAILBOX),
	{
		reason: 'emailtoolarge',
		words: anyOf(
			'(?:message|mail|e-?mail|size|file|attachment|content|body|header|data)\\b[^.\\n]{0,40}(?:is |was )?too (?:large|big)',
			'too (?:large|big) (?:message|mail|e-?mail|for)',
			'(?:size|message length)[^.\\n]{0,40}(?:exceed|larger than|limit)|(?:bigger|larger) than (?:the )?(?:allowed|permitted|max|limit|\\d)',
			'exceed\\w{0,3} (?:the )?(?:max\\w{0,12}|allowed|permitted|fixed)[^.\\n]{0,20} size|excessive (?:message|mail) size|mailsize limit',
			'exceed\\w{0,3}[^.\\n]{0,60}(?:message size|size limit|maximum (?:message |mail |incoming |inbound |allowed ){0,2}size|inbound message size)',
			'max(?:imum)? (?:inbound |incoming |allowed )?(?:message|mail|e-?mail) size',
			'line limit exceeded',
			'sendsizelimit|recipsizelimit|oversized',
			'nachricht (?:ist )?zu gro(?:ß|ss)|message trop (?:gros|volumineux)|demasiado grande|troppo grande|muito grande|te groot|zbyt duż|слишком (?:больш|велик)|サイズが.{0,6}(?:大き|超)|邮件(?:太大|过大)',
		),
	},
	{
		reason: 'systemfull',
		words: anyOf(
			'insufficient (?:system )?(?:resources|storage|disk)',
			'mail system full|disk (?:is )?full|no space left on device|out of (?:disk )?space|not enough (?:disk )?space',
		),
	},
	{
		reason: 'mailererror',
		words: anyOf(
			'command (?:died with|output:)(?![^\\n]{0,300}(?:unknown|no such|not exist|invalid))',
		),
	},
	{
		reason: 'ratelimited',
		words: anyOf(
			'(?:rate|frequency|connection)[ -]?(?:limit|is limited|limited|control|exceeded)',
			'exceeded the max (?:emails|defers and failures) per hour|frequency limited|throttl|slow down|too fast|too frequent',
			'too many (?:concurrent |simultaneous |smtp |open ){0,3}(?:connections|sessions|messages|recipients|mails|e-?mails|invalid recipients|errors|hits|requests)',
			'max(?:imum)? (?:number of )?(?:messages?|mails?|connections?|recipients?|sessions?) (?:per|reached|exceeded|limit)|excessive (?:volume|traffic|connections)|thread limit',
			'(?:more than|over) \\d{1,6} recipients|(?:messages?|e-?mails?|recipients)[^.\\n]{0,20} (?:per|this) (?:hour|day|minute)',
			'too much mail|receiving mail (?:at a rate|too quickly)|mail (?:flood|bomb)',
			'(?:daily|hourly|sending|relay|message|recipient|outbound|outgoing)[ -](?:user )?(?:sending |message |relay )?(?:quota|limit)[^.\\n]{0,20}(?:exceed|reached)?',
			'exceed\\w{0,3} (?:the |your )?(?:maximum |max )?(?:number of |allowed )?(?:connections|messages|recipients|rate|sending)',
			'unusual (?:rate|amount|volume) of (?!unsolicited)',
			'veuillez essayer plus tard.{0,80}(?:ofr_?999|ofr_?10[0-9])|zu viele (?:verbindungen|nachrichten)',
			'频率|頻率|過於頻繁',
		),
	},
	{
		reason: 'norelaying',
		words: anyOf(
			'relay(?:ing)?[^\\n]{0,60}(?:denied|not (?:permitted|allowed|authori[sz]ed|supported|possible)|prohibited|refused|forbidden|disallowed|disabled|restrict|reject)',
			'relay service is not|not a gateway|not in (?:my|our) list of (?:accepted|allowed|local)',
			"(?:unable|not (?:permitted|allowed|configured|able|authori[sz]ed)|won'?t|cannot|can'?t|don'?t|denied|refus\\w{1,12}|unauthori[sz]ed|insecure|do(?:es)? not)[^.\\n]{0,30}relay",
			'no relay|\\buse (?:me|us|this)\\b[^\\n]{0,120}as a relay|not an open relay|not (?:a )?local host\\b|relay not|mail relay|open relay not|not a relay',
			'allowed rcpthosts|list of allowed (?:recipient )?(?:domains|hosts)|not (?:a )?(?:local|hosted) (?:domain|here)|we do not (?:relay|serve)',
			'e?mail address is not verified|not configured to relay|you must (?:pop|authenticate|auth)',
			'must check your (?:new )?mail (?:first|before)',
		),
	},
	{
		reason: 'notcompliantrfc',
		words: anyOf(
			'(?:duplicate|multiple|missing|invalid|bare|malformed|too many|more than one)[^.\\n]{0,40}(?:header|from:|line feed|message-id|\\blf\\b)',
			'multiple addresses in from',
			'duplicated message-id',
			'(?:not|non|in|violat\\w{0,12}|fail\\w{0,12})[ -]?(?:rfc ?[- ]?(?:5322|2822|822|5321|2821|2047)|compliant|rfc.compliant|conform)',
			'rfc ?-?(?:5322|2822|822|5321|2821|2047)(?! ?;)',
			'(?:from|message-id|date|to) header (?:is )?(?:missing|not)|(?:lacks?|without|has no) (?:an? )?(?:valid )?(?:date|from|message-id|to)\\b|missing (?:date|from|message-id|to)\\b',
			'header syntax|(?:line|header) (?:is |are )?too long|lines too long|line length',
		),
	},
	{
		reason: 'contenterror',
		words: anyOf(
			'content presents a potential',
			'header error|illegal attachment|attachment[^\\n]{0,40}(?:not allowed|not accept|block|prohibit|reject|type|extension)',
			'(?:banned|forbidden|blocked|prohibited|dangerous) (?:file|attachment|content|extension)',
			'\\b(?:executable|macro|encrypted|archive|zip|password)\\b[^.\\n]{0,25}(?:attachment|file|document|content)|(?:attachment|file)[^.\\n]{0,25}(?:executable|encrypted|macros?)\\b|malformed mime',
			'8[ -]?bit[^.\\n]{0,30}(?:not|charact)|improper use of 8-bit|charset|mime[ -](?:error|type|format)',
			'smtputf8|non-ascii|utf-?8 address',
			'bad (?:html|mime|content)|contains (?:a )?(?:invalid|illegal|bad)',
		),
	},
	{
		reason: 'blocked',
		words: anyOf(
			'\\b(?:dns)?[brxps]bls?\\b|dnsrbl|dnsbl|dns_rbl|\\bdul\\b',
			'spamhaus|spamcop|sorbs|barracudacentral|abuseat|uceprotect|mailspike|surriel|njabl|\\bordb\\b|cbl\\.',
			'(?:ips?|hosts?|client|server|network|address|connection|domain)\\b[^.\\n]{0,60}(?:black ?list|block ?list|deny ?list|blocked|banned)',
			'\\bip block\\b|not allowed to connect|mail ?server is (?:rejected|refused|blocked)|refused by (?:black|block)',
			'(?:black|block|deny|access)[ -]?list(?:ed)?[^.\\n]{0,40}(?:ip|host|client|server|network|recipient)',
			'our block ?list|blocked (?:using|by(?! (?:the |our |an? )?(?:admin|polic|rule|content|recipient|user))|for|because|due|ip|from|-)|\\bblock list\\b',
			'client host[^.\\n]{0,80}(?:rejected|blocked|refused|denied)|client (?:address |ip )?(?:rejected|refused|blocked)',
			'connect(?:ion)?s? (?:was |is |has been )?(?:refused|dropped|rejected|denied|not accepted|reset)',
			"(?:mail|messages?) from \\[?ip\\]? (?:weren't|was|were|is|has been|not|refused|temporarily)",
			'access (?:denied|refused)[^.\\n]{0,30}(?:ip|from your|host)|no access from|(?:your|sending|this) (?:ip|host|server|mail server)[^.\\n]{0,40}(?:not allowed|denied|refused|rejected|forbidden|confirmation|blacklist)',
			'open (?:relay|proxy)|dynamic(?:ally)?(?:[ -]assigned)? (?:ip|address|host)|dialup|dial-up|residential',
			'invalid ip for sending|(?:bad|invalid|unknown|forged) helo|helo[^.\\n]{0,30}(?:reject|invalid|refus|denied|not|requires|mismatch)',
			'service refus|requires confirmation|may not be mail exchanger',
			"we (?:do not|don't) accept (?:mail|connections) from|connection dropped|connection was dropped",
			'gr[ae]y-?list|intrusion prevention',
			'(?:ip|host|server|address)\\b[^.\\n]{0,40} listed (?:in|on|at|by)\\b|\\bdsbl\\b',
			'not accepting connections|refused to talk to me[^\\n]{0,80}(?:service not available|closing (?:transmission|connection))',
		),
	},
	{
		reason: 'spamdetected',
		words: anyOf(
			'(?:^|[^-@.\\w])(?:anti-?)?spam(?:[-_ ]|s\\b|my\\b|\\b|bouncer|assassin|reject|filter|score|signature)(?![\\w.-]{0,64}@)',
			'spamdetected|spamrej|spamsig|isspam|mcspam',
			'unsolicited|\\bube\\b|\\buce\\b|bulk (?:e-?mail|mail|message)|junk ?mail|\\bjunk\\b',
			'blacklisted url|blacklisted link|uribl|surbl|phish',
			'content (?:filter|reject)|message content (?:rejected|not accept)|rejected (?:by|due to|because of)[^.\\n]{0,20}content|content[^.\\n]{0,20}(?:rejected|denied|not acceptable|violat)',
			'mail rejet[ée]?|likely suspicious|looks like spam|considered (?:as )?(?:spam|unsolicited)',
			'spamverdacht|als spam|pourriel|ind[ée]sirable|correo (?:basura|no deseado)|posta indesiderata|спам|スパム|迷惑メール|垃圾|스팸',
		),
	},
	{
		reason: 'rejected',
		words: anyOf(
			'sender (?:address |domain |e-?mail )?(?:is |was )?(?:rejected|denied|refused|blocked|blacklisted|not (?:allowed|accepted|permitted)|invalid|unknown|does not exist|verif\\w{1,12} fail\\w{1,12}|verify failed)',
			'domain of sender[^\\n]{0,160}(?:does not|not) (?:exist|resolve|found)',
			'(?:invalid|unverifiable|unknown|unroutable|bad|illegal|blocked|fake|forged)[^.\\n]{0,15} sender|could not verify (?:the )?sender|envelope sender|sender unknown|sender verify',
			'address that has been blacklisted|sending to/from|you are not (?:allowed|authorized|permitted)|not authori[sz]ed to (?:send|post|submit)',
			'(?:from|mail from|sender)[^.\\n]{0,60}(?:not allowed|prohibited|refused|rejected|blacklist|denied|badmailfrom)',
			'badmailfrom|all recipient addresses rejected|only accept\\w{0,12} (?:mail )?from|not accepting mail from|members? (?:may|can) post|non-?member',
			'(?:permission|allowed) to post|post messages to (?:this|the) group|group you tried to contact|google ?groups|groups\\.google\\.com',
			'absender(?:adresse)?[^.\\n]{0,30}(?:abgelehnt|ungültig|nicht)|exp[ée]diteur[^.\\n]{0,30}(?:refus|rejet)|remitente[^.\\n]{0,30}(?:rechaz)|отправител\\p{L}{0,12}[^.\\n]{0,30}(?:отклон|запрещ)',
		),
	},
	{
		reason: 'suspend',
		words: anyOf(
			'(?:account|mail ?box|user|recipient|address|e-?mail|inbox)(?:\\(s\\))?[^.\\n]{0,50}(?:is |has been |was |been |are |currently |temporarily |that you tried to reach is )?\\b(?:disabled|suspended|deactivated|inactive|discontinued|locked|frozen|expired|dormant|closed|terminated|blocked|not active|deleted)\\b(?! using| by| list)',
			'(?:disabled|suspended|deactivated|inactive|expired|locked|dormant|closed) (?:account|mail ?box|user|recipient|e-?mail|address)',
			'(?:account|mail ?box)[^.\\n]{0,40} (?:cancell?ed|on hold)\\b',
			'account (?:is )?not (?:active|in use|enabled)|not accepting messages|has not (?:logged|been used)',
		),
	},
	...inOtherLanguages('suspend', CLOSED_MAILBOX),
	{
		reason: 'hostunknown',
		words: anyOf(
			"(?:host|domain|server)(?: name)?(?: or domain name)? (?:is |was )?(?:unknown|not found|not known|does not exist|doesn't exist|could not be found|couldn't be found|not exist|lookup failed|invalid)",
			'(?:unknown|invalid|no such|bad|nonexistent|non-existent|illegal) (?:host|domain|destination system|mail server)',
			'un-?rout(?:e)?able address|no route to domain|nxdomain|domain \\S{1,100} is not registered|domain name in the address',
			'domain (?:is |isn\'t |does not |must |"[^"]{1,100}" )?(?:not (?:reachable|resolve|registered|valid)|exist)|dns domain[^\\n]{0,120} does not exist|recipient\'s domain does not exist',
			"name service error for[^\\n]{0,120}host not found|\\bhost [\\w.-]{1,200} not found|host not found|could ?n[o']t find any host|name or service not known|unresolvable|could not resolve|no (?:mx|a) records?|(?:no|not find an?y?) mail exchanger|no mail ?hosts? for domain|mail exchanger.{0,20}not found",
			'illegal host/domain name|bad destination (?:host|system)|domain name not found|(?:host|domain)[^.\\n]{0,30} (?:existiert nicht|nicht gefunden|inconnu|introuvable|desconocid|inexist|nie istnieje|не (?:найден|существует))',
			'ドメイン.{0,20}(?:存在しません|見つかりません)|域名.{0,10}(?:不存在|无法)',
		),
	},
	{
		reason: 'filtered',
		words: anyOf(
			'(?:because|they are|are) not accepting mail (?:with|from)|restricted (?:sms|e-?mail)|badrcptto(?! ?\\(user)|prevents? (?:you )?from|refuse\\w{0,12} to accept',
			"due to (?:the )?(?:extended |recipient'?s? )?(?:inbox rules?|filter|mail rules?)|user refuse|recipient (?:has )?refus|has (?:been )?blocked (?:you|the sender)|(?:rejected|refused|declined) by (?:the )?(?:recipient|user|addressee)(?! domain|\'s? (?:domain|server))|recipient (?:does not|doesn\'t) (?:accept|want)|not want to receive|doesn't accept mail from",
			'(?:docomo|ezweb|softbank).{0,40}(?:reject|refus)',
		),
	},
	{
		reason: 'userunknown',
		words: anyOf(
			"(?:user|recipient|mail ?box|account|addressee|alias|local ?part|rcpt|person|e-?mail address|address|customer|subscriber|destination|mail ?drop|name|userid|login|member|inbox)(?:\\(?s\\)?)?[^.;\\n]{0,70}(?<!server |service |host |system )\\b(?:unknown|not known|unavailable|not available|not found|not exist|doesn?'?t exist|does ?not exist|no longer (?:exists?|valid|available|in use|active|accepts?|used|monitored)|invalid|not valid|isn't valid|undeliverable|not listed|not recogni[sz]ed|no(?:t)? (?:a )?(?:valid|local|registered)|nonexist\\w{0,12}|not here|isn't here|not configured|could not be (?:found|located)|couldn't be found|cannot be found|wasn't found|does not match any|has been removed|is wrong|not our)\\b",
			'(?:user|recipient|mail ?box|account|addressee|alias|rcpt|address|customer|mail ?drop)(?:\\(?s\\)?)?[^.;:\\n]{0,50}(?<!server |service |host |system )\\b(?:rejected|refused)\\b',
			"(?:unknown|no such|invalid|unrecogni[sz]ed|nonexistent|non-existent|incorrect|bad|illegal|undefined|unavailable|wrong|unlisted|not a valid|no valid|unknown or illegal|(?:can't|can ?not|could not|unable to) (?:find|locate)|doesn't have (?:a|an)|don't have (?:a|an|any)|no)\\b[^.;\\n]{0,40}\\b(?:user|recipients?|mail ?box(?:es)?|account|addressee|alias|local ?part|address|customer|person|destination|delivery userid|userid|name|inbox|mail ?drop|one here|here by that name)\\b",
			"(?:is |that's |are )?not (?:a )?(?:valid|known|listed|registered|local|active|current)? ?(?:user|recipient|mail ?box|account|subscriber|customer)",
			'not listed in (?:public |domino|the)|not (?:in|found in|on) (?:(?:our|the|this) (?:directory|database|server|system|domino|list)|directory)|recip(?:ient)?notfound|nosuchuser|usernotfound|bad_recipient|unknownuser|no_such_user|invalidrecipient',
			"address(?:ee)? (?:is )?(?:rejected|unknown|error|not)|recipient verif\\w{0,12} fail|callout verif\\w{0,12} fail|recipient (?:address )?rejected|recipient not|user not|not (?:found|known) (?:at|in) this|mail-?box not|mailbox is (?:invalid|unavailable)|do[es]{0,2} ?n[o'´]?t exist|unknown[ :]{1,3}<?[^\\s@]{1,64}@|<?[^\\s@]{1,64}@[^\\s@]{1,100}>? unknown",
		),
	},
	...inOtherLanguages('userunknown', UNKNOWN_USER),
	{
		reason: 'policyviolation',
		words: anyOf(
			'polic(?:y|ies)',
			"(?:not|n't) allowed (?:by|here)|violat|moderat(?:or|ion)|administrative prohibition|local reasons|not acceptable here|denied by",
			'you have been blocked|message (?:was )?(?:refused|rejected|blocked) by|(?:refused|rejected|blocked) by (?:our |the |an? )?(?:rules?|admin\\w{0,12})\\b',
			'richtlinie|politique|pol[ií]tica|политик|ポリシー|策略|政策',
		),
	},
	{
		reason: 'mailererror',
		words: anyOf(
			'procmail|maildrop: |unknown mailer error|pipe to \\||command (?:failed|died|output|not found|returned)|local delivery failed|local agent|vdelivermail|child process|exit(?:ed)? (?:status|code|with)|x-unix',
			"died with (?:signal|status)|can'?t (?:create|open) (?:user )?output file|mailer (?:error|failure)",
		),
	},
	{
		reason: 'networkerror',
		words: anyOf(
			'malformed (?:or unexpected )?name ?server|servfail|dns (?:error|failure|lookup|type|server|problem|resolver)|name ?server[^.\\n]{0,30}(?:fail|error|timeout|busy)|name service error|name resolution',
			'(?:mail |routing |message )?loop(?:ing|s)?\\b(?! ?back to)|too many hops|hop count|maximum hop|mail forwarding loop|too many received',
			'(?:unable to find|cannot find|no) (?:an? )?route (?:to|for)|connection[^.\\n]{0,60}could not be established|(?:lost|closed) (?:input |the )?connection|(?:dns|cname|host|mx) (?:query|lookup)[^.\\n]{0,20}(?:error|fail|not complete)|lookup did not complete',
			"(?:wasn't|not|un)\\s?able to establish an smtp connection|could not connect|couldn't connect|unable to connect|cannot connect|can't connect|connection (?:refused|lost|reset|closed|broken|failed|aborted|failure)|lost connection|broken pipe|bad connection|socket error|socket closed|no answer from|network is unreachable|host (?:is )?(?:unreachable|down)|network (?:error|problem)|connection was (?:lost|closed|reset)|error encountered while communicating|(?<!retry )timeout exceeded|failed to connect|unroute?able mail domain|connection[^.\\n]{0,40} (?:lost|terminated|aborted)",
		),
	},
	{
		reason: 'expired',
		words: anyOf(
			'(?:message|delivery|mail|queue|retry)[^.\\n]{0,30}(?:expired|timed out|time(?:d)? ?-?out|has been in the queue too long|too old)',
			'connect(?:ion)?[^.\\n]{0,80}timed? ?out|timed? ?out|timeout|retry time(?:out)? (?:not reached|exceeded)|(?:could|can) ?not (?:be )?deliver(?:ed)? (?:it )?(?:for|after|within|in) (?:the (?:last|past) )?\\d|(?:after|failed) (?:multiple|several|many|repeated|\\d{1,4}) (?:delivery )?(?:re-?tr(?:ies|y)|attempts|tries)|(?:unable to|not) deliver(?:ed)?[^.\\n]{0,40}(?:after|for|in|within) \\d|in the queue too long|too long in|not (?:been )?collected|host not reachable|could not find a gateway',
			'(?:failing|failed|tried|retr(?:y|ied))[^.\\n]{0,30}(?:for a long time|too long|for \\d)|giving up after|gave up|did not respond|not respond|no response|delivery time|undelivered (?:after|for)|aborted after|all hosts[^.\\n]{0,40}fail|(?:after|for|than) \\d[\\d.]{0,9} ?(?:hour|day|minute|h\\b)|unable to connect successfully',
			'zeitüberschreitung|délai|tiempo (?:de espera|agotado)|tempo (?:scaduto|esgotado)|время ожидания|タイムアウト|超时|逾時',
		),
	},
	{
		reason: 'securityerror',
		words: anyOf(
			'unauthenticated senders|auth(?:entication)? ?(?:is )?(?:required|needed|fail\\w{0,12}|unsuccessful|credentials)|authrequired|5\\.7\\.(?:8|9|0|11)\\b|security (?:error|reason|polic|risk|problem)|access denied|permission denied|not authenticated|verification fail|verify failure|rejected by (?:the )?(?:administrator|firewall)|you are not allowed',
		),
	},
	{
		reason: 'syntaxerror',
		words: anyOf(
			'(?:improper|bad|out of) (?:command )?sequence|sequence of commands|syntax error|command (?:not |un)(?:recogni[sz]ed|implemented|known)|unrecogni[sz]ed command|unknown command|need (?:mail|rcpt)|bad command|nested mail',
		),
	},
	{
		reason: 'systemerror',
		words: anyOf(
			"loops? back to myself|(?:server|system|service)[^.\\n]{0,30}(?:busy|error|unavailable|overload|not available|problem|failure|configuration)|server busy|try (?:again )?later|temporar(?:y|ily) (?:system |server |local |lookup |domain |internal )?(?:problem|failure|error|unavailable|deferred|rejected)|internal (?:server )?error|transaction failed|shutting down|local (?:error|problem|configuration)|lookup failure|resources temporarily|encountered an error|processing error|configuration error|can(?:not|'t) (?:open|lock|write)|queue file|out of memory|i/o error|i/o|unexpected (?:error|failure)|unable to process|could not load|database error|closing (?:transmission|connection)",
		),
	},
	// A server that says whom it did not find by their name: "ada wurde unter example.org nicht gefunden".
	{
		reason: 'userunknown',
		words: anyOf(
			"(?:wasn't|was not|couldn't be|could not be) found at|nicht gefunden|est introuvable|n'a pas (?:pu )?(?:être |été )?trouv|no se (?:pudo encontrar|(?:ha )?encontr)|non (?:è|e') stat[oa] trovat|não foi (?:possível encontrar|encontrad)|niet gevonden|nie (?:znaleziono|można (?:odnaleźć|znaleźć))|не (?:найден|удалось найти|удается найти)|bulunamad|hittades inte|gick inte att hitta|(?:blev|ble) ikke funde?t|kunne ikke find|finner ikke|ei löyt|nebyl[ao]? nalezen|nem (?:található|találhat)|δεν βρέθηκε|nu a fost găsit|找不到|见つかりません|見つかりません|찾을 수 없",
		),
	},
	// A filter of the recipient's own (Sieve, RFC 5429), whose words may be anything.
	{ reason: 'filtered', words: anyOf('was automatically rejected') },
];
