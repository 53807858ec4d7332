import { withoutQuotes } from './forwarded-by-person';
import { first } from './headers';
import type { Headers } from './headers';

function anyOf(...choices: string[]): RegExp {
	return new RegExp(choices.join('|'), 'iu');
}

/** Who writes reports: the daemon's own names. */
const DAEMON = anyOf(
	'mailer-?daemon|post_?master|mail(?:er)? ?daemon|mdaemon|mail ?delivery|delivery ?(?:sub)?system|mail ?system|system administrator|mail ?administrator|posta-certificata@|microsoftexchange[0-9a-f]{20}',
	'webshield|interscan|imss|mailmarshal|mailsweeper|mail\\.delivery|lsmtp|daemon@|listserv|no-?reply@sns\\.',
	// What Exchange, and servers of one country, call themselves there.
	'systemadministrator|administrateur syst|administrador del? sistema|amministratore di sistema|systeembeheerder|administrator systemu|системный администратор|почтов(?:ая|ый) (?:служба|сервер)|система доставки|邮件系统|郵件系統|系统(?:管理员|退信)|系統管理員|システム管理者|メール配信|시스템 관리자',
);

/** Names of programs that write reports, which others may have too: the subject has to agree. */
const PERHAPS_DAEMON = anyOf(
	'smtp.{0,20}(?:service|server|nt)|mail service|mail.?gateway|mailadmin|bounce',
);

/** What a subject or a text says where a mail did not arrive. */
const FAILURE = anyOf(
	'undeliver|un-?deliverable|non[- ]?deliver|deliver\\w* (?:status|fail|has failed|problem|error|notif|report|delay|incomplete|warning|unsuccess)|(?:mail|message|delivery) (?:error|failed|failure|failing|delayed|status)|fail\\w* (?:to deliver|notice|delivery|permanently|message|mail)|failure notice',
	"(?:not|n't|never|nor) (?:yet )?(?:be |been |being )?(?:able to )?(?:deliver|be sent|sent|reach|accept)|unable to (?:deliver|send)|returned (?:mail|to sender|message)|returning (?:mail|message|your)|could(?:n't| not) (?:send|deliver)|problem\\w* delivering|permanent\\w* (?:fatal )?(?:error|failure|delivery)|was (?:rejected|blocked|refused|returned)|bounced?\\b|delivery attempt|loop alert|processing error|warning: (?:message|could)|no such user|not a valid user|error sending your|trouble delivering|delivery problems|delivery problem\\b|rejected recipient|delivery of the (?:e-?mail|message) was stopped|considered unsolicited|unknown (?:user|recipient|address)",
	'unzustellbar|nicht zugestellt|zustell\\w*|konnte nicht|zur[üu]ck(?:gesandt|gewiesen)?|nicht übermittelt',
	"non (?:remis|d[ée]livr|distribu)|pas pu (?:[êe]tre )?(?:[eê]tre )?(?:d[ée]livr|remis|livr|envoy|distribu)|[ée]chec (?:de|d')|n'a pas pu",
	'no (?:se )?(?:ha )?pud[oi] (?:ser )?(?:entreg|enviar)|no (?:ha )?(?:podido|pudo) (?:ser )?entreg|no entregad|devuelto|error (?:de|en) (?:la )?entrega|no se pudo',
	'n[ãa]o (?:p[oô]de|foi|pode) (?:ser )?(?:entreg|possível)|n[ãa]o entreg|falha (?:na|de) entrega|devolvid',
	'(?:mancat[ao]|impossibile|non).{0,20}(?:recapit|consegn)|messaggio non|errore di consegna',
	'niet (?:worden )?(?:bezorgd|afgeleverd|aangekomen)|onbestelbaar|kon niet|niedostarczon|nie (?:dostarczono|powiod[łl]o)|nie (?:mo[żz]e|mog[łl]a?|zosta[łl]a?|mo[żz]na|uda[łl]o)[^\\n]{0,30}dostarcz|zwrot wiadomo',
	'не (?:может быть |было |была |удалось )?доставл|не удалось доставить|невозможно доставить|недоставлен|ошибка доставки|возвращ',
	'配(?:信|送)(?:できません|不能|エラー|に失敗)|届けられません|送信(?:できません|エラー|に失敗)|エラーのため|返送|不達|配信不能|メールシステムエラー|未送達|存在しません',
	'退信|未送达|未能[^\\n]{0,30}(?:投递|发送|送达|传递)|無法傳遞|未傳遞|无法(?:投递|发送|送达)|無法(?:投遞|傳送|送達)|投递失败|传输失败|發送失敗|发送失败|반송|전송 실패|배달 실패|배달되지|전송되지',
	// Scandinavia and Finland, then east and south.
	'(?:kan|kunne) ikke (?:leveres|sendes|bli levert)|mislyk(?:kedes|tes)|ikke leveret|ikke levert|(?:kan|kunde) inte (?:levereras|skickas)|gick inte att leverera|ej levererat|ei (?:voi(?:da|tu)?|pystytty) toimitt|epäonnistui',
	'nebylo možné doručit|nedoruč|nelze doručit|nezdařil|nemohl[aoy]? být doručen|nemožno doručiť|nedá sa doručiť|ni bilo mogoče dostaviti|(?:nije|ne može se) (?:moguće )?(?:isporuč|dostav)|iletileme|teslim edileme|gönderilemedi|nem (?:kézbesíthető|sikerült kézbesíteni)|kézbesít|nu a (?:putut fi|fost) (?:livrat|trimis)|imposibil de livrat|nelivrabil|nepavyko pristatyti|nepristatyt|neizdevās piegādāt|nevar piegādāt|ei saanud kohale toimetada|kohaletoimetamine',
	'δεν (?:είναι δυνατή η παράδοση|παραδόθηκε|ήταν δυνατή)|η παράδοση απέτυχε|не (?:вдалося|вдається) доставити|не (?:доставлено|може бути доставлен)|не може да бъде доставен|недоставен|сбой доставки|не удается доставить|לא ניתן (?:למסור|לשלוח)|נכשל|تعذر (?:تسليم|التسليم|إرسال)|لم يتم (?:تسليم|التسليم)|تحویل (?:داده )?نشد|ارسال نشد|فشل|ไม่สามารถ(?:ส่ง|จัดส่ง)|không (?:thể )?gửi (?:được|thư)|tidak (?:dapat )?(?:terkirim|dikirim)|gagal (?:dikirim|terkirim)',
);

