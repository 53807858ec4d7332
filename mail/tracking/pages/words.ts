/** A page's words; `{address}` and `{what}` are filled in. */
export interface PageWords {
	title: string;
	text: string;
	button?: string;
}

/** The pages a recipient can meet. */
export type PageName =
	/** Asks before anything is done. */
	| 'confirm'
	/** Unsubscribed. */
	| 'done'
	/** Subscribed again. */
	| 'resubscribed'
	/** The link is none of ours, or leads nowhere any more. */
	| 'notValid'
	/** What was asked for could not be done, and will not be by trying again. */
	| 'askSender'
	/** What was asked for could not be done now. */
	| 'failed';

interface Language {
	pages: Record<PageName, PageWords>;
	/** What is left: a list by its name, or everything. */
	list: string;
	everything: string;
}

export const LANGUAGES: Readonly<Record<string, Language>> = {
	en: {
		list: 'the list “{list}”',
		everything: 'our mailings',
		pages: {
			confirm: {
				title: 'Unsubscribe?',
				text: '{address} will no longer receive {what}.',
				button: 'Unsubscribe',
			},
			done: {
				title: 'You are unsubscribed',
				text: '{address} will no longer receive {what}. Was it a mistake?',
				button: 'Subscribe again',
			},
			resubscribed: { title: 'Welcome back', text: '{address} will receive {what} again.' },
			notValid: {
				title: 'This link does not work',
				text: 'It is incomplete or no longer valid. Please open it again from the mail.',
			},
			askSender: {
				title: 'That cannot be done here',
				text: 'Please reply to the mail, and the sender will see to it.',
			},
			failed: { title: 'That did not work', text: 'Please try again in a few minutes.' },
		},
	},
	de: {
		list: 'die Liste „{list}“',
		everything: 'unsere Sendungen',
		pages: {
			confirm: {
				title: 'Abmelden?',
				text: '{address} erhält {what} dann nicht mehr.',
				button: 'Abmelden',
			},
			done: {
				title: 'Sie sind abgemeldet',
				text: '{address} erhält {what} nicht mehr. War es ein Versehen?',
				button: 'Wieder anmelden',
			},
			resubscribed: { title: 'Willkommen zurück', text: '{address} erhält {what} wieder.' },
			notValid: {
				title: 'Dieser Link funktioniert nicht',
				text: 'Er ist unvollständig oder nicht mehr gültig. Bitte öffnen Sie ihn noch einmal aus der E-Mail.',
			},
			askSender: {
				title: 'Das geht hier nicht',
				text: 'Bitte antworten Sie auf die E-Mail, der Absender kümmert sich darum.',
			},
			failed: {
				title: 'Das hat nicht geklappt',
				text: 'Bitte versuchen Sie es in einigen Minuten noch einmal.',
			},
		},
	},
	fr: {
		list: 'la liste «\u00a0{list}\u00a0»',
		everything: 'nos envois',
		pages: {
			confirm: {
				title: 'Se désabonner\u00a0?',
				text: '{address} ne recevra plus {what}.',
				button: 'Se désabonner',
			},
			done: {
				title: 'Vous êtes désabonné(e)',
				text: '{address} ne recevra plus {what}. Était-ce une erreur\u00a0?',
				button: 'Se réabonner',
			},
			resubscribed: {
				title: 'Heureux de vous retrouver',
				text: '{address} recevra de nouveau {what}.',
			},
			notValid: {
				title: 'Ce lien ne fonctionne pas',
				text: 'Il est incomplet ou n’est plus valable. Veuillez l’ouvrir de nouveau depuis le message.',
			},
			askSender: {
				title: 'Ce n’est pas possible ici',
				text: 'Veuillez répondre au message, l’expéditeur s’en chargera.',
			},
			failed: {
				title: 'Cela n’a pas fonctionné',
				text: 'Veuillez réessayer dans quelques minutes.',
			},
		},
	},
	es: {
		list: 'la lista «{list}»',
		everything: 'nuestros envíos',
		pages: {
			confirm: {
				title: '¿Cancelar la suscripción?',
				text: '{address} dejará de recibir {what}.',
				button: 'Cancelar la suscripción',
			},
			done: {
				title: 'Suscripción cancelada',
				text: '{address} ya no recibirá {what}. ¿Ha sido un error?',
				button: 'Suscribirse de nuevo',
			},
			resubscribed: {
				title: 'Bienvenido de nuevo',
				text: '{address} volverá a recibir {what}.',
			},
			notValid: {
				title: 'Este enlace no funciona',
				text: 'Está incompleto o ya no es válido. Ábralo de nuevo desde el mensaje.',
			},
			askSender: {
				title: 'Eso no se puede hacer aquí',
				text: 'Responda al mensaje y el remitente se encargará.',
			},
			failed: { title: 'No ha funcionado', text: 'Inténtelo de nuevo en unos minutos.' },
		},
	},
	it: {
		list: 'la lista “{list}”',
		everything: 'i nostri invii',
		pages: {
			confirm: {
				title: 'Annullare l’iscrizione?',
				text: '{address} non riceverà più {what}.',
				button: 'Annulla l’iscrizione',
			},
			done: {
				title: 'Iscrizione annullata',
				text: '{address} non riceverà più {what}. È stato un errore?',
				button: 'Iscriviti di nuovo',
			},
			resubscribed: { title: 'Bentornato', text: '{address} riceverà di nuovo {what}.' },
			notValid: {
				title: 'Questo link non funziona',
				text: 'È incompleto o non è più valido. Aprilo di nuovo dal messaggio.',
			},
			askSender: {
				title: 'Qui non è possibile',
				text: 'Rispondi al messaggio e il mittente se ne occuperà.',
			},
			failed: { title: 'Non ha funzionato', text: 'Riprova tra qualche minuto.' },
		},
	},
	pt: {
		list: 'a lista “{list}”',
		everything: 'os nossos envios',
		pages: {
			confirm: {
				title: 'Cancelar a subscrição?',
				text: '{address} deixará de receber {what}.',
				button: 'Cancelar a subscrição',
			},
			done: {
				title: 'Subscrição cancelada',
				text: '{address} já não receberá {what}. Foi engano?',
				button: 'Subscrever de novo',
			},
			resubscribed: {
				title: 'Que bom ter voltado',
				text: '{address} voltará a receber {what}.',
			},
			notValid: {
				title: 'Este link não funciona',
				text: 'Está incompleto ou já não é válido. Abra-o de novo a partir da mensagem.',
			},
			askSender: {
				title: 'Aqui não é possível',
				text: 'Responda à mensagem e o remetente tratará disso.',
			},
			failed: { title: 'Não funcionou', text: 'Tente de novo dentro de alguns minutos.' },
		},
	},
	nl: {
		list: 'de lijst ‘{list}’',
		everything: 'onze mailings',
		pages: {
			confirm: {
				title: 'Afmelden?',
				text: '{address} ontvangt {what} dan niet meer.',
				button: 'Afmelden',
			},
			done: {
				title: 'U bent afgemeld',
				text: '{address} ontvangt {what} niet meer. Was het een vergissing?',
				button: 'Opnieuw aanmelden',
			},
			resubscribed: { title: 'Welkom terug', text: '{address} ontvangt {what} weer.' },
			notValid: {
				title: 'Deze link werkt niet',
				text: 'Hij is onvolledig of niet meer geldig. Open hem opnieuw vanuit het bericht.',
			},
			askSender: {
				title: 'Dat kan hier niet',
				text: 'Beantwoord het bericht, dan regelt de afzender het.',
			},
			failed: { title: 'Dat is niet gelukt', text: 'Probeer het over een paar minuten opnieuw.' },
		},
	},
	pl: {
		list: 'wiadomości z listy „{list}”',
		everything: 'naszych wiadomości',
		pages: {
			confirm: {
				title: 'Zrezygnować z subskrypcji?',
				text: '{address} nie będzie już otrzymywać {what}.',
				button: 'Rezygnuję',
			},
			done: {
				title: 'Subskrypcja anulowana',
				text: '{address} nie będzie już otrzymywać {what}. To pomyłka?',
				button: 'Subskrybuj ponownie',
			},
			resubscribed: {
				title: 'Witamy ponownie',
				text: 'Subskrypcja adresu {address} jest znów aktywna.',
			},
			notValid: {
				title: 'Ten link nie działa',
				text: 'Jest niepełny lub stracił ważność. Otwórz go ponownie z wiadomości.',
			},
			askSender: {
				title: 'Tutaj nie da się tego zrobić',
				text: 'Odpowiedz na wiadomość, a nadawca się tym zajmie.',
			},
			failed: { title: 'Nie udało się', text: 'Spróbuj ponownie za kilka minut.' },
		},
	},
	ja: {
		list: '「{list}」のメール',
		everything: '当方からのお知らせメール',
		pages: {
			confirm: {
				title: '配信を停止しますか？',
				text: '{address} への{what}の配信を停止します。',
				button: '配信を停止する',
			},
			done: {
				title: '配信を停止しました',
				text: '{address} に{what}は今後届きません。お間違いの場合は、もう一度登録できます。',
				button: 'もう一度登録する',
			},
			resubscribed: {
				title: '再登録しました',
				text: '{address} に{what}を再びお届けします。',
			},
			notValid: {
				title: 'このリンクは使えません',
				text: 'リンクが不完全か、有効ではなくなっています。メールからもう一度開いてください。',
			},
			askSender: {
				title: 'ここでは手続きできません',
				text: 'お手数ですが、メールに返信して送信者にご連絡ください。',
			},
			failed: {
				title: '処理できませんでした',
				text: '数分後にもう一度お試しください。',
			},
		},
	},
};

export const LANGUAGE_NAMES: readonly { code: string; name: string }[] = [
	{ code: 'nl', name: 'Dutch' },
	{ code: 'en', name: 'English' },
	{ code: 'fr', name: 'French' },
	{ code: 'de', name: 'German' },
	{ code: 'it', name: 'Italian' },
	{ code: 'ja', name: 'Japanese' },
	{ code: 'pl', name: 'Polish' },
	{ code: 'pt', name: 'Portuguese' },
	{ code: 'es', name: 'Spanish' },
];

/**
 * The language that a reader likes best of those we have (RFC 9110 section 12.5.4); English without one.
 *
 * @param header `de-CH,de;q=0.9,en;q=0.5`
 */
export function languageFor(header: string): string {
	const wanted = header
		.slice(0, 500)
		.split(',')
		.map((entry) => {
			const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
			const weight = parameters.map((text) => text.trim()).find((text) => text.startsWith('q='));
			return { code: tag.split('-')[0] ?? '', weight: weight ? Number(weight.slice(2)) || 0 : 1 };
		})
		.filter(({ code, weight }) => weight > 0 && Object.hasOwn(LANGUAGES, code))
		.sort((a, b) => b.weight - a.weight);
	return wanted[0]?.code ?? 'en';
}
