import { escapeMarkup } from '../model/markup';
import { renderShell } from '../tracking/pages/shell';
import type { FieldProblem, Sent } from './answer';
import { inputName } from './answer';
import type { AnswerField } from './fields';
import type { ApprovalQuestion, FormQuestion, Question } from './question';
import { questionWords } from './words';
import type { QuestionWords } from './words';

/** What the page behind a mail's button shows. It acts only when a button on it is pressed. */
export interface QuestionPage {
	language: string;
	/** Which of the mail's buttons led here. */
	preferred?: boolean;
	/** A form that comes back: what was sent, and what is wrong with it. */
	sent?: Sent;
	problems?: ReadonlyMap<string, FieldProblem>;
}

/**
 * The page that asks. It has no scripts, and its form leads to the address of the page itself, which
 * carries n8n's signature.
 */
export function renderQuestion(question: Question, page: QuestionPage): string {
	const words = questionWords(page.language);
	const own = question.kind === 'form' ? question : undefined;
	const title = own?.pageTitle ?? question.title;
	const text = own?.pageText ?? question.message;
	return renderShell({
		language: page.language,
		title,
		moreStyle: STYLE + (own?.style ? inStyle(own.style) : ''),
		body: `<h1>${escapeMarkup(title)}</h1>
${text.trim() === '' ? '' : `<p class="text">${escapeMarkup(text.trim())}</p>`}
${question.kind === 'approval' ? decisionForm(question, page) : answerForm(question, page, words)}`,
	});
}

/** A page that only says something. */
export function renderNotice(notice: 'done' | 'outdated' | 'failed', language: string): string {
	const words = questionWords(language);
	const [title, text] = {
		done: [words.doneTitle, words.doneText],
		outdated: [words.outdatedTitle, words.outdatedText],
		failed: [words.failedTitle, words.failedText],
	}[notice] as [string, string];
	return renderShell({
		language,
		title,
		body: `<h1>${escapeMarkup(title)}</h1>\n<p>${escapeMarkup(text)}</p>`,
	});
}

/** The button that was pressed in the mail comes first. */
function decisionForm({ decisions }: ApprovalQuestion, { preferred }: QuestionPage): string {
	const ordered = decisions.toSorted(
		(a, b) => Number(b.approved === preferred) - Number(a.approved === preferred),
	);
	const buttons = ordered.map(
		({ approved, label }, index) =>
			`<button type="submit" name="approved" value="${approved}"${index > 0 ? ' class="quiet"' : ''}>${escapeMarkup(label)}</button>`,
	);
	return `<form method="post">${buttons.join('\n')}</form>`;
}

function answerForm(
	{ fields, submit }: FormQuestion,
	{ sent, problems }: QuestionPage,
	words: QuestionWords,
): string {
	const withFiles = fields.some(({ type }) => type === 'file');
	const shown = fields.map((field, index) => {
		const name = inputName(index);
		const problem = problems?.get(name);
		return renderField(field, {
			name,
			values: sent ? listOf(sent.texts[name]) : initialOf(field),
			words,
			...(problem ? { problem } : {}),
		});
	});
	const check = problems?.size
		? `<p class="check" role="alert">${escapeMarkup(words.check)}</p>`
		: '';
	return `${check}<form method="post"${withFiles ? ' enctype="multipart/form-data"' : ''}>
${shown.join('\n')}
<button type="submit">${escapeMarkup(submit ?? words.send)}</button>
</form>`;
}

interface Shown {
	name: string;
	values: readonly string[];
	words: QuestionWords;
	problem?: FieldProblem;
}

function renderField(field: AnswerField, shown: Shown): string {
	if (field.type === 'hiddenField') return '';
	const { name, words, problem } = shown;
	const label = `${escapeMarkup(field.label)}${field.required ? ` <span class="required">(${escapeMarkup(words.required)})</span>` : ''}`;
	const problemId = `${name}-problem`;
	const told = problem
		? `<p class="problem" id="${problemId}">${escapeMarkup(words.problems[problem])}</p>`
		: '';
	const marks = problem ? ` aria-invalid="true" aria-describedby="${problemId}"` : '';
	if (field.type === 'checkbox' || field.type === 'radio')
		return `<fieldset${marks}><legend>${label}</legend>${told}${choices(field, shown)}</fieldset>`;
	return `<div class="field"><label for="${name}">${label}</label>${told}${control(field, shown, marks)}</div>`;
}

