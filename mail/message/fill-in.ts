import { compileTemplate, plainData } from './template';
import type { CompiledTemplate } from './template';

/** A subject and its versions, as Handlebars templates or filled in. */
export interface Content {
	subject: string;
	html?: string;
	text?: string;
}

export type FilledIn = { ok: true; content: Content } | { ok: false; problem: string };

/** As many as a few nodes use at a time; a template takes a hundred times longer to compile than to fill in. */
const MAX_KEPT = 30;
const kept = new Map<string, CompiledTemplate>();

/**
 * The templates of one mail filled in with this data. Values are made safe inside HTML, and stay as they
 * are in the subject and the text.
 *
 * @returns the first problem in words: where a template cannot be read, or the field that is missing
 */
export function fillIn(templates: Content, data: unknown, missing: 'error' | 'empty'): FilledIn {
	const plain = plainData(data);
	const content: Content = { subject: '' };
	for (const { part, field, escape } of PARTS) {
		const source = templates[part];
		if (source === undefined) continue;
		const compiled = compiledOnce(source, { field, escape, missing });
		if (!compiled.ok) return { ok: false, problem: compiled.problem.message };
		const rendered = compiled.template.render(plain);
		if (!rendered.ok) return rendered;
		content[part] = rendered.text;
	}
	return { ok: true, content };
}

const PARTS = [
	{ part: 'subject', field: 'Subject', escape: 'none' },
	{ part: 'html', field: 'HTML', escape: 'html' },
	{ part: 'text', field: 'Text', escape: 'none' },
] as const;

type Rules = Parameters<typeof compileTemplate>[1];

function compiledOnce(source: string, rules: Rules): CompiledTemplate {
	const key = JSON.stringify([rules.field, rules.missing, source]);
	const known = kept.get(key);
	if (known) return known;
	const compiled = compileTemplate(source, rules);
	const [oldest] = kept.keys();
	if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
	kept.set(key, compiled);
	return compiled;
}
