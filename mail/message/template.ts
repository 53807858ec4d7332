import Handlebars from 'handlebars';

import { TEMPLATE_HELPERS } from './template-helpers';

/** One field of a mail (subject, HTML, text) as a compiled Handlebars template. */
export interface Template {
	/** Fills in one recipient's data. Synchronous, bounded in time and size; never throws. */
	render(data: PlainData): Rendered;
}

export type Rendered = { ok: true; text: string } | { ok: false; problem: string };

export type CompiledTemplate =
	{ ok: true; template: Template } | { ok: false; problem: TemplateProblem };

/** Where a template cannot be read; `message` names the field, line and column too. */
export interface TemplateProblem {
	field: string;
	line: number;
	column: number;
	message: string;
}

declare const plain: unique symbol;
/** JSON only: no prototypes, no functions, no getters. Made by `plainData`. */
export type PlainData = Readonly<Record<string, unknown>> & { readonly [plain]: true };

/** What one recipient's data may cost; a template that needs more is a mistake or an attack. */
const LIMITS = {
	templateCharacters: 2_000_000,
	outputCharacters: 5_000_000,
	/** Rounds of `each` and fields filled in, for one recipient and one template. */
	steps: 200_000,
};

/**
 * Compiles a template that a person wrote.
 *
 * Only strings are accepted, and only the helpers of template-helpers: no partials, no decorators. A
 * field that an item does not have (or that is null) is an error that names it, unless `missing` is
 * `empty`; `if`, `each` and `default` are made to ask for fields that may be missing.
 *
 * @param options.field the user's name of the field, for messages
 * @param options.escape `html` makes values safe inside HTML text and quoted attributes
 */
export function compileTemplate(
	source: string,
	options: { field: string; escape: 'html' | 'none'; missing: 'error' | 'empty' },
): CompiledTemplate {
	const { field } = options;
	if (source.length > LIMITS.templateCharacters) return { ok: false, problem: tooLarge(field) };
	if (depthOf(source) > MAX_DEPTH)
		return { ok: false, problem: describeCompileError(new RangeError('depth'), field) };
	try {
		const program = engine.parse(source);
		new FieldGuard().accept(program);
		const render = engine.compile(program, {
			knownHelpers: KNOWN_HELPERS,
			knownHelpersOnly: true,
			noEscape: options.escape === 'none',
			explicitPartialContext: true,
		});
		// Handlebars compiles on first use: what is wrong with the template shall show now.
		const problem = compileNow(render);
		if (problem) return { ok: false, problem: describeCompileError(problem, field) };
		return { ok: true, template: { render: (data) => run(render, data, options) } };
	} catch (error) {
		return { ok: false, problem: describeCompileError(error, field) };
	}
}

/** Deeper than this nobody writes by hand; the compiler's time grows with the square of the depth. */
const MAX_DEPTH = 100;

