import { compileTemplate, plainData } from '../../../mail/message/template';

function render(
	source: string,
	data: unknown,
	{
		escape = 'html',
		missing = 'error',
	}: { escape?: 'html' | 'none'; missing?: 'error' | 'empty' } = {},
): string {
	const compiled = compileTemplate(source, { field: 'HTML', escape, missing });
	if (!compiled.ok) return `COMPILE ${compiled.problem.message}`;
	const rendered = compiled.template.render(plainData(data));
	return rendered.ok ? rendered.text : `PROBLEM ${rendered.problem}`;
}

describe('a template', () => {
	it('escapes for HTML, and does not for text', () => {
		expect(render('{{name}}', { name: "O'Brien <b>" })).toBe('O&#x27;Brien &lt;b&gt;');
		expect(render('{{name}}', { name: "O'Brien" }, { escape: 'none' })).toBe("O'Brien");
	});

	it('names a missing field and its line', () => {
		expect(render('Hi\n{{user.city}}', { user: {} })).toContain('"user.city" is missing (line 2');
		expect(render('{{name}}', { name: null })).toContain('"name" is missing');
		expect(render('{{upper name}}', {})).toContain('"name" is missing');
		expect(render('[{{name}}]', {}, { missing: 'empty' })).toBe('[]');
	});

	it('may ask whether a field is there', () => {
		expect(render('{{#if x}}a{{else}}b{{/if}}{{default name "friend"}}', {})).toBe('bfriend');
		expect(render('{{#each l}}{{n}}{{../x}}{{/each}}', { l: [{ n: 1 }, { n: 2 }], x: '.' })).toBe(
			'1.2.',
		);
	});

	it('takes a field for a field, also where a helper has its name', () => {
		expect(render('{{title}} {{date}}', { title: 'A', date: 'B' })).toBe('A B');
	});

	it.each([
		['Hello {{name', 'line 1, column 7'],
		['a\n{{#if a}} x', 'ends too early'],
		['{{#if a}}{{/each}}', '{{#if}} is closed by {{/each}}'],
		['{{first name}}', 'no helper "first"'],
		['{{> part}}', 'partial'],
		['{{#> layout}}{{/layout}}', 'partial'],
		['{{* inline}}', 'decorator'],
	])('%j does not compile, and says where and why', (source, words) => {
		expect(render(source, {})).toMatch(
			/^COMPILE HTML is no valid template \(line \d+, column \d+\)/,
		);
		expect(render(source, {})).toContain(words);
	});
});

describe('a hostile template', () => {
	it.each([
		'{{constructor}}',
		'{{toString}}',
		'{{__proto__}}',
		'{{__proto__.x}}',
		'{{a.constructor}}',
	])('%s reaches no prototype', (source) => {
		expect(render(source, { a: {} })).toMatch(/^PROBLEM/);
	});

	it('cannot call what data brings along', () => {
		let called = false;
		const data = { name: () => (called = true), nested: { toJSON: () => 'x' } };
		expect(render('{{name}}', data)).toMatch(/^PROBLEM/);
		expect(called).toBe(false);
	});

	it('that goes round for ever is stopped', () => {
		const rounds = '{{#each a}}{{#each ../a}}{{#each ../../a}}x{{/each}}{{/each}}{{/each}}';
		expect(render(rounds, { a: Array(1500).fill(1) })).toContain('too often');
	});

	it('nested without end is refused', () => {
		expect(render('{{#if a}}'.repeat(20_000) + '{{/if}}'.repeat(20_000), { a: 1 })).toContain(
			'nested too deeply',
		);
	});

	it('in the data is data', () => {
		expect(render('{{name}}', { name: '{{evil}}' })).toBe('{{evil}}');
	});

	it('with a million characters in a field is rendered whole', () => {
		expect(render('{{name}}', { name: 'x'.repeat(1_000_000) })).toHaveLength(1_000_000);
	});
});

it('formats for people', () => {
	const data = { n: 1234.5, d: '2026-11-24', s: 'hello wörld' };
	expect(
		render(
			'{{number n locale="de" digits=2}}|{{date d "long" locale="fr"}}|{{plural 1 "file" "files"}}|{{truncate s 6}}|{{urlEncode s}}|{{title s}}',
			data,
		),
	).toBe('1.234,50|24 novembre 2026|file|hello…|hello%20w%C3%B6rld|Hello Wörld');
	expect(render('{{date d "long" locale="de"}}', { d: 'soon' })).toContain('"soon" is not a date');
});
