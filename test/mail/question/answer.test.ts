import { readDecision, readForm } from '../../../mail/question/answer';
import { readFields } from '../../../mail/question/fields';
import type { AnswerField } from '../../../mail/question/fields';
import type { ApprovalQuestion } from '../../../mail/question/question';

function fieldsOf(...given: object[]): AnswerField[] {
	const read = readFields(given);
	if (!read.ok) throw new Error(read.problem);
	return read.fields;
}

const answer = (
	fields: AnswerField[],
	texts: Record<string, string | string[]>,
	files: string[] = [],
) => readForm({ fields }, { texts, files: new Set(files) });

const SIZES = { fieldOptions: { values: [{ option: 'S' }, { option: 'M' }, { option: 'M' }] } };

describe('the fields of a form', () => {
	it('are read as n8n describes them', () => {
		expect(
			fieldsOf(
				{ fieldLabel: ' Name ', requiredField: true, placeholder: 'Ada' },
				{ fieldLabel: 'Size', fieldName: 'size', fieldType: 'dropdown', ...SIZES },
			),
		).toMatchObject([
			{ key: 'Name', label: 'Name', type: 'text', required: true, placeholder: 'Ada' },
			{ key: 'size', label: 'Size', options: ['S', 'M'], multiple: false },
		]);
	});

	it.each([
		['none', [], 'no fields'],
		['no list', { fieldLabel: 'Name' }, 'no fields'],
		['a text', ['Name'], 'Field 1 is no field'],
		['an unknown type', [{ fieldLabel: 'A', fieldType: 'time' }], 'no field type "time"'],
		['no label', [{ fieldType: 'text' }], 'Field 1 has no label'],
		['nothing to choose', [{ fieldLabel: 'A', fieldType: 'radio' }], 'needs options'],
		['the same name twice', [{ fieldLabel: 'A' }, { fieldLabel: 'A' }], 'Two fields'],
		['the name of a prototype', [{ fieldLabel: '__proto__' }], 'cannot be called'],
		['the name of the time', [{ fieldLabel: 'respondedAt' }], 'cannot be called'],
		['too many', Array.from({ length: 101 }, (_, n) => ({ fieldLabel: `${n}` })), 'more than 100'],
	])('are refused: %s', (_, given, problem) => {
		const read = readFields(given);
		expect(read.ok ? '' : read.problem).toContain(problem);
	});
});

describe('an answer', () => {
	it('has the types of its fields', () => {
		const fields = fieldsOf(
			{ fieldLabel: 'text' },
			{ fieldLabel: 'number', fieldType: 'number' },
			{ fieldLabel: 'none', fieldType: 'number' },
			{ fieldLabel: 'date', fieldType: 'date' },
			{ fieldLabel: 'mail', fieldType: 'email' },
			{ fieldLabel: 'one', fieldType: 'dropdown', ...SIZES },
			{ fieldLabel: 'some', fieldType: 'checkbox', ...SIZES },
			{ fieldLabel: 'nothing', fieldType: 'checkbox', ...SIZES },
		);
		const texts = ['a\r\nb', '1.5', '', '2028-02-29', 'ada@example.com', 'M', ['S', 'M', 'S'], []];
		const sent = Object.fromEntries(texts.map((text, index) => [`field-${index}`, text]));
		expect(answer(fields, sent)).toEqual({
			ok: true,
			values: {
				text: 'a\nb',
				number: 1.5,
				none: null,
				date: '2028-02-29',
				mail: 'ada@example.com',
				one: 'M',
				some: ['S', 'M'],
				nothing: [],
			},
		});
	});

	it.each([
		['an empty field that is required', { requiredField: true }, ' ', 'missing'],
		['no number', { fieldType: 'number' }, 'two', 'notANumber'],
		['an endless number', { fieldType: 'number' }, '1e999', 'notANumber'],
		['no address', { fieldType: 'email' }, 'ada', 'notAnAddress'],
		[
			'an address with a header',
			{ fieldType: 'email' },
			'a@b.test\r\nBcc: c@d.test',
			'notAnAddress',
		],
		['no date', { fieldType: 'date' }, 'tomorrow', 'notADate'],
		['a day that is none', { fieldType: 'date' }, '2027-02-29', 'notADate'],
		['no option', { fieldType: 'radio', ...SIZES }, 'XXL', 'notAChoice'],
		['one option too many', { fieldType: 'checkbox', ...SIZES }, ['S', 'XXL'], 'notAChoice'],
		['a novel', {}, 'x'.repeat(100_001), 'tooLong'],
	])('is refused: %s', (_, field, text, problem) => {
		expect(answer(fieldsOf({ fieldLabel: 'A', ...field }), { 'field-0': text })).toEqual({
			ok: false,
			problems: new Map([['field-0', problem]]),
		});
	});

	it('asks for a file that is required', () => {
		const fields = fieldsOf({ fieldLabel: 'File', fieldType: 'file', requiredField: true });
		expect(answer(fields, {})).toMatchObject({ ok: false });
		expect(answer(fields, {}, ['field-0'])).toEqual({ ok: true, values: {} });
	});

	it('has what a hidden field was given by its maker, whatever was sent', () => {
		const fields = fieldsOf({ fieldName: 'order', fieldType: 'hiddenField', fieldValue: '7' });
		expect(answer(fields, { 'field-0': '8' })).toEqual({ ok: true, values: { order: '7' } });
	});

	it('has no field that was not asked for', () => {
		const fields = fieldsOf({ fieldLabel: 'A' });
		const sent = { 'field-0': 'a', 'field-1': 'b', approved: 'true', respondedAt: 'never' };
		expect(answer(fields, sent)).toEqual({ ok: true, values: { A: 'a' } });
	});
});

describe('a decision', () => {
	const question = (...approved: boolean[]): ApprovalQuestion => ({
		kind: 'approval',
		title: '',
		message: '',
		decisions: approved.map((each) => ({ approved: each, label: '' })),
	});
	const read = (asked: ApprovalQuestion, approved: string | string[]) =>
		readDecision(asked, { texts: { approved }, files: new Set() });

	it('is one of those that were offered', () => {
		expect(read(question(true, false), 'true')).toBe(true);
		expect(read(question(true, false), 'false')).toBe(false);
	});

	it.each(['false', 'TRUE', '1', '', ['true', 'true']])(
		'is not %p where only approval is',
		(sent) => {
			expect(read(question(true), sent)).toBeUndefined();
		},
	);
});