function depthOf(source: string): number {
	let depth = 0;
	let deepest = 0;
	for (const [, sign] of source.matchAll(/\{\{~?([#/])/g)) {
		depth += sign === '#' ? 1 : -1;
		deepest = Math.max(deepest, depth);
	}
	return deepest;
}

/** A copy of any value as plain JSON, for `render`. What is no object becomes an empty one. */
export function plainData(value: unknown): PlainData {
	try {
		const copy: unknown = JSON.parse(JSON.stringify(value ?? {}));
		return (
			typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? copy : {}
		) as PlainData;
	} catch {
		// A circle, or a toJSON that throws: nothing of it can be rendered.
		return {} as PlainData;
	}
}

/** An environment of our own: nothing that others register on Handlebars is seen here. */
const engine = Handlebars.create();
engine.unregisterHelper('log');
for (const [name, { run: helper }] of Object.entries(TEMPLATE_HELPERS))
	engine.registerHelper(name, helper);

const FIELD_HELPER = 'smtpSuiteField';
const LENIENT_BUILT_INS = ['if', 'unless', 'each', 'with', 'lookup'];
const KNOWN_HELPERS = {
	...Object.fromEntries(
		[...Object.keys(TEMPLATE_HELPERS), ...LENIENT_BUILT_INS].map((name) => [name, true]),
	),
	[FIELD_HELPER]: true,
	log: false,
};

/** What the render under way has used up; rendering is synchronous, so there is only ever one. */
const spent = { steps: 0, characters: 0, missing: 'error' as 'error' | 'empty' };

/** Said aloud, it also keeps Handlebars from printing a warning for each try. */
const OWN_PROPERTIES_ONLY = {
	allowProtoPropertiesByDefault: false,
	allowProtoMethodsByDefault: false,
};

class MissingField extends Error {}
class TooMuch extends Error {}

function spend(characters: number): void {
	spent.steps += 1;
	spent.characters += characters;
	if (spent.steps > LIMITS.steps || spent.characters > LIMITS.outputCharacters)
		throw new TooMuch('it makes too much text, or goes round too often');
}

engine.registerHelper(FIELD_HELPER, (value: unknown, name: string, line: number) => {
	if (value === undefined || value === null) {
		if (spent.missing === 'empty') return '';
		throw new MissingField(`the field "${name}" is missing (line ${line} of the template)`);
	}
	const shown = typeof value === 'string' ? value : JSON.stringify(value);
	spend(shown.length);
	return shown;
});

const builtInEach = engine.helpers.each;
engine.registerHelper(
	'each',
	function (this: unknown, context: unknown, options: Handlebars.HelperOptions) {
		const counted = (body: Handlebars.TemplateDelegate): Handlebars.TemplateDelegate =>
			((...args: Parameters<Handlebars.TemplateDelegate>) => {
				const text = body(...args);
				spend(text.length);
				return text;
			}) as Handlebars.TemplateDelegate;
		return builtInEach?.call(this, context, { ...options, fn: counted(options.fn) }) as string;
	},
);

function run(
	render: Handlebars.TemplateDelegate,
	data: PlainData,
	{ field, missing }: { field: string; missing: 'error' | 'empty' },
): Rendered {
	Object.assign(spent, { steps: 0, characters: 0, missing });
	try {
		const text = render(data, {
			allowProtoPropertiesByDefault: false,
			allowProtoMethodsByDefault: false,
		});
		if (text.length > LIMITS.outputCharacters) throw new TooMuch('it makes too much text');
		return { ok: true, text };
	} catch (error) {
		return { ok: false, problem: `${field} cannot be filled in: ${(error as Error).message}.` };
	}
}

/** Handlebars' parser tells where it stumbled only through this hook. */
class TemplateSyntaxError extends Error {
	constructor(
		message: string,
		readonly line: number,
		readonly column: number,
	) {
		super(message);
	}
}

interface ParserInternals {
	Parser: { yy: object; parseError: (message: string, hash: ParseErrorHash) => never };
}
interface ParseErrorHash {
	token?: string | null;
	text?: string;
	line?: number;
	loc?: { first_line: number; first_column: number };
}
(engine as unknown as ParserInternals).Parser.parseError = (
	message,
	{ token, text, line, loc },
) => {
	const what =
		token === 'EOF'
			? 'the template ends too early; a {{ without its }}, or a block such as {{#if}} without its {{/if}}'
			: token === 'INVALID' || message.startsWith('Lexical')
				? 'a {{ is not closed, or holds a character that may not stand there'
				: `"${(text ?? '').trim().slice(0, 30)}" may not stand here`;
	throw new TemplateSyntaxError(
		what,
		loc?.first_line ?? (line ?? 0) + 1,
		(loc?.first_column ?? 0) + 1,
	);
};

/** Runs the compiler without caring for what the template would print. */
function compileNow(render: Handlebars.TemplateDelegate): unknown {
	try {
		Object.assign(spent, { steps: 0, characters: 0, missing: 'empty' });
		render({}, OWN_PROPERTIES_ONLY);
		return undefined;
	} catch (error) {
		// With no data at all helpers may well complain; that is for render to tell.
		return isCompileError(error) ? error : undefined;
	}
}

function isCompileError(error: unknown): boolean {
	return error instanceof Error && ('lineNumber' in error || error instanceof RangeError);
}

/**
 * Rewrites the parsed template so that every field to be printed is asked for by name:
 * `{{user.name}}` becomes `{{smtpSuiteField user.name "user.name" 3}}`, and so do the fields given to
 * helpers that need them. Partials and decorators are refused.
 */
class FieldGuard extends Handlebars.Visitor {
	override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
		const { path } = mustache;
		// Without parameters it is a field, also where a helper has the same name: {{title}}, {{date}}.
		if (isPath(path) && mustache.params.length === 0 && !hasHash(mustache)) {
			mustache.params = [path, ...nameAndLine(path)];
			mustache.path = fieldHelper(path);
			return;
		}
		this.guardParameters(mustache);
		super.MustacheStatement(mustache);
	}

	override SubExpression(expression: hbs.AST.SubExpression): void {
		this.guardParameters(expression);
		super.SubExpression(expression);
	}

	override PartialStatement(partial: hbs.AST.PartialStatement): void {
		throw refusal('{{> …}} (a partial) cannot be used here', partial);
	}

	override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
		throw refusal('{{#> …}} (a partial) cannot be used here', partial);
	}

	override Decorator(decorator: hbs.AST.Decorator): void {
		throw refusal('{{* …}} (a decorator) cannot be used here', decorator);
	}

	override DecoratorBlock(decorator: hbs.AST.DecoratorBlock): void {
		throw refusal('{{#* …}} (a decorator) cannot be used here', decorator);
	}

	private guardParameters(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void {
		const { path } = call;
		if (!isPath(path) || isLenient(path.original)) return;
		call.params = call.params.map((parameter) =>
			isPath(parameter) ? asRequired(parameter) : parameter,
		);
	}
}

/** Handlebars leaves the hash out where its types promise one. */
function hasHash({ hash }: { hash: hbs.AST.Hash | undefined }): boolean {
	return hash !== undefined;
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
	return node.type === 'PathExpression';
}

function isLenient(name: string): boolean {
	return (
		name === FIELD_HELPER ||
		LENIENT_BUILT_INS.includes(name) ||
		(Object.hasOwn(TEMPLATE_HELPERS, name) && TEMPLATE_HELPERS[name]?.lenient === true)
	);
}

function asRequired(path: hbs.AST.PathExpression): hbs.AST.SubExpression {
	return {
		type: 'SubExpression',
		path: fieldHelper(path),
		params: [path, ...nameAndLine(path)],
		hash: undefined as unknown as hbs.AST.Hash,
		loc: path.loc,
	};
}

function fieldHelper({ loc }: hbs.AST.PathExpression): hbs.AST.PathExpression {
	return {
		type: 'PathExpression',
		data: false,
		depth: 0,
		parts: [FIELD_HELPER],
		original: FIELD_HELPER,
		loc,
	};
}

function nameAndLine({ original, loc }: hbs.AST.PathExpression): hbs.AST.Expression[] {
	const name: hbs.AST.StringLiteral = { type: 'StringLiteral', value: original, original, loc };
	const line = loc.start.line;
	return [
		name,
		{ type: 'NumberLiteral', value: line, original: line, loc } as hbs.AST.NumberLiteral,
	];
}

function refusal(message: string, { loc }: hbs.AST.Node): TemplateSyntaxError {
	return new TemplateSyntaxError(message, loc.start.line, loc.start.column + 1);
}

function describeCompileError(error: unknown, field: string): TemplateProblem {
	const { line, column, what } = placeOf(error);
	return {
		field,
		line,
		column,
		message: `${field} is no valid template (line ${line}, column ${column}): ${what}.`,
	};
}

function placeOf(error: unknown): { line: number; column: number; what: string } {
	if (error instanceof TemplateSyntaxError)
		return { line: error.line, column: error.column, what: error.message };
	if (error instanceof RangeError)
		return { line: 1, column: 1, what: 'its blocks are nested too deeply' };
	const { lineNumber, column, message } = error as Error & { lineNumber?: number; column?: number };
	return {
		line: lineNumber ?? 1,
		column: (column ?? 0) + 1,
		what: inPlainWords(message.replace(/ - \d+:\d+$/, '')),
	};
}

function inPlainWords(message: string): string {
	const helper = /unknown helper (\S+)/.exec(message)?.[1];
	if (helper)
		return `there is no helper "${helper}"; a field's name has no spaces, or stands in brackets: {{[First Name]}}`;
	const mismatch = /^(\S+) doesn't match (\S+)/.exec(message);
	if (mismatch) return `{{#${mismatch[1] ?? ''}}} is closed by {{/${mismatch[2] ?? ''}}}`;
	return message;
}

function tooLarge(field: string): TemplateProblem {
	return {
		field,
		line: 1,
		column: 1,
		message: `${field} is longer than ${LIMITS.templateCharacters} characters. Shorten it; pictures belong in attachments or on a server.`,
	};
}