function choices({ type, options, required }: AnswerField, { name, values }: Shown): string {
	return options
		.map((option, index) => {
			const id = `${name}-${index}`;
			const checked = values.includes(option) ? ' checked' : '';
			// A group of checkboxes has no word in HTML for "at least one": the answer is checked.
			const must = required && type === 'radio' ? ' required' : '';
			return `<div class="choice"><input type="${type}" id="${id}" name="${name}" value="${escapeMarkup(option)}"${checked}${must}><label for="${id}">${escapeMarkup(option)}</label></div>`;
		})
		.join('');
}

const INPUT_TYPES: Readonly<Partial<Record<AnswerField['type'], string>>> = {
	date: 'date',
	email: 'email',
	file: 'file',
	number: 'number',
	password: 'password',
};

function control(field: AnswerField, { name, values, words }: Shown, marks: string): string {
	const { type, placeholder, multiple, accept } = field;
	const attributes = `id="${name}" name="${name}"${field.required ? ' required' : ''}${marks}`;
	const hint = placeholder === '' ? '' : ` placeholder="${escapeMarkup(placeholder)}"`;
	const [value = ''] = values;
	if (type === 'textarea')
		return `<textarea ${attributes}${hint} rows="5">\n${escapeMarkup(value)}</textarea>`;
	if (type === 'dropdown') {
		const none = multiple ? '' : `<option value="">${escapeMarkup(words.choose)}</option>`;
		const listed = field.options.map(
			(option) =>
				`<option${values.includes(option) ? ' selected' : ''}>${escapeMarkup(option)}</option>`,
		);
		return `<select ${attributes}${multiple ? ' multiple' : ''}>${none}${listed.join('')}</select>`;
	}
	if (type === 'file')
		return `<input type="file" ${attributes}${multiple ? ' multiple' : ''}${accept === '' ? '' : ` accept="${escapeMarkup(accept)}"`}>`;
	// A password is asked for again when the form comes back.
	const filled = type === 'password' ? '' : ` value="${escapeMarkup(value)}"`;
	return `<input type="${INPUT_TYPES[type] ?? 'text'}" ${attributes}${hint}${filled}${type === 'number' ? ' step="any"' : ''}>`;
}

function initialOf({ initial, options }: AnswerField): string[] {
	// A list of options, as n8n writes several defaults of one field.
	if (options.length > 0 && !options.includes(initial))
		return initial.split(',').map((each) => each.trim());
	return [initial];
}

function listOf(value: string | string[] | undefined): string[] {
	if (value === undefined) return [];
	return Array.isArray(value) ? value : [value];
}

/** CSS cannot end its element: what would is written as CSS writes it (CSS Syntax section 4.3.7). */
function inStyle(css: string): string {
	return `\n${css.slice(0, 100_000).replaceAll('<', '\\3c ')}`;
}

const STYLE = `
.text{white-space:pre-line}
form{display:flex;flex-direction:column;gap:1rem}
.field>label,legend{display:block;margin:0 0 .35rem;padding:0;font-weight:600}
.required{font-weight:400;color:#4b5563}
input:not([type=checkbox]):not([type=radio]),select,textarea{width:100%;min-height:44px;padding:.55rem .7rem;border:1px solid #6b7280;border-radius:8px;background:#fff;color:inherit;font:inherit}
input:focus-visible,select:focus-visible,textarea:focus-visible{outline:3px solid #111827;outline-offset:1px}
fieldset{margin:0;padding:0;border:0}
.choice{display:flex;align-items:center;gap:.6rem;min-height:44px}
.choice input{width:1.25rem;height:1.25rem;flex:none}
.choice label{flex:1}
.problem,.check{margin:0 0 .35rem;color:#b42318}
.check{margin-bottom:1rem;font-weight:600}`;
