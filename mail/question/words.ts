import type { FieldProblem } from './answer';

/** The words of a page that the user has not written, in the reader's language. */
export interface QuestionWords {
	send: string;
	doneTitle: string;
	doneText: string;
	/** The question was asked anew since, and this link belongs to the earlier one. */
	outdatedTitle: string;
	outdatedText: string;
	failedTitle: string;
	failedText: string;
	/** Above a form that came back. */
	check: string;
	/** A choice that is none. */
	choose: string;
	required: string;
	problems: Record<FieldProblem, string>;
}

const ENGLISH: QuestionWords = {
	send: 'Send',
	doneTitle: 'Thank you',
	doneText: 'Your answer is recorded. You can close this page.',
	outdatedTitle: 'This question was asked again',
	outdatedText: 'Please answer in the latest mail.',
	failedTitle: 'That did not work',
	failedText: 'Please try again in a few minutes.',
	check: 'Please check the marked fields.',
	choose: 'Please choose',
	required: 'required',
	problems: {
		missing: 'Please fill this in.',
		notANumber: 'Please give a number.',
		notAnAddress: 'Please give an email address.',
		notADate: 'Please give a date.',
		notAChoice: 'Please choose one of these.',
		tooLong: 'This is too long.',
	},
};

export const QUESTION_WORDS: Readonly<Record<string, QuestionWords>> = {
	en: ENGLISH,
	de: {
		send: 'Senden',
		doneTitle: 'Danke',
		doneText: 'Ihre Antwort ist gespeichert. Sie können diese Seite schließen.',
		outdatedTitle: 'Diese Frage wurde neu gestellt',
		outdatedText: 'Bitte antworten Sie in der neuesten E-Mail.',
		failedTitle: 'Das hat nicht geklappt',
		failedText: 'Bitte versuchen Sie es in einigen Minuten noch einmal.',
		check: 'Bitte prüfen Sie die markierten Felder.',
		choose: 'Bitte wählen',
		required: 'erforderlich',
		problems: {
			missing: 'Bitte füllen Sie dieses Feld aus.',
			notANumber: 'Bitte geben Sie eine Zahl ein.',
			notAnAddress: 'Bitte geben Sie eine E-Mail-Adresse ein.',
			notADate: 'Bitte geben Sie ein Datum ein.',
			notAChoice: 'Bitte wählen Sie eine dieser Möglichkeiten.',
			tooLong: 'Das ist zu lang.',
		},
	},
	fr: {
		send: 'Envoyer',
		doneTitle: 'Merci',
		doneText: 'Votre réponse est enregistrée. Vous pouvez fermer cette page.',
		outdatedTitle: 'Cette question a été posée de nouveau',
		outdatedText: 'Veuillez répondre dans le dernier message.',
		failedTitle: 'Cela n’a pas fonctionné',
		failedText: 'Veuillez réessayer dans quelques minutes.',
		check: 'Veuillez vérifier les champs signalés.',
		choose: 'Veuillez choisir',
		required: 'obligatoire',
		problems: {
			missing: 'Veuillez remplir ce champ.',
			notANumber: 'Veuillez indiquer un nombre.',
			notAnAddress: 'Veuillez indiquer une adresse e-mail.',
			notADate: 'Veuillez indiquer une date.',
			notAChoice: 'Veuillez choisir l’une de ces réponses.',
			tooLong: 'C’est trop long.',
		},
	},
	es: {
		send: 'Enviar',
		doneTitle: 'Gracias',
		doneText: 'Su respuesta está guardada. Puede cerrar esta página.',
		outdatedTitle: 'Esta pregunta se ha hecho de nuevo',
		outdatedText: 'Responda en el mensaje más reciente.',
		failedTitle: 'No ha funcionado',
		failedText: 'Inténtelo de nuevo en unos minutos.',
		check: 'Revise los campos marcados.',
		choose: 'Elija',
		required: 'obligatorio',
		problems: {
			missing: 'Rellene este campo.',
			notANumber: 'Escriba un número.',
			notAnAddress: 'Escriba una dirección de correo.',
			notADate: 'Escriba una fecha.',
			notAChoice: 'Elija una de estas opciones.',
			tooLong: 'Es demasiado largo.',
		},
	},
	it: {
		send: 'Invia',
		doneTitle: 'Grazie',
		doneText: 'La risposta è stata registrata. Puoi chiudere questa pagina.',
		outdatedTitle: 'Questa domanda è stata posta di nuovo',
		outdatedText: 'Rispondi nel messaggio più recente.',
		failedTitle: 'Non ha funzionato',
		failedText: 'Riprova tra qualche minuto.',
		check: 'Controlla i campi segnalati.',
		choose: 'Scegli',
		required: 'obbligatorio',
		problems: {
			missing: 'Compila questo campo.',
			notANumber: 'Inserisci un numero.',
			notAnAddress: 'Inserisci un indirizzo e-mail.',
			notADate: 'Inserisci una data.',
			notAChoice: 'Scegli una di queste opzioni.',
			tooLong: 'È troppo lungo.',
		},
	},
	pt: {
		send: 'Enviar',
		doneTitle: 'Obrigado',
		doneText: 'A sua resposta foi registada. Pode fechar esta página.',
		outdatedTitle: 'Esta pergunta foi feita de novo',
		outdatedText: 'Responda na mensagem mais recente.',
		failedTitle: 'Não funcionou',
		failedText: 'Tente de novo dentro de alguns minutos.',
		check: 'Verifique os campos assinalados.',
		choose: 'Escolha',
		required: 'obrigatório',
		problems: {
			missing: 'Preencha este campo.',
			notANumber: 'Indique um número.',
			notAnAddress: 'Indique um endereço de e-mail.',
			notADate: 'Indique uma data.',
			notAChoice: 'Escolha uma destas opções.',
			tooLong: 'É demasiado longo.',
		},
	},
	nl: {
		send: 'Versturen',
		doneTitle: 'Dank u',
		doneText: 'Uw antwoord is opgeslagen. U kunt deze pagina sluiten.',
		outdatedTitle: 'Deze vraag is opnieuw gesteld',
		outdatedText: 'Antwoord in het nieuwste bericht.',
		failedTitle: 'Dat is niet gelukt',
		failedText: 'Probeer het over een paar minuten opnieuw.',
		check: 'Controleer de gemarkeerde velden.',
		choose: 'Maak een keuze',
		required: 'verplicht',
		problems: {
			missing: 'Vul dit veld in.',
			notANumber: 'Vul een getal in.',
			notAnAddress: 'Vul een e-mailadres in.',
			notADate: 'Vul een datum in.',
			notAChoice: 'Kies een van deze mogelijkheden.',
			tooLong: 'Dit is te lang.',
		},
	},
	pl: {
		send: 'Wyślij',
		doneTitle: 'Dziękujemy',
		doneText: 'Odpowiedź została zapisana. Możesz zamknąć tę stronę.',
		outdatedTitle: 'To pytanie zadano ponownie',
		outdatedText: 'Odpowiedz w najnowszej wiadomości.',
		failedTitle: 'Nie udało się',
		failedText: 'Spróbuj ponownie za kilka minut.',
		check: 'Sprawdź zaznaczone pola.',
		choose: 'Wybierz',
		required: 'wymagane',
		problems: {
			missing: 'Wypełnij to pole.',
			notANumber: 'Podaj liczbę.',
			notAnAddress: 'Podaj adres e-mail.',
			notADate: 'Podaj datę.',
			notAChoice: 'Wybierz jedną z tych możliwości.',
			tooLong: 'To jest za długie.',
		},
	},
	ja: {
		send: '送信',
		doneTitle: 'ありがとうございました',
		doneText: '回答を記録しました。このページは閉じてかまいません。',
		outdatedTitle: 'この質問は改めてお送りしています',
		outdatedText: '最新のメールからご回答ください。',
		failedTitle: '処理できませんでした',
		failedText: '数分後にもう一度お試しください。',
		check: '印のついた項目をご確認ください。',
		choose: '選択してください',
		required: '必須',
		problems: {
			missing: '入力してください。',
			notANumber: '数値を入力してください。',
			notAnAddress: 'メールアドレスを入力してください。',
			notADate: '日付を入力してください。',
			notAChoice: 'いずれかを選択してください。',
			tooLong: '長すぎます。',
		},
	},
};

export function questionWords(language: string): QuestionWords {
	return QUESTION_WORDS[language] ?? ENGLISH;
}
