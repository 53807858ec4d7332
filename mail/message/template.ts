import Handlebars from 'handlebars';

import { LITERAL_MARK } from './literals';
import type { Literals } from './literals';
import { TEMPLATE_HELPERS } from './template-helpers';

/** One field of a mail (subject, HTML, text) as a compiled Handlebars template. */
export interface Template {
	/**
	 * Fills in one recipient's data. Synchronous, bounded in time and size; never throws. The text holds
	 * marks of the literals it was compiled with.
	 */
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

/** Marks what was read from JSON, which can hold no such key; and no template can ask for it. */
const PLAIN = Symbol('plain');
/** JSON only: no prototypes, no functions, no getters. Made by `plainData`. */
export type PlainData = Readonly<Record<string, unknown>> & { readonly [PLAIN]: true };

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
 * @param options.literals takes what no data changes, and leaves marks in its place
 */
export function compileTemplate(source: string, options: TemplateOptions): CompiledTemplate {
	const { field, literals } = options;
	if (source.length > LIMITS.templateCharacters) return { ok: false, problem: tooLarge(field) };
	if (depthOf(source) > MAX_DEPTH)
		return { ok: false, problem: describeCompileError(new RangeError('depth'), field) };
	try {
		const program = engine.parse(unmarked(source));
		new FieldGuard().accept(program);
		if (literals) new LiteralTaker(literals).accept(program);
		const render = engine.compile(asOneBlock(program), {
			knownHelpers: KNOWN_HELPERS,
			knownHelpersOnly: true,
			noEscape: options.escape === 'none',
			explicitPartialContext: true,
		});
		// Handlebars compiles on first use: what is wrong with the template shall show now.
		const body = bodyOf(render);
		return { ok: true, template: { render: (data) => run(body, data, options) } };
	} catch (error) {
		return { ok: false, problem: describeCompileError(error, field) };
	}
}

export interface TemplateOptions {
	field: string;
	escape: 'html' | 'none';
	missing: 'error' | 'empty';
	literals?: Literals;
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
	if (isPlain(value)) return value;
	try {
		return plainDataOf(JSON.stringify(value ?? {}));
	} catch {
		// A circle, or a toJSON that throws: nothing of it can be rendered.
		return asPlain({});
	}
}

/** @throws SyntaxError for what is no JSON */
export function plainDataOf(json: string): PlainData {
	return asPlain(JSON.parse(unmarked(json)));
}

/** It was read by `plainDataOf`, and needs no copy. */
function isPlain(value: unknown): value is PlainData {
	return typeof value === 'object' && value !== null && Object.hasOwn(value, PLAIN);
}

/** A part of what `plainDataOf` read. */
export function asPlain(copy: unknown): PlainData {
	const data = typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? copy : {};
	return Object.assign(data, { [PLAIN]: true } as const);
}

/** Nobody but `Literals` makes marks. */
function unmarked(text: string): string {
	return text.includes(LITERAL_MARK) ? text.replaceAll(LITERAL_MARK, '\ufffd') : text;
}

/** An environment of our own: nothing that others register on Handlebars is seen here. */
const engine = Handlebars.create();
engine.unregisterHelper('log');
for (const [name, { run: helper }] of Object.entries(TEMPLATE_HELPERS))
	engine.registerHelper(name, helper);

const FIELD_HELPER = 'smtpSuiteField';
const BODY_HELPER = 'smtpSuiteBody';
const LENIENT_BUILT_INS = ['if', 'unless', 'each', 'with', 'lookup'];
const KNOWN_HELPERS = {
	...Object.fromEntries(
		[...Object.keys(TEMPLATE_HELPERS), ...LENIENT_BUILT_INS].map((name) => [name, true]),
	),
	[FIELD_HELPER]: true,
	[BODY_HELPER]: true,
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

function fieldShown(value: unknown, name: string, line: number): string {
	if (value === undefined || value === null) {
		if (spent.missing === 'empty') return '';
		throw new MissingField(`the field "${name}" is missing (line ${line} of the template)`);
	}
	const shown = typeof value === 'string' ? value : JSON.stringify(value);
	spend(shown.length);
	return shown;
}

/** What is no function, Handlebars hands on as it is, without a wrapper that expects options. */
engine.helpers[FIELD_HELPER] = { shown: fieldShown } as unknown as Handlebars.HelperDelegate;

/** What a compiler of Handlebars' makes its code with (its docs/compiler-api.md), as far as we use it. */
interface CodeMaker {
	compiler: new () => CodeMaker;
	source: { functionCall(name: unknown, method: string, parameters: unknown[]): unknown };
	aliasable(code: string): unknown;
	push(code: unknown): void;
	setupParams(helper: string, count: number, into: unknown[]): object;
	invokeKnownHelper(count: number, name: string): void;
}

/**
 * Calls for a field without the options that every helper gets: six objects a field, a third of what a
 * campaign left to the garbage collector.
 */
class FieldCompiler
	extends (engine as unknown as { JavaScriptCompiler: new () => CodeMaker }).JavaScriptCompiler
{
	override invokeKnownHelper(count: number, name: string): void {
		if (name !== FIELD_HELPER) {
			super.invokeKnownHelper(count, name);
			return;
		}
		const parameters: unknown[] = [];
		this.setupParams(name, count, parameters);
		const helper = this.aliasable(`helpers.${name}`);
		this.push(this.source.functionCall(helper, 'shown', parameters));
	}
}
FieldCompiler.prototype.compiler = FieldCompiler;
Object.assign(engine, { JavaScriptCompiler: FieldCompiler });

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
	body: TemplateBody,
	data: PlainData,
	{ field, missing, literals }: TemplateOptions,
): Rendered {
	Object.assign(spent, { steps: 0, characters: 0, missing });
	try {
		const text = body(data, { data: { root: data } });
		if ((literals?.lengthOf(text) ?? text.length) > LIMITS.outputCharacters)
			throw new TooMuch('it makes too much text');
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

/** A compiled template without what Handlebars does anew for each call: a third of the rendering. */
type TemplateBody = (data: PlainData, options: { data: object }) => string;

/** The whole template within one block, whose helper is handed the block's function. */
function asOneBlock(program: hbs.AST.Program): hbs.AST.Program {
	const { loc } = program;
	const block = {
		type: 'BlockStatement',
		path: helperPath(BODY_HELPER, loc),
		params: [],
		program: { ...program, blockParams: [] },
		openStrip: {},
		closeStrip: {},
		loc,
	};
	return { ...program, body: [block] };
}

const handedOut: TemplateBody[] = [];

engine.registerHelper(BODY_HELPER, (options: Handlebars.HelperOptions) => {
	handedOut.push(options.fn as TemplateBody);
	return '';
});

/**
 * Runs the compiler. What the template would print without any data is of no interest, nor whether
 * its helpers complain: that is for render to tell.
 *
 * @throws what the compiler finds wrong
 */
function bodyOf(render: Handlebars.TemplateDelegate): TemplateBody {
	render({}, OWN_PROPERTIES_ONLY);
	const [body] = handedOut.splice(0);
	if (!body) throw new Error('it cannot be compiled');
	Object.assign(spent, { steps: 0, characters: 0, missing: 'empty' });
	try {
		body(plainData({}), { data: { root: {} } });
	} catch (error) {
		if (isCompileError(error)) throw error;
	}
	return body;
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

/** Puts marks in the place of what the template says to everybody. */
class LiteralTaker extends Handlebars.Visitor {
	constructor(private readonly literals: Literals) {
		super();
	}

	override ContentStatement(content: hbs.AST.ContentStatement): void {
		content.value = this.literals.mark(content.value);
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
	return helperPath(FIELD_HELPER, loc);
}

function helperPath(name: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression {
	return { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc };
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
