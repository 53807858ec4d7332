/*
 * The public face of mail/: what a program would import, and the only door for the nodes. The build
 * makes one file of it, so that what lives on (pools, stores) exists once per process.
 */
export { neededParts } from './bounce/needed-parts';
export type { NeededPart } from './bounce/needed-parts';
export { parseBounce, readReportParts } from './bounce/read';
export { findSesNotification } from './bounce/ses-notification';
export { takeInReport } from './campaign/feedback';
export type {
	FeedbackOptions,
	ReportedEvent,
	ReportedEventName,
	SoftBounceRule,
} from './campaign/feedback';
export { takeInMail } from './campaign/incoming';
export type { ReadMail } from './campaign/incoming';
export { readDefinition, writeDefinition } from './campaign/definition';
export type { CampaignDefinition } from './campaign/definition';
export { keepProgress, readProgress } from './campaign/progress-page';
export type { RunningProgress, RunProgress } from './campaign/progress-page';
export { rehearse } from './campaign/rehearse';
export type { RehearsedProblem } from './campaign/rehearse';
export { runCampaign } from './campaign/run';
export type { CampaignProgress, CampaignRecipient, CampaignRunOptions } from './campaign/run';
export { countSetbacks, setbackOf } from './campaign/setbacks';
export { sendTrial, trialOf } from './campaign/trial';
export type { TrialMail } from './campaign/trial';
export { openDns } from './deliverability/dns';
export type { Dns, DnsOptions } from './deliverability/dns';
export { BLOCKLISTS, ownBlocklist } from './deliverability/blocklists';
export { compareFindings } from './deliverability/changes';
export type { Change as FindingChange } from './deliverability/changes';
export { checkDomain } from './deliverability/domain';
export type { DomainQuestion } from './deliverability/domain';
export type { Finding, FindingStatus, Fix, MailProfile } from './deliverability/finding';
export { checkMessage } from './deliverability/message';
export type { CheckedMessage, MessageQuestion } from './deliverability/message';
export { policyOverHttps } from './deliverability/mta-sts-fetch';
export { deliverabilityPage, verdictChart } from './deliverability/report';
export type { CheckReport } from './deliverability/report';
export { checkReputation } from './deliverability/reputation';
export { scanMessage } from './deliverability/scan-message';
export { rspamdAt } from './deliverability/scan-rspamd';
export { spamAssassinAt } from './deliverability/scan-spamassassin';
export type { Scan, Scanner } from './deliverability/scan';
export { checkSendingAddresses, describeServer } from './deliverability/server';
export { evaluateSpf } from './deliverability/spf-evaluate';
export type { SpfEvaluation, SpfQuestion, SpfVerdict } from './deliverability/spf-evaluate';
export { judge } from './deliverability/verdict';
export type { Fitness, Verdict as DeliverabilityVerdict } from './deliverability/verdict';
export type { ImapAccount } from './mailbox/account';
export type { MailboxMessage } from './mailbox/message';
export { newestMessages } from './mailbox/newest';
export { IMAP_OAUTH2_SERVICES } from './mailbox/oauth2-services';
export { IMAP_PRESETS } from './mailbox/presets';
export type { MailboxProblem } from './mailbox/problem';
export { SentFolder } from './mailbox/sent-folder';
export type { SentCopy } from './mailbox/sent-folder';
export { watchMailbox } from './mailbox/session';
export type { MailboxWatch } from './mailbox/session';
export type { MailBatch, Verdict, WatchChange, WatchOptions } from './mailbox/session-options';
export { loadFile } from './message/attachment';
export type { LoadedFile } from './message/attachment';
export { explainTimeout, verifyImapAccount } from './mailbox/verify';
export { compileMessage } from './message/compile';
export type { CampaignTemplate, CompiledMessage } from './message/compile';
export { readAnsweredMessage } from './message/answered-message';
export type { AnsweredMessage } from './message/answered-message';
export { composeMessage } from './message/compose';
export type { ComposedMessage } from './message/compose';
export { makeDkimSigner, signMessage } from './message/dkim';
export type { DkimSigner } from './message/dkim';
export { checkDkimRecord } from './message/dkim-record';
export type { Attachment, DeliveryChoices, Draft, FileSource } from './message/draft';
export { fillIn } from './message/fill-in';
export { checkCustomHeaders } from './message/header-policy';
export type { CustomHeader } from './message/header-policy';
export { inlineCss } from './message/inline-css';
export { readLanguage } from './message/language';
export { makeInvitation, readInvitation } from './message/invitation';
export type { EventFields, Invitation } from './message/invitation';
export { headerLines } from './message/message-headers';
export type { HeaderChoices, Priority } from './message/message-headers';
export { readMessageId } from './message/message-id';
export type { PersonalLinks } from './message/personal-links';
export { unsubscribeHeaders } from './message/unsubscribe';
export type { Unsubscribe } from './message/unsubscribe';
export { domainOf, parseMailbox, parseMailboxList, recipientKey } from './model/address';
export type { AddressRules, Mailbox } from './model/address';
export type { FetchedPart, PartOutline } from './model/message-parts';
export type { RecipientOutcome } from './model/outcome';
export type { SuppressionReason } from './model/event';
export type { MailReport } from './model/report';
export type { AccessTokens, TokenAnswer } from './model/access-tokens';
export { describePlan } from './pacing/describe';
export { Pacer } from './pacing/pacer';
export { DAY, HOUR, mergePlans, MINUTE, NO_PLAN, SECOND } from './pacing/plan';
export type { PacePlan, ProviderRule, QuietHours } from './pacing/plan';
export { PACE_PRESETS, WARM_UP } from './pacing/presets';
export { Providers } from './pacing/provider';
export { PROVIDERS } from './pacing/providers';
export { checkTimeZone } from './pacing/quiet-hours';
export { Turns } from './pacing/turns';
export type { Turn } from './pacing/turns';
export { readDecision, readForm } from './question/answer';
export type { FieldProblem, Sent } from './question/answer';
export { readFields } from './question/fields';
export type { AnswerField } from './question/fields';
export { questionLinks, questionParts } from './question/mail';
export { renderNotice, renderQuestion } from './question/page';
export type { Decision, Question } from './question/question';
export type { Chart } from './report/chart';
export {
	compareChart,
	deliveryChart,
	linksChart,
	setbacksChart,
	timelineChart,
} from './report/charts';
export { linkFigures, summarize, timeline } from './report/figures';
export type { CampaignCounts, Summary } from './report/figures';
export { campaignPage, comparePage } from './report/page';
export { readCounts } from './report/read';
export { markProbe, writeProbe } from './round-trip/probe';
export type { Probe } from './round-trip/probe';
export { makeRoundTrip, MailboxUnavailable } from './round-trip/round-trip';
export type { RoundTrip, RoundTripQuestion, SentProbe } from './round-trip/round-trip';
export { accountKey, accountName } from './smtp/account';
export type { ConnectionSecurity, SmtpAccount, SmtpAuth, TlsTrust } from './smtp/account';
export { SMTP_OAUTH2_SERVICES } from './smtp/oauth2-services';
export { createSmtpPool } from './smtp/pool';
export { SMTP_PRESETS } from './smtp/presets';
export { describeRefusal } from './smtp/refusal';
export type { SendResult, SmtpPool, SmtpProblem } from './smtp/send-result';
export { verifySmtpAccount } from './smtp/verify';
export { cancelMove, moveStore } from './store/move/move';
export type { MovableStore } from './store/move/movable';
export { openStore } from './store/open';
export { openMovablePostgres } from './store/postgres/movable';
export { keyOfPlace, nameOfPlace } from './store/postgres/place';
export type { PostgresPlace } from './store/postgres/place';
export { verifyPostgres } from './store/postgres/verify';
export type {
	CampaignRecord,
	Forgotten,
	LedgerEntry,
	MailStore,
	NewSuppression,
	OwingCampaign,
	ReceiptRun,
	Suppression,
} from './store/store';
export { openMovableFile } from './store/sqlite/movable';
export type { RecipientFilter } from './store/report-store';
export { StoreError } from './store/store-error';
export { importSuppressions } from './store/suppression-import';
export { failedReply, TrackingDesk } from './tracking/desk';
export type {
	DeskOptions,
	TrackedEvent,
	TrackingAnswer,
	TrackingReply,
	TrackingRequest,
} from './tracking/desk';
export { namesUnsubscribe, withUnsubscribeLine } from './tracking/footer';
export { makeLinks } from './tracking/links';
export type { TrackingWishes } from './tracking/links';
export type { PageLook } from './tracking/pages/page';
export { PAGE_HEADERS } from './tracking/pages/shell';
export { languageFor, LANGUAGES } from './tracking/pages/words';
export { fillUnsubscribe, linkSingleMail, UNSUBSCRIBE_PLACE } from './tracking/single';
export { reachOf } from './tracking/site';
export { claimedKind } from './tracking/token';
export type { TokenKind } from './tracking/token';
export { digestOf } from './transactional/digest';
export type { OnceOptions } from './transactional/once';
export { composeTransactional, sendTransactional } from './transactional/send';
export type { Receipt, TransactionalOptions } from './transactional/send';
