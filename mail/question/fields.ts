export const FIELD_TYPES = [
	'checkbox',
	'date',
	'dropdown',
	'email',
	'file',
	'hiddenField',
	'number',
	'password',
	'radio',
	'text',
	'textarea',
] as const;

export type FieldType = (typeof FIELD_TYPES)[number];

/** A field of a form, valid by construction: one that is chosen from has something to choose. */
export interface AnswerField {
	/** What the answer calls it. */
	key: string;
	label: string;
	type: FieldType;
	required: boolean;
	placeholder: string;
	/** What stands in it at first; of a hidden field, what it answers. */
	initial: string;
	/** For `checkbox`, `dropdown` and `radio`. */
	options: readonly string[];
	/** Several may be chosen, or several files given. */
	multiple: boolean;
	/** For `file`: the types that the reader is offered, as in HTML. */
	accept: string;
}

export type ReadFields = { ok: true; fields: AnswerField[] } | { ok: false; problem: string };

const CHOSEN_FROM: readonly FieldType[] = ['checkbox', 'dropdown', 'radio'];

const MAX_FIELDS = 100;

/**
 * Reads the fields of a form as n8n's forms describe them: `fieldLabel`, `fieldType`, `requiredField`
 * and so on. So what was made for n8n's own nodes can be taken over.
 */
export function readFields(given: unknown): ReadFields {
	if (!Array.isArray(given) || given.length === 0)
		return { ok: false, problem: 'The form has no fields. Add at least one.' };
	if (given.length > MAX_FIELDS)
		return { ok: false, problem: `The form has more than ${MAX_FIELDS} fields.` };
	const fields: AnswerField[] = [];
	for (const [index, each] of given.entries()) {
		const read = readField(each, `Field ${index + 1}`);
		if (typeof read === 'string') return { ok: false, problem: read };
		if (fields.some(({ key }) => key === read.key))
			return {
				ok: false,
				problem: `Two fields are called "${read.key}". The answer needs a name for each.`,
			};
		fields.push(read);
	}
	return { ok: true, fields };
}

/** @returns a sentence when it is none */
function readField(given: unknown, place: string): AnswerField | string {
	if (typeof given !== 'object' || given === null) return `${place} is no field.`;
	const raw = given as Record<string, unknown>;
	const type = textOf(raw.fieldType) || 'text';
	if (!isFieldType(type))
		return `${place}: there is no field type "${type}". There are: ${FIELD_TYPES.join(', ')}.`;
	const label = textOf(raw.fieldLabel).trim();
	const key = textOf(raw.fieldName).trim() || label;
	if (key === '') return `${place} has no label.`;
	// They would be other things than fields of the answer.
	if (['__proto__', 'respondedAt'].includes(key)) return `${place} cannot be called "${key}".`;
	const options = readOptions(raw.fieldOptions);
	if (CHOSEN_FROM.includes(type) && options.length === 0)
		return `${label || place}: a field of this type needs options to choose from.`;
	return {
		key,
		label: label || key,
		type,
		required: raw.requiredField === true && type !== 'hiddenField',
		placeholder: textOf(raw.placeholder),
		initial: textOf(
			type === 'hiddenField' ? (raw.fieldValue ?? raw.defaultValue) : raw.defaultValue,
		),
		options,
		multiple: type === 'checkbox' || readMultiple(type, raw),
		accept: textOf(raw.acceptFileTypes),
	};
}

function isFieldType(type: string): type is FieldType {
	return (FIELD_TYPES as readonly string[]).includes(type);
}

function readMultiple(type: FieldType, raw: Record<string, unknown>): boolean {
	if (type === 'dropdown') return raw.multiselect === true;
	return type === 'file' && raw.multipleFiles === true;
}

/** `{ values: [{ option }] }`, or a plain list of texts; each once. */
function readOptions(given: unknown): string[] {
	const list = Array.isArray(given) ? given : (given as { values?: unknown } | undefined)?.values;
	if (!Array.isArray(list)) return [];
	const options = list.map((each: unknown) =>
		textOf(
			typeof each === 'object' && each !== null ? (each as { option?: unknown }).option : each,
		),
	);
	return [...new Set(options.filter((option) => option !== ''))];
}

function textOf(value: unknown): string {
	return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
