import type { Blame } from '../../../mail/model/blame';
import type { Moment } from '../../support/fault-smtp-server';

/** What becomes of the pace after one such reply. */
export type NextPace =
	| 'as before'
	| 'provider slower'
	| 'provider stopped'
	| 'provider stopped at the third in a row'
	| 'account slower'
	| 'run ends';

/** A reply that providers give, and what a campaign makes of it. */
export interface ProviderReply {
	/** Who says so. */
	by: string;
	/** The recipient's domain; one of nobody known where it does not matter. */
	domain?: string;
	at: Moment;
	/** As on the wire, its lines parted by \n. */
	reply: string;
	/** `deferred (5 min)`: tried again after so long. At `run ends` everybody is, and nobody is blamed. */
	outcome: 'failed' | `deferred (${number} min)`;
	blame?: Blame;
	pace: NextPace;
	suppressed?: true;
}

/**
 * Sources: the postmaster pages of Google (support.google.com/a/answer/3726730), Microsoft (NDR codes of
 * Exchange Online, postmaster.live.com), Yahoo (senders.yahooinc.com/smtp-error-codes), Apple and Amazon
 * SES, and what Postfix, Exim, Dovecot, Exchange and milters say as they are delivered. docs/replies.md
 * shows this table.
 */
export const PROVIDER_REPLIES: Readonly<Record<string, readonly ProviderReply[]>> = {
	'No such mailbox': [
		{
			by: 'Gmail',
			domain: 'gmail.com',
			at: 'rcptTo',
			reply:
				"550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 unnecessary spaces. https://support.google.com/mail/?p=NoSuchUser",
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Gmail, disabled',
			domain: 'gmail.com',
			at: 'rcptTo',
			reply:
				'550 5.2.1 The email account that you tried to reach is disabled. https://support.google.com/mail/?p=DisabledUser',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Outlook.com',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply: '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Microsoft 365',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply:
				'550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Microsoft 365, at its edge',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply:
				'550 5.4.1 Recipient address rejected: Access denied. For more information see https://aka.ms/EXOSmtpErrors',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Yahoo',
			domain: 'yahoo.com',
			at: 'dot',
			reply: "554 delivery error: dd This user doesn't have a yahoo.com account [0]",
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Yahoo, disabled',
			domain: 'yahoo.com',
			at: 'dot',
			reply: '554 30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30).',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'iCloud',
			domain: 'icloud.com',
			at: 'rcptTo',
			reply: '550 5.1.1 <x@icloud.com>: user does not exist',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Postfix',
			at: 'rcptTo',
			reply:
				'550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in local recipient table',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Exim, cPanel',
			at: 'rcptTo',
			reply: '550 No Such User Here',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'GMX, WEB.DE',
			domain: 'gmx.de',
			at: 'rcptTo',
			reply: '550 Requested action not taken: mailbox unavailable',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'A relay, of a domain without mail',
			at: 'rcptTo',
			reply:
				'556 5.1.10 <x@example.org>: Recipient address rejected: Domain does not accept mail (nullMX)',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
			suppressed: true,
		},
		{
			by: 'Microsoft 365, a group for insiders',
			domain: 'outlook.com',
			at: 'dot',
			reply: '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
	],
	'Mailbox full': [
		{
			by: 'Gmail',
			domain: 'gmail.com',
			at: 'rcptTo',
			reply:
				"452-4.2.2 The recipient's inbox is out of storage space. Please direct the\n452 4.2.2 recipient to https://support.google.com/mail/?p=OverQuotaTemp",
			outcome: 'deferred (5 min)',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Gmail, for long',
			domain: 'gmail.com',
			at: 'rcptTo',
			reply:
				"552 5.2.2 The recipient's inbox is out of storage space and inactive. https://support.google.com/mail/?p=OverQuotaPerm",
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Microsoft 365',
			domain: 'outlook.com',
			at: 'dot',
			reply: '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Dovecot',
			at: 'dot',
			reply: '452 4.2.2 <x@example.org> Quota exceeded (mailbox for user is full)',
			outcome: 'deferred (5 min)',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Many, in the words of RFC 5321',
			at: 'rcptTo',
			reply: '552 Requested mail action aborted: exceeded storage allocation',
			outcome: 'failed',
			blame: 'recipient',
			pace: 'as before',
		},
		{
			by: 'Gmail, a busy mailbox',
			domain: 'gmail.com',
			at: 'rcptTo',
			reply:
				'450-4.2.1 The user you are trying to contact is receiving email at a rate that\n450 4.2.1 prevents additional messages from being delivered. p=ReceivingRate',
			outcome: 'deferred (5 min)',
			blame: 'recipient',
			pace: 'as before',
		},
	],
	Greylisting: [
		{
			by: 'Postgrey',
			at: 'rcptTo',
			reply:
				'450 4.2.0 <x@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.org.html',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'as before',
		},
		{
			by: 'Postgrey, with a time',
			at: 'rcptTo',
			reply: '450 4.2.0 <x@example.org>: Greylisted for 120 seconds',
			outcome: 'deferred (2 min)',
			blame: 'capacity',
			pace: 'as before',
		},
		{
			by: 'milter-greylist',
			at: 'rcptTo',
			reply: '451 4.7.1 Greylisting in action, please come back in 00:10:00',
			outcome: 'deferred (10 min)',
			blame: 'capacity',
			pace: 'as before',
		},
		{
			by: 'Rspamd',
			at: 'dot',
			reply: '451 4.7.1 Try again later',
			outcome: 'deferred (5 min)',
			blame: 'capacity',
			pace: 'as before',
		},
		{
			by: 'Exim',
			at: 'rcptTo',
			reply: '451 Temporary local problem - please try later',
			outcome: 'deferred (5 min)',
			blame: 'capacity',
			pace: 'as before',
		},
	],
	'Too fast for a provider': [
		{
			by: 'Gmail',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421 4.7.28 from your IP address, so mail sent from it has been temporarily rate limited.',
			outcome: 'deferred (1 min)',
			blame: 'reputation',
			pace: 'provider slower',
		},
		{
			by: 'Gmail, unauthenticated',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'421 4.7.26 This mail has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.',
			outcome: 'deferred (1 min)',
			blame: 'senderPolicy',
			pace: 'provider slower',
		},
		{
			by: 'Gmail, overloaded',
			domain: 'gmail.com',
			at: 'dot',
			reply: '421 4.3.0 Temporary System Problem. Try again later (10).',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Outlook.com',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply:
				'451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)',
			outcome: 'deferred (1 min)',
			blame: 'reputation',
			pace: 'provider slower',
		},
		{
			by: 'Outlook.com, older',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply:
				"421 RP-001 Unfortunately, some messages from 192.0.2.1 weren't sent. Please try again.",
			outcome: 'deferred (1 min)',
			blame: 'reputation',
			pace: 'provider slower',
		},
		{
			by: 'Microsoft 365',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply: '451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'iCloud',
			domain: 'icloud.com',
			at: 'rcptTo',
			reply: '450 4.7.1 Messages to this user deferred due to excessive volume. Try again later',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Comcast',
			at: 'rcptTo',
			reply: '421 4.1.0 192.0.2.1 Throttled - try again later. RL000001',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Orange',
			at: 'rcptTo',
			reply: '421 Too many connections, slow down. OFR004_104 [104]',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Several',
			at: 'rcptTo',
			reply: '421 Too many concurrent SMTP connections; please retry in 15 minutes',
			outcome: 'deferred (15 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
	],
	'Policy and reputation': [
		{
			by: 'Gmail, unauthenticated',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped',
		},
		{
			by: 'Gmail, no reverse DNS',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'550 5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match the sending IP.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped',
		},
		{
			by: 'Gmail, blocked',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'550-5.7.1 Our system has detected an unusual rate of unsolicited mail originating\n550 5.7.1 from your IP address. To protect our users from spam, mail sent from your IP address has been blocked.',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Gmail, suspicious',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'550-5.7.1 Our system has detected that this message is likely unsolicited mail.\n550 5.7.1 To reduce the amount of spam sent to Gmail, this message has been blocked.',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped at the third in a row',
		},
		{
			by: 'Outlook.com, bulk senders',
			domain: 'outlook.com',
			at: 'dot',
			reply:
				'550 5.7.515 Access denied, sending domain example.com does not meet the required authentication level.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped',
		},
		{
			by: 'Microsoft 365, DMARC',
			domain: 'outlook.com',
			at: 'dot',
			reply:
				'550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC policy of reject.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped',
		},
		{
			by: 'Outlook.com, block list',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply:
				"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3140).",
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Microsoft 365, banned IP',
			domain: 'outlook.com',
			at: 'rcptTo',
			reply: '550 5.7.606 Access denied, banned sending IP [192.0.2.1].',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Yahoo, complaints',
			domain: 'yahoo.com',
			at: 'rcptTo',
			reply:
				'421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1',
			outcome: 'deferred (120 min)',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Yahoo, in for good',
			domain: 'yahoo.com',
			at: 'rcptTo',
			reply:
				'421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.',
			outcome: 'deferred (120 min)',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Yahoo, Spamhaus',
			domain: 'yahoo.com',
			at: 'rcptTo',
			reply:
				"553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list",
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Yahoo, policy',
			domain: 'yahoo.com',
			at: 'dot',
			reply: '554 5.7.9 Message not accepted for policy reasons.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped at the third in a row',
		},
		{
			by: 'iCloud',
			domain: 'icloud.com',
			at: 'dot',
			reply: '550 5.7.1 [CS01] Message rejected due to local policy.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped at the third in a row',
		},
		{
			by: 'GMX, WEB.DE',
			domain: 'gmx.de',
			at: 'dot',
			reply: '554-Transaction failed\n554 Reject due to policy restrictions.',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped at the third in a row',
		},
		{
			by: 'Postfix, Spamhaus',
			at: 'rcptTo',
			reply:
				'554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Proofpoint',
			at: 'rcptTo',
			reply: '550 5.7.0 Local Policy Violation - see https://ipcheck.proofpoint.com/?ip=192.0.2.1',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Mimecast',
			at: 'rcptTo',
			reply: '550 csi.mimecast.org Poor Reputation Sender',
			outcome: 'failed',
			blame: 'reputation',
			pace: 'provider stopped',
		},
		{
			by: 'Postfix, reverse DNS',
			at: 'rcptTo',
			reply: '450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]',
			outcome: 'deferred (1 min)',
			blame: 'senderPolicy',
			pace: 'provider slower',
		},
		{
			by: 'Postfix, a relay that does not know us',
			at: 'rcptTo',
			reply: '554 5.7.1 <x@example.org>: Relay access denied',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped at the third in a row',
		},
		{
			by: 'Amazon SES, sandbox',
			at: 'dot',
			reply:
				'554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1',
			outcome: 'failed',
			blame: 'senderPolicy',
			pace: 'provider stopped at the third in a row',
		},
	],
	Content: [
		{
			by: 'Gmail, a dangerous file',
			domain: 'gmail.com',
			at: 'dot',
			reply:
				'552 5.7.0 This message was blocked because its content presents a potential security issue.',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
		{
			by: 'Exchange',
			at: 'dot',
			reply: '550 5.7.1 Message rejected as spam by Content Filtering.',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
		{
			by: 'Rspamd',
			at: 'dot',
			reply: '554 5.7.1 Spam message rejected',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
		{
			by: 'Yahoo, a link',
			domain: 'yahoo.com',
			at: 'dot',
			reply: '554 Message not allowed - [PH01] Email not accepted for policy reasons.',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
		{
			by: 'ClamAV',
			at: 'dot',
			reply: '550 5.7.1 virus Eicar-Test-Signature detected by ClamAV',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
		{
			by: 'Postfix, size',
			at: 'mailFrom',
			reply: '552 5.3.4 Message size exceeds fixed limit',
			outcome: 'failed',
			blame: 'content',
			pace: 'as before',
		},
	],
	'The server is in trouble': [
		{
			by: 'Any, going down',
			at: 'dot',
			reply: '421 4.3.2 Service shutting down and closing transmission channel',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Postfix, too slow',
			at: 'dot',
			reply: '421 4.4.2 mx.example.org Error: timeout exceeded',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'provider slower',
		},
		{
			by: 'Postfix, disk full',
			at: 'rcptTo',
			reply: '452 4.3.1 Insufficient system storage',
			outcome: 'deferred (5 min)',
			blame: 'capacity',
			pace: 'as before',
		},
		{
			by: 'Exchange, back pressure',
			at: 'rcptTo',
			reply: '452 4.3.1 Insufficient system resources',
			outcome: 'deferred (5 min)',
			blame: 'capacity',
			pace: 'as before',
		},
	],
	"The account's own limits": [
		{
			by: 'Gmail',
			at: 'dot',
			reply:
				'550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'Microsoft 365',
			at: 'dot',
			reply:
				"550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'Exchange Online',
			at: 'dot',
			reply: '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'Amazon SES',
			at: 'dot',
			reply: '454 Throttling failure: Daily message quota exceeded.',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'Amazon SES, a second',
			at: 'dot',
			reply: '454 Throttling failure: Maximum sending rate exceeded.',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'account slower',
		},
		{
			by: 'Microsoft 365, three connections',
			at: 'mailFrom',
			reply: '432 4.3.2 Concurrent connections limit exceeded.',
			outcome: 'deferred (1 min)',
			blame: 'capacity',
			pace: 'account slower',
		},
		{
			by: 'SendGrid',
			at: 'mailFrom',
			reply: '451 Authentication failed: Maximum credits exceeded',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'cPanel',
			at: 'dot',
			reply:
				'550 Domain example.com has exceeded the max emails per hour (200/200 (100%)) allowed.',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'IONOS',
			at: 'rcptTo',
			reply: '450 4.7.1 Mail send limit exceeded.',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
		{
			by: 'Zoho',
			at: 'dot',
			reply: '550 5.4.6 Unusual sending activity detected. Please try after sometime.',
			outcome: 'deferred (60 min)',
			pace: 'run ends',
		},
	],
	'The account may not send': [
		{
			by: 'Gmail, sign-in',
			at: 'auth',
			reply:
				'535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Microsoft 365, sign-in',
			at: 'auth',
			reply:
				'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Gmail, too many sign-ins',
			at: 'auth',
			reply: '454 4.7.0 Too many login attempts, please try again later.',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'T-Online, at the door',
			at: 'greeting',
			reply: '554 IP=192.0.2.1 - A problem occurred. Ask your postmaster for help.',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Exchange, another sender',
			at: 'dot',
			reply: '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'SendGrid, another sender',
			at: 'dot',
			reply: '550 The from address does not match a verified Sender Identity.',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Microsoft 365, locked for spam',
			at: 'dot',
			reply: '550 5.1.8 Access denied, bad outbound sender AS(42003)',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Microsoft 365, the tenant',
			at: 'dot',
			reply: '550 5.7.705 Access denied, tenant has exceeded threshold',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
		{
			by: 'Any, the sender',
			at: 'mailFrom',
			reply: '553 5.7.1 Sender address rejected: not owned by user shop',
			outcome: 'deferred (5 min)',
			pace: 'run ends',
		},
	],
};
