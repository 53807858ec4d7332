import { first } from './headers';
import type { Headers } from './headers';

/** Begins the subject of an answer that a machine gave, where no header says so. */
const SUBJECTS =
	/^(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesenheit|automatische antwort|r[ée]ponse automatique|absence du bureau|respuesta autom[áa]tica|fuera de (?:la )?oficina|risposta automatica|resposta autom[áa]tica|automatisch antwoord|自動応答|不在)/i;

/**
 * Whether a machine wrote this as an answer (RFC 3834 section 5, and the headers that came before it).
 * A delivery report is `auto-replied` too, so ask only for what is none.
 */
export function isAutoReply(headers: Headers): boolean {
	if (/^auto-replied/i.test(first(headers, 'auto-submitted'))) return true;
	if (/^auto[_-]reply/i.test(first(headers, 'precedence'))) return true;
	if (
		['x-autoreply', 'x-autorespond', 'x-autoreply-from', 'x-mail-autoreply'].some((name) =>
			headers.has(name),
		)
	)
		return true;
	return SUBJECTS.test(first(headers, 'subject')) && first(headers, 'in-reply-to') !== '';
}
