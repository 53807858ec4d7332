/**
 * How servers of one language say the commonest reasons: what they call a mailbox and its owner, and what
 * they say of it. Roots of words, so that cases and genders fit. In English each reason has words of its own.
 */
interface Language {
	/** The owner of a mailbox, or the address. */
	owner: string;
	/** Of an owner that there is not. */
	unknown: string;
	/** The mailbox, or the room in it. */
	box: string;
	/** Of a mailbox without room. */
	full: string;
	/** Of a mailbox that was closed. */
	closed?: string;
}

/** In letters that an English reply has too, at least in part. */
const LATIN: readonly Language[] = [
	// German
	{
		owner: 'empf[äa]nger|nutzer|adress|postfach|mailbox|konto',
		unknown:
			'unbekannt|existiert nicht|existieren nicht|nicht (?:gefunden|vorhanden|bekannt|gültig|existent)|ungültig|nicht [^.\\n]{0,30}(?:verzeichnis|aufgeführt)',
		box: 'postfach|postkorb|mailbox|konto|posteingang|speicherplatz|quota|kontingent',
		full: '\\bvoll\\b|überfüllt|überschritten|erschöpft|ausgeschöpft|ueberschritten|zu viele',
		closed: 'gesperrt|deaktiviert|stillgelegt|geschlossen|inaktiv|abgeschaltet|gekündigt',
	},
	// French
	{
		owner: 'utilisateur|destinataire|adresse|compte|bo[iî]te|abonné',
		unknown:
			"inconnu|n['’]existe (?:pas|plus)|invalide|introuvable|inexistant|erron|n['’]est pas (?:répertorié|référencé|reconnu)",
		box: 'bo[iî]te|messagerie|quota|espace',
		full: 'pleine?\\b|satur|d[ée]pass|remplie|insuffisant',
		closed: 'bloqu|suspend|d[ée]sactiv|ferm[ée]|inacti|archiv',
	},
	// Spanish
	{
		owner: 'usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|casilla',
		unknown:
			'desconocid|no existe|inexistente|inv[aá]lid|no (?:es )?v[aá]lid|no (?:ha sido |fue )?encontrad|no se (?:ha |pudo )?(?:encontr|encuentr)',
		box: 'buz[oó]n|casilla|cuenta|bandeja|cuota|espacio|almacenamiento',
		full: 'llen[ao]\\b|agotad|exced|sin espacio|superad|insuficiente',
		closed: 'suspendid|deshabilitad|desactivad|inactiv|bloquead|cerrad|cancelad|expirad',
	},
	// Portuguese
	{
		owner: 'usu[aá]rio|utilizador|destinat[aá]rio|endere[cç]o|conta\\b|caixa',
		unknown:
			'desconhecid|n[aã]o (?:existe|encontrad|foi encontrad|cadastrad)|inexistente|inv[aá]lid',
		box: 'caixa|conta\\b|cota|quota|espa[cç]o|armazenamento',
		full: 'chei[ao]\\b|lotad|exced|esgotad|sem espa[cç]o|insuficiente',
		closed: 'suspens|desativad|bloquead|inativ|encerrad|cancelad',
	},
	// Italian
	{
		owner: 'utente|destinatario|indirizzo|casella|account|mailbox',
		unknown: 'sconosciut|non (?:esiste|trovat|(?:è )?valid|presente)|inesistente',
		box: 'casella|cassetta|mailbox|quota|spazio',
		full: 'pien[ao]\\b|esaurit|superat|insufficiente',
		closed: 'sospes|disabilitat|disattivat|bloccat|chius[ao]|scadut|inattiv',
	},
	// Dutch
	{
		owner: 'gebruiker|ontvanger|geadresseerde|adres|postbus|postvak|mailbox',
		unknown: 'onbekend|bestaat niet|niet bestaat|niet gevonden|ongeldig',
		box: 'postvak|postbus|mailbox|opslagruimte',
		full: '\\bvol\\b|overschreden',
		closed: 'geblokkeerd|gedeactiveerd|uitgeschakeld|opgeheven|gesloten|inactief',
	},
	// Swedish, Danish, Norwegian
	{
		owner:
			'användare|mottagar|adress|brevlåda|bruger|modtager|bruker|mottaker|konto|postkass|postboks',
		unknown:
			'okän[dt]|finns inte|inte (?:finns|hittades)|existerar inte|ogiltig|ukendt|findes ikke|ikke (?:findes|fundet|finnes|funnet)|ukjent|finnes ikke|eksisterer ikke|ugyldig',
		box: 'inkorg|postl[åa]da|brevlåda|indbakke|postkass|innboks|postboks|kvot[ae]|lagringsutrymme',
		full: '\\bfull(?:t|a)?\\b|\\bfuld\\b|överskrid|overskred',
		closed: 'avstäng|inaktiv|spärra|stängd|deaktivere|spærre|sperret|lukket|stengt',
	},
	// Finnish, Estonian
	{
		owner: 'käyttäj|vastaanottaj|osoite|postilaatik|kasutaja|postkast',
		unknown:
			'tuntemat|tuntematon|ei löy[td]|ei ole olemassa|virheelli|ei eksisteeri|tundmatu|ei leitud',
		box: 'postilaatik|levytil|kiintiö|postkast',
		full: 'täynnä|ylitty|ylittä|täis\\b',
		closed: 'suljettu|lukittu|poistettu käytöstä',
	},
	// Polish
	{
		owner: 'odbiorc|użytkownik|adres|kont[oa]\\b|skrzynk|adresat',
		unknown:
			'nie istnieje|nieznan|niepoprawn|nieprawidłow|nie (?:został[ao]? )?znalezion|nie znaleziono',
		box: 'skrzynk|miejsca|limit',
		full: 'pełn|przepełn|zapełn|przekrocz|brak\\b',
		closed: 'zablokowan|zawieszon|nieaktywn|wyłączon|usunięt',
	},
	// Czech, Slovak
	{
		owner: 'uživatel|příjemc|adres|schránk|konto|účet|použ[íi]vate|príjemc',
		unknown: 'neexist|nezn[áa]m|nenalezen|(?:nebyl[ao]?|nebol[ao]?) n[áa]jden|neplatn',
		box: 'schr[áa]nk|kv[óo]t|míst[oa]|miest[oa]',
		full: '\\bpln[áýaé]|přeplněn|preplnen|překročen|prekročen',
		closed: 'zablokovan|deaktivovan|zrušen|pozastaven|neaktivn',
	},
	// Hungarian, Romanian
	{
		owner: 'felhasznál|címzett|e-?mail cím|postafiók|utilizator|destinatar|adres[aă]',
		unknown:
			'ismeretlen|nem (?:létez|található|találhat)|érvénytelen|nu (?:exist[ăa]|a fost g[ăa]sit)|necunoscut|inexistent',
		box: 'postafi[óo]k|postaláda|tárhely|c[ăa]su[țţt]|cutia',
		full: 'megtelt|tele van|túllép|betelt|plin[ăa]?\\b|dep[ăa][șş]it',
		closed: 'letilt|felfüggeszt|inaktív|megszűnt|zárol|suspendat|dezactivat|blocat',
	},
	// Croatian, Serbian, Slovenian, Lithuanian, Latvian
	{
		owner:
			'korisni[kc]|primatelj|primalac|adresa|uporabnik|prejemnik|vartotojas|gavėjas|lietotāj|saņēmēj',
		unknown:
			'ne postoji|nepoznat|ne obstaja|neznan|nije pronađen|neegzistuoja|nerastas|neeksistē|nav atrasts',
		box: 'sandu[čc]i[ćc]|predal|pašto dėžut|pastkast',
		full: '\\bpun[ai]?\\b|\\bpoln|pilna|pārpildīt',
	},
	// Turkish
	{
		owner: 'kullanıcı|alıcı|adres|hesap|posta kutusu',
		unknown: 'bulunamad|mevcut değil|bilinmeyen|bilinmiyor|geçersiz|tanımsız',
		box: 'posta kutusu|gelen kutusu|kota',
		full: 'dolu|doldu|aşıldı|aştı',
		closed: 'devre dışı|askıya|kapatıl|pasif|engellen',
	},
	// Vietnamese, Indonesian
	{
		owner: 'người (?:dùng|nhận)|địa chỉ|tài khoản|hộp thư|pengguna|penerima|alamat|akun',
		unknown:
			'không (?:tồn tại|tìm thấy|hợp lệ|xác định)|tidak (?:ada|ditemukan|dikenal|valid|terdaftar)',
		box: 'hộp thư|dung lượng|kotak (?:surat|masuk|pesan)|kuota',
		full: 'đầy|vượt quá|penuh|melebihi|terlampaui',
	},
];

