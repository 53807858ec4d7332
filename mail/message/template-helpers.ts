import type Handlebars from 'handlebars';

/**
 * The helpers that a template may call besides if, unless, each, with and lookup.
 *
 * `lenient` helpers are made for missing fields; to all others a missing field is an error.
 */
export interface TemplateHelper {
	run: Handlebars.HelperDelegate;
	lenient?: boolean;
}

/** Handlebars gives each helper one argument more than the template wrote: its options. */
type Options = Handlebars.HelperOptions;

export const TEMPLATE_HELPERS: Readonly<Record<string, TemplateHelper>> = {
	/** `{{default name "friend"}}`: the second where the first is missing or empty. */
	default: {
		lenient: true,
		run: (value: unknown, otherwise: unknown) => (isBlank(value) ? otherwise : value),
	},
	/** `{{upper city}}`: LISBON */
	upper: { run: (value: unknown) => text(value).toUpperCase() },
	/** `{{lower code}}`: ab12 */
	lower: { run: (value: unknown) => text(value).toLowerCase() },
	/** `{{title city}}`: New York */
	title: {
		run: (value: unknown) =>
			text(value).replace(/(?<![\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase()),
	},
	/** `{{truncate note 80}}`: at most so many characters, with an ellipsis when cut. */
	truncate: {
		run: (value: unknown, length: unknown) => {
			// By code points: half of a surrogate pair is no character.
			const characters = Array.from(text(value));
			const limit = Math.max(1, Math.floor(Number(length)) || 1);
			return characters.length <= limit
				? characters.join('')
				: `${characters.slice(0, limit - 1).join('')}…`;
		},
	},
	/** `{{plural count "file" "files"}}`: the word that fits the number. */
	plural: {
		run: (count: unknown, one: unknown, many: unknown) => (Number(count) === 1 ? one : many),
	},
	/** `<a href="https://example.com/?q={{urlEncode city}}">`: S%C3%A3o%20Paulo */
	urlEncode: { run: (value: unknown) => encodeURIComponent(text(value).toWellFormed()) },
	/** `<a href="{{link url}}">`: an address that a click cannot turn into a script. */
	link: {
		run: (value: unknown) => {
			const address = text(value).trim();
			const scheme = URL.canParse(address) ? new URL(address).protocol : '';
			if (!LINK_SCHEMES.has(scheme))
				throw new Error(
					`"${address.slice(0, 80)}" is no link that begins with https:, mailto: or tel:`,
				);
			return address;
		},
	},
	/** `{{number total locale="de" digits=2}}`: 1.234,50 */
	number: {
		run: (value: unknown, options: Options) => {
			const digits = digitsOf(options);
			return formatNumber(value, options, {
				minimumFractionDigits: digits,
				maximumFractionDigits: digits,
			});
		},
	},
	/** `{{currency total "EUR" locale="de"}}`: 1.234,50 € */
	currency: {
		run: (value: unknown, currency: unknown, options: Options) =>
			formatNumber(value, options, { style: 'currency', currency: text(currency) }),
	},
	/** `{{date due "long" locale="fr" timeZone="Europe/Paris"}}`: 24 novembre 2026. Styles: full, long, medium, short. */
	date: {
		run: (value: unknown, ...rest: unknown[]) => {
			const options = rest.at(-1) as Options;
			const style = rest.length > 1 ? text(rest[0]) : 'medium';
			const date = new Date(typeof value === 'number' ? value : text(value));
			if (Number.isNaN(date.getTime())) throw new Error(`"${text(value)}" is not a date`);
			if (!isDateStyle(style))
				throw new Error(`"${style}" is no style of date; use full, long, medium or short`);
			return new Intl.DateTimeFormat(hashText(options, 'locale') || 'en', {
				dateStyle: style,
				timeZone: hashText(options, 'timeZone') || 'UTC',
			}).format(date);
		},
	},
	/** `{{#if (eq plan "pro")}} … {{/if}}` */
	eq: { lenient: true, run: (a: unknown, b: unknown) => a === b },
	ne: { lenient: true, run: (a: unknown, b: unknown) => a !== b },
	gt: { lenient: true, run: (a: unknown, b: unknown) => Number(a) > Number(b) },
	lt: { lenient: true, run: (a: unknown, b: unknown) => Number(a) < Number(b) },
	and: {
		lenient: true,
		run: (...values: unknown[]) =>
			values.slice(0, -1).every((value) => !isBlank(value) && value !== false),
	},
	or: {
		lenient: true,
		run: (...values: unknown[]) =>
			values.slice(0, -1).some((value) => !isBlank(value) && value !== false),
	},
	not: { lenient: true, run: (value: unknown) => isBlank(value) || value === false },
};

const LINK_SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);

function isBlank(value: unknown): boolean {
	return value === undefined || value === null || value === '';
}

function text(value: unknown): string {
	switch (typeof value) {
		case 'string':
			return value;
		case 'number':
		case 'boolean':
			return String(value);
		default:
			return '';
	}
}

function isDateStyle(style: string): style is 'full' | 'long' | 'medium' | 'short' {
	return ['full', 'long', 'medium', 'short'].includes(style);
}

function hashText(options: Options, name: string): string {
	const hash = options.hash as Record<string, unknown>;
	return text(hash[name]);
}

function digitsOf(options: Options): number | undefined {
	const digits = hashText(options, 'digits');
	return digits === '' ? undefined : Math.min(20, Math.max(0, Math.floor(Number(digits)) || 0));
}

function formatNumber(value: unknown, options: Options, format: Intl.NumberFormatOptions): string {
	const number = typeof value === 'number' ? value : Number.parseFloat(text(value));
	if (Number.isNaN(number)) throw new Error(`"${text(value)}" is not a number`);
	return new Intl.NumberFormat(hashText(options, 'locale') || 'en', format).format(number);
}
