import { escapeMarkup } from '../model/markup';
import type { Question } from './question';

/** The mail's buttons lead to pages that ask once more: a scanner that follows them answers nothing. */
export interface QuestionLink {
	label: string;
	url: string;
}

/**
 * @param linkFor the signed address of the page; `approved` is which button was pressed, for the page's order
 */
export function questionLinks(
	question: Question,
	linkFor: (approved: boolean) => string,
): QuestionLink[] {
	if (question.kind === 'form') return [{ label: question.respond, url: linkFor(true) }];
	return question.decisions.map(({ approved, label }) => ({ label, url: linkFor(approved) }));
}

/** The parts of the mail that asks. The message is text: lines stay lines, and markup is shown. */
export function questionParts(
	{ message }: Question,
	links: readonly QuestionLink[],
): { html: string; text: string } {
	const buttons = links.map(
		({ label, url }, index) =>
			`<a href="${escapeMarkup(url)}" style="${index === 0 ? FIRST : OTHER}">${escapeMarkup(label)}</a>`,
	);
	const lines = message.trim().split(/\r\n|\r|\n/);
	return {
		html: `<!doctype html>
<html>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:0;padding:24px 16px;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1f2937">
<p style="margin:0 0 24px;max-width:560px">${lines.map(escapeMarkup).join('<br>\n')}</p>
<p style="margin:0">${buttons.join('\n')}</p>
</body>
</html>
`,
		text: `${lines.join('\n')}\n\n${links.map(({ label, url }) => `${label}:\n${url}`).join('\n\n')}\n`,
	};
}

const BUTTON =
	'display:inline-block;margin:0 8px 8px 0;padding:12px 24px;border:2px solid #1a56db;border-radius:8px;font-weight:bold;text-decoration:none';
const FIRST = `${BUTTON};background-color:#1a56db;color:#ffffff`;
const OTHER = `${BUTTON};background-color:#ffffff;color:#1a56db`;