/** In letters of which an English reply has none. */
const OTHER_SCRIPTS: readonly Language[] = [
	// Russian, Ukrainian, Bulgarian
	{
		owner:
			'пользовател|получател|адрес|ящик|абонент|аккаунт|уч[её]тн\\p{L}{2,3} запис|користувач|одержувач|отримувач|скриньк|потребител|кутия',
		unknown:
			'не (?:найден|существует|зарегистрирован|обнаружен|знайдено|існує|зареєстрован|съществува|е намерен)|несуществ|неизвест|недействит|нет так|так(?:ого|ой) [^.\\n]{0,30}нет|невідом|недійсн|непознат|няма такъв|невалид',
		box: 'ящик|квот|скриньк|кутия',
		full: 'переполн|полон|заполнен|превыш|исчерп|переповнен|заповнен|перевищ|пълн|препълн|надвишен',
		closed:
			'заблокирован|отключ[её]н|неактив|удал[её]н|приостановлен|заблокован|вимкнен|деактивир|спрян',
	},
	// Greek
	{
		owner: 'χρήστ|παραλήπτ|διεύθυνσ|λογαριασμ|γραμματοκιβώτι',
		unknown: 'δεν (?:υπάρχει|βρέθηκε)|άγνωστ|μη έγκυρ|ανύπαρκτ',
		box: 'γραμματοκιβώτι|θυρίδα',
		full: 'γεμάτ|πλήρ|υπέρβαση',
		closed: 'απενεργοποι|ανενεργ|κλειδωμέν',
	},
	// Hebrew
	{
		owner: 'משתמש|נמען|כתובת|תיב[הת]',
		unknown: 'לא (?:קיי|נמצא|ידוע|מוכר|תקי)|אי?נ[וה] קיי',
		box: 'תיב[הת]',
		full: 'מלאה?',
	},
	// Arabic, Persian
	{
		owner: 'مستخدم|مستلم|عنوان|صندوق|کاربر|گیرنده|نشانی|آدرس',
		unknown:
			'غير (?:موجود|معروف|صالح)|لا يوجد|لم يتم العثور|یافت نشد|پیدا نشد|وجود ندارد|ناشناس|نامعتبر',
		box: 'صندوق|علبة',
		full: 'ممتلئ|تجاوز|پر (?:است|شده)',
	},
	// Hindi, Thai
	{
		owner: 'उपयोगकर्ता|प्राप्तकर्ता|पता|मेलबॉक्स|ผู้ใช้|ผู้รับ|ที่อยู่|บัญชี',
		unknown: 'नहीं मिल|मौजूद नहीं|अज्ञात|अमान्य|ไม่(?:พบ|มี|รู้จัก|ถูกต้อง)',
		box: 'मेलबॉक्स|इनबॉक्स|กล่อง',
		full: 'भर (?:गया|चुका)|भरा|เต็ม',
	},
	// Japanese
	{
		owner:
			'ユーザ|宛先|あて先|送信先|アドレス|メールボックス|受信者|アカウント|利用者|ディレクトリ|リスト',
		unknown: '存在し(?:ません|ない)|見つか|ありません|不明|無効',
		box: 'メールボックス|受信箱|ボックス|容量',
		full: 'いっぱい|一杯|満杯|超|オーバー|不足|制限',
		closed: '停止(?:中|され)|休止|解約',
	},
	// Korean
	{
		owner: '사용자|수신자|받는 ?사람|계정|주소|메일함|사서함|아이디',
		unknown: '없|존재하지|찾을 수|잘못',
		box: '메일함|사서함|편지함|용량',
		full: '가득|초과|부족|꽉',
		closed: '휴면|정지|비활성',
	},
	// Chinese
	{
		owner: '用户|收件人|帐户|账户|账号|邮箱|地址|使用者|帳戶|帳號|信箱|用戶|郵箱',
		unknown: '不存在|未找到|无效|找不到|無效|未知|不正确|不正確|查无|查無|未开通',
		box: '邮箱|信箱|郵箱|空间|空間|容量|收件箱',
		full: '已?满|已?滿|不足|超出|超过|超過',
		closed: '已?(?:停用|禁用|被锁|冻结|凍結|锁定|鎖定|注销|關閉|关闭)',
	},
];

/** What servers put between the two. */
const GAP = '[^.\\n]{0,50}';
const SHORT_GAP = '[^.\\n]{0,20}';

/** "Recipient is unknown", and "unknown recipient". */
function eitherOrder(subject: string, verdict: string): string {
	return `(?:${subject})${GAP}(?:${verdict})|(?:${verdict})${SHORT_GAP}(?:${subject})`;
}

/** A reason's words in every language but English, for those that write as it does and for the others. */
export interface ReasonInLanguages {
	latin: RegExp;
	otherScripts: RegExp;
}

function inLanguages(words: (language: Language) => string | undefined): ReasonInLanguages {
	const anyOf = (languages: readonly Language[]) =>
		new RegExp(languages.flatMap((language) => words(language) ?? []).join('|'), 'iu');
	return { latin: anyOf(LATIN), otherScripts: anyOf(OTHER_SCRIPTS) };
}

export const UNKNOWN_USER = inLanguages(({ owner, unknown }) => eitherOrder(owner, unknown));
export const FULL_MAILBOX = inLanguages(({ box, full }) => eitherOrder(box, full));
export const CLOSED_MAILBOX = inLanguages(({ owner, closed }) =>
	closed === undefined ? undefined : eitherOrder(owner, closed),
);