/** Sentences that only machines write: these make a report, whoever it claims to be from. */
const MACHINE = anyOf(
	'following addresses had (?:permanent|transient|delivery)|transcript of session follows|this is the qmail|following address(?:es|\\(es\\)) failed|i\'m sorry to have to inform you|could not be delivered to(?: the following[^:\\n]{0,40})?:|created automatically by mail|automatically generated delivery|----- ?failed recipients|non-?delivery report|did not reach the following recipient|duplicated message-id in|automatic bounce notification|following recipient(?:\\(?s\\)?|s)? (?:could not be|was rejected|failed)|delivery has failed to these|an error occurred while trying to deliver|this is (?:a|an automatic) (?:delivery failure|bounce)|permanent fatal delivery|delivery to the following recipient|rejected by a remote\\s+mail server|message log follows|is the mail delivery agent at|unable to deliver message to|your message could not be delivered to|"notificationtype" ?: ?"bounce"|invalid final delivery userid|rcpt to generated following response|\\*\\*\\* message from interscan|running the courier mail server|was automatically rejected: |^your message (?:to |could not be delivered)',
);

/** A mail that was not given up yet. */
const DELAYED = anyOf(
	'delivery (?:status notification \\(delay\\)|incomplete|(?:has been |is |was )?(?:delayed|postponed))|(?:has|have|was|is) been delayed|(?:has|have) (?:not yet|still not) been delivered|not yet (?:been )?delivered|warning message only|this is (?:just |only )?a warning|do not need to resend|will (?:be retried|retry|keep trying|continue (?:to|trying)|try again|attempt to (?:re)?deliver)|delivery will (?:continue|be)|still (?:being retried|trying|in the queue)|temporary (?:problem|failure|error) (?:delivering|while)|could not (?:be )?(?:send|sent|deliver\\w*) (?:message )?for (?:the (?:past|last) )?[\\d.]+ (?:hours?|minutes?)|has been postponed|message delayed|delayed \\d+|delayed mail|is delayed|delivery attempts will (?:be|continue)|advisory-only',
	'verzögert|noch nicht zugestellt|weitere zustellversuche|retard(?:ée?)? |différée|retrasad|en espera|atrasad|ritardat|vertraagd|opóźnion|отложен|задержан|遅延|延迟|延遲',
);
/** A subject that a server begins so tells of success: Exchange in its users' languages, Postfix. */
const DELIVERED_SUBJECT =
	/^(?:successful (?:mail )?delivery|(?:delivered|relayed|expanded|zugestellt|weitergeleitet|übermittelt|remis|relayé|transmis|entregad[oa]|retransmitido|entregue|recapitato|(?:avvenuta )?consegna|consegnato|inoltrato|bezorgd|afgeleverd|doorgestuurd|dostarczono|przekazano|levererat|vidarebefordrat|leveret|levert|videresendt|toimitettu|doručeno|kézbesítve|teslim edildi|παραδόθηκε|доставлено|ретранслировано|配信済み|中継済み|已送达|已传递|已送達|已傳遞|배달됨)\s?[:：])/iu;
