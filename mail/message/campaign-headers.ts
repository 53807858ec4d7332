import type { CustomHeader } from './header-policy';
import { headerLines } from './message-headers';
import type { HeaderChoices, HeaderLines } from './message-headers';
import { compileTemplate } from './template';
import type { PlainData, Template, TemplateProblem } from './template';

/** The header lines that a campaign's user chose, for one copy; `own` are this recipient's alone. */
export type CampaignHeaders = (data: PlainData, own: readonly CustomHeader[]) => HeaderLines;

type Compiled = { ok: true; headers: CampaignHeaders } | { ok: false; problem: TemplateProblem };

/**
 * Values that hold `{{` are templates, as are the links of List-Unsubscribe; without any, the lines are
 * made once. A recipient's own header takes the place of the campaign's of that name.
 */
export function compileHeaders(choices: HeaderChoices, missing: 'error' | 'empty'): Compiled {
	const templates = new Map<string, Template>();
	for (const source of sourcesIn(choices)) {
		const compiled = compileTemplate(source, { field: 'Headers', escape: 'none', missing });
		if (!compiled.ok) return compiled;
		templates.set(source, compiled.template);
	}
	const fixed = templates.size === 0 ? headerLines(choices) : undefined;
	if (fixed?.ok === false)
		return { ok: false, problem: { field: 'Headers', line: 1, column: 1, message: fixed.problem } };
	return {
		ok: true,
		headers(data, own) {
			if (fixed && own.length === 0) return fixed;
			const filled = fill(choices, templates, data);
			if ('problem' in filled) return { ok: false, problem: filled.problem };
			const names = new Set(own.map(({ name }) => name.toLowerCase()));
			const common = (filled.custom ?? []).filter(({ name }) => !names.has(name.toLowerCase()));
			return headerLines({ ...filled, custom: [...common, ...own] });
		},
	};
}

function sourcesIn({ custom = [], unsubscribe = {} }: HeaderChoices): string[] {
	const texts = [...custom.map(({ value }) => value), unsubscribe.url, unsubscribe.mailto];
	return texts.filter((text) => text?.includes('{{')) as string[];
}

function fill(
	choices: HeaderChoices,
	templates: ReadonlyMap<string, Template>,
	data: PlainData,
): HeaderChoices | { problem: string } {
	let problem: string | undefined;
	const filled = (text: string): string => {
		const rendered = templates.get(text)?.render(data) ?? { ok: true, text };
		if (rendered.ok) return rendered.text;
		problem ??= rendered.problem;
		return '';
	};
	const { custom = [], unsubscribe } = choices;
	const made = {
		...choices,
		custom: custom.map(({ name, value }) => ({ name, value: filled(value) })),
		...(unsubscribe && {
			unsubscribe: {
				...unsubscribe,
				...(unsubscribe.url === undefined ? {} : { url: filled(unsubscribe.url) }),
				...(unsubscribe.mailto === undefined ? {} : { mailto: filled(unsubscribe.mailto) }),
			},
		}),
	};
	return problem === undefined ? made : { problem };
}
