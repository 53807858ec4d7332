import { parseMailbox } from '../model/address';
import type { AnswerField } from './fields';
import type { ApprovalQuestion, FormQuestion } from './question';

/** What a form sent: texts by the names of its inputs, and the names of those that came with files. */
export interface Sent {
	texts: Readonly<Record<string, string | string[]>>;
	files: ReadonlySet<string>;
}

export type FieldValue = string | number | string[] | null;

export type FormAnswer =
	/** By the fields' keys, without the files. */
	| { ok: true; values: Record<string, FieldValue> }
	/** By the names of the inputs. */
	| { ok: false; problems: ReadonlyMap<string, FieldProblem> };

/** What is wrong with a field; its words are in the reader's language. */
export type FieldProblem =
	'missing' | 'notANumber' | 'notAnAddress' | 'notADate' | 'notAChoice' | 'tooLong';

/** Nobody writes more by hand, and it goes into n8n's database. */
const LONGEST = 100_000;

export function inputName(index: number): string {
	return `field-${index}`;
}

/** @returns undefined for what the question does not offer */
export function readDecision(
	{ decisions }: ApprovalQuestion,
	{ texts }: Sent,
): boolean | undefined {
	return decisions.find(({ approved }) => texts.approved === String(approved))?.approved;
}

/** Everything that was sent is checked here: a form in a browser is only a suggestion. */
export function readForm({ fields }: Pick<FormQuestion, 'fields'>, sent: Sent): FormAnswer {
	const values: Record<string, FieldValue> = {};
	const problems = new Map<string, FieldProblem>();
	for (const [index, field] of fields.entries()) {
		const name = inputName(index);
		if (field.type === 'file') {
			if (field.required && !sent.files.has(name)) problems.set(name, 'missing');
			continue;
		}
		const read = readValue(field, listOf(sent.texts[name]));
		if ('problem' in read) problems.set(name, read.problem);
		else values[field.key] = read.value;
	}
	return problems.size > 0 ? { ok: false, problems } : { ok: true, values };
}

type ReadValue = { value: FieldValue } | { problem: FieldProblem };

function readValue(field: AnswerField, sent: readonly string[]): ReadValue {
	if (field.type === 'hiddenField') return { value: field.initial };
	const given = sent.filter((text) => text.trim() !== '');
	if (field.required && given.length === 0) return { problem: 'missing' };
	if (given.some(({ length }) => length > LONGEST)) return { problem: 'tooLong' };
	if (field.options.length > 0) return readChoice(field, given);
	const [text = ''] = given;
	return text === '' ? { value: field.type === 'number' ? null : '' } : readText(field, text);
}

function readChoice({ options, multiple }: AnswerField, given: readonly string[]): ReadValue {
	if (given.some((text) => !options.includes(text))) return { problem: 'notAChoice' };
	return { value: multiple ? [...new Set(given)] : (given[0] ?? '') };
}

function readText({ type }: AnswerField, text: string): ReadValue {
	switch (type) {
		case 'number': {
			const number = Number(text);
			return Number.isFinite(number) ? { value: number } : { problem: 'notANumber' };
		}
		case 'email':
			return parseMailbox(text.trim(), { utf8: true }).ok
				? { value: text.trim() }
				: { problem: 'notAnAddress' };
		case 'date':
			return isDate(text) ? { value: text } : { problem: 'notADate' };
		default:
			// Browsers send lines as a form's body has them (RFC 7578); the answer has them as text has.
			return { value: text.replaceAll('\r\n', '\n') };
	}
}

/** As a date input sends it: `2026-11-30`. */
function isDate(text: string): boolean {
	if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
	const date = new Date(`${text}T00:00:00Z`);
	return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function listOf(value: string | string[] | undefined): string[] {
	if (value === undefined) return [];
	return Array.isArray(value) ? value : [value];
}