/** The same in the words of the report. */
const DELIVERED = anyOf(
	'(?:was|were|has been|have been) (?:successfully )?delivered to|(?<!not )delivered successfully|(?<!not |un)successful(?:ly)? (?:mail |message )?deliver|delivery[^.\\n]{0,60} (?:is|was) (?:complete|successful)|expect no further notifications',
	// Elsewhere only with a word for success: "wurde zugestellt" is half of "wurde nicht zugestellt".
	'(?<!nicht |un)erfolgreich (?:zugestellt|übermittelt)|entregado (?:correctamente|con éxito)|entregue com sucesso|remis avec succès|(?:recapitato|consegnato) correttamente|pomyślnie dostarczon|успешно доставлен|已成功(?:投递|送达)|正常に配信されました',
);
/** What reports of success say of the failures that they do not report. */
const ASIDE =
	/[^.\n]{0,300}(?:may still receive|no delivery (?:status )?notification|otherwise)[^.]{0,200}/giu;
const NOT_DELIVERED = anyOf(
	"\\b(?:fail\\w*|undeliver\\w*|unable|reject\\w*|refus\\w*|bounced|errors?|could ?n[o']t|(?:not|never) (?:yet )?(?:be |been )?delivered)\\b|(?:^|[\\s:(])[45]\\d\\d[- ]|\\b[45]\\.\\d{1,3}\\.\\d",
);

const GIVEN_UP = anyOf(
	'giv(?:en|ing) up|(?:this is a |with )permanent|(?:failed|rejected|had) permanent|permanent(?:ly)? (?:fatal )?(?:error|failed|failure)|will be deleted from|have given|not going to try|no longer (?:be )?(?:try|tried|retried)|has been removed from the|(?<!non-)fatal errors',
);

/** What a mailing list or a newsletter carries: its words are its author's, whatever they quote. */
const OF_A_LIST = ['list-unsubscribe', 'list-id', 'feedback-id'];

/** What any server leaves on a mail; a text without them tells nothing of its sender. */
const OF_A_MAIL = ['from', 'return-path', 'received', 'date', 'message-id', 'subject', 'to'];

export function isFromDaemon(headers: Headers): boolean {
	if (!OF_A_MAIL.some((name) => headers.has(name))) return false;
	const from = first(headers, 'from');
	const returnPath = first(headers, 'return-path').trim();
	return (
		DAEMON.test(from) ||
		(PERHAPS_DAEMON.test(from) && tellsFailure(first(headers, 'subject'))) ||
		/^(?:<>)?$/.test(from.trim()) ||
		returnPath === '<>' ||
		/mailer-daemon|^<?postmaster@/i.test(returnPath) ||
		/<>\s*$/.test(from)
	);
}

export function tellsFailure(text: string): boolean {
	return FAILURE.test(text);
}

/** What a postmaster sends to people, about the mails of others. */
const PERIODICAL =
	/\b(?:statisti[ck]s?|summary|summaries|digest|daily|weekly|monthly|newsletter|maintenance|zusammenfassung|wartung|wöchentlich|récapitulatif|resumen|riepilogo|overzicht)\b/i;

export function isPeriodical(subject: string): boolean {
	return PERIODICAL.test(subject) && !FAILURE.test(subject);
}

/** What waits for the reader of the mail: the form of a filter's digest, and of those who imitate it. */
const FOR_READER =
	/\b(?:you have|your mailbox has|\d{1,4}) (?:new |unread )?(?:undelivered|pending|held|blocked|quarantined|incoming|suspended) (?:e-?mails?|mails?|messages)\b/i;

/** Whether a mail speaks of those that its reader did not get, and of none that they sent. */
export function tellsOfMailbox(subject: string, text: string): boolean {
	return FOR_READER.test(subject) || FOR_READER.test(text.slice(0, 4_000));
}

/** Whether the words are a server's, whoever the mail claims to be from. */
export function isMachineWritten(headers: Headers, text: string): boolean {
	if (!MACHINE.test(withoutQuotes(text))) return false;
	// A list passes reports on too, and they say so in their subject.
	const isOfList = OF_A_LIST.some((name) => headers.has(name));
	return !isOfList || isFromDaemon(headers) || tellsFailure(first(headers, 'subject'));
}

/** Whether the words speak of a delay, and of no failure for good. */
export function tellsDelay(text: string): boolean {
	return DELAYED.test(text) && !GIVEN_UP.test(text);
}

/** Whether a server's report tells of success alone. */
export function tellsSuccess(subject: string, text: string): boolean {
	if (DELIVERED_SUBJECT.test(subject)) return true;
	return DELIVERED.test(text) && !NOT_DELIVERED.test(`${subject}\n${text}`.replace(ASIDE, ' '));
}
