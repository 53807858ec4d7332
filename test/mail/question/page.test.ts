import { parseDocument } from 'htmlparser2';
import * as fc from 'fast-check';

import { readFields } from '../../../mail/question/fields';
import { questionLinks, questionParts } from '../../../mail/question/mail';
import { renderQuestion } from '../../../mail/question/page';
import type { FormQuestion } from '../../../mail/question/question';
import { QUESTION_WORDS } from '../../../mail/question/words';
import { LANGUAGES } from '../../../mail/tracking/pages/words';

const HOSTILE = `</textarea></style></title><script>alert(1)</script>"'><img src=x onerror=alert(1)>`;

interface Element {
	name?: string;
	attribs?: Record<string, string>;
	children?: Element[];
}

/** Every element of a page, as a browser reads it. */
function elementsOf(html: string): Element[] {
	const walk = (element: Element): Element[] => [
		element,
		...(element.children ?? []).flatMap(walk),
	];
	return walk(parseDocument(html) as unknown as Element).filter(
		({ name }) => name !== undefined && name !== '!doctype',
	);
}

function formWith(text: string): FormQuestion {
	const options = { fieldOptions: { values: [{ option: text }] } };
	const read = readFields(
		['text', 'textarea', 'dropdown', 'radio', 'checkbox', 'file', 'number', 'password'].map(
			(type) => ({
				fieldLabel: `${type} ${text}`,
				fieldType: type,
				placeholder: text,
				defaultValue: text,
				acceptFileTypes: text,
				...options,
			}),
		),
	);
	if (!read.ok) throw new Error(read.problem);
	const words = { title: text, message: text, respond: text, submit: text, style: text };
	return { kind: 'form', fields: read.fields, ...words };
}

const ALLOWED = new Set(
	'html head meta title style body main h1 p span form div label input textarea select option fieldset legend button'.split(
		' ',
	),
);

function expectHarmless(html: string) {
	for (const { name = '', attribs = {} } of elementsOf(html)) {
		expect(ALLOWED).toContain(name);
		expect(Object.keys(attribs).filter((each) => each.startsWith('on'))).toEqual([]);
	}
}

describe('the page of a question', () => {
	it('shows what anybody wrote as text', () => {
		const page = {
			language: 'en',
			sent: { texts: { 'field-0': HOSTILE, 'field-1': HOSTILE }, files: new Set<string>() },
			problems: new Map([['field-0', 'missing'] as const]),
		};
		expectHarmless(renderQuestion(formWith(HOSTILE), { language: 'en' }));
		expectHarmless(renderQuestion(formWith(HOSTILE), page));
		expectHarmless(
			renderQuestion(
				{
					kind: 'approval',
					title: HOSTILE,
					message: HOSTILE,
					decisions: [{ approved: true, label: HOSTILE }],
				},
				{ language: 'en' },
			),
		);
	});

	it('shows any text as text', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
				if (text.trim() === '') return;
				expectHarmless(renderQuestion(formWith(text), { language: 'en' }));
			}),
			{ numRuns: 200 },
		);
	});

	it('names each of its fields for whoever cannot see it, and says what is wrong beside it', () => {
		const html = renderQuestion(formWith('x'), {
			language: 'en',
			problems: new Map([['field-0', 'missing'] as const]),
		});
		const elements = elementsOf(html);
		const labelled = new Set(
			elements.filter(({ name }) => name === 'label').map(({ attribs }) => attribs?.for),
		);
		const controls = elements.filter(({ name }) =>
			['input', 'textarea', 'select'].includes(name ?? ''),
		);
		expect(controls).toHaveLength(8);
		for (const { attribs } of controls) expect(labelled).toContain(attribs?.id);
		const [first] = controls;
		expect(first?.attribs).toMatchObject({ 'aria-invalid': 'true' });
		expect(
			elements.some(({ attribs }) => attribs?.id === first?.attribs?.['aria-describedby']),
		).toBe(true);
	});

	it('does not send a password back', () => {
		const html = renderQuestion(formWith('x'), {
			language: 'en',
			sent: { texts: { 'field-7': 'secret-7' }, files: new Set() },
		});
		expect(html).not.toContain('secret-7');
	});

	it('speaks the languages of our other pages', () => {
		expect(Object.keys(QUESTION_WORDS).sort()).toEqual(Object.keys(LANGUAGES).sort());
	});
});

describe('the mail of a question', () => {
	it('shows what anybody wrote as text, and the links as they are', () => {
		const question = { ...formWith(HOSTILE), respond: HOSTILE };
		const url = 'https://n8n.example/webhook-waiting/1/a?approved=true&signature=b';
		const { html, text } = questionParts(
			question,
			questionLinks(question, () => url),
		);
		const elements = elementsOf(html);
		expect(new Set(elements.map(({ name }) => name))).toEqual(
			new Set(['html', 'head', 'meta', 'body', 'p', 'a']),
		);
		expect(elements.find(({ name }) => name === 'a')?.attribs?.href).toBe(url);
		expect(text).toContain(`\n${url}\n`);
	});
});
