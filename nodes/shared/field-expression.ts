/** `={{ $json.email }}`, `={{ $json.customer.email }}`, `={{ $json["E-mail"] }}` */
const FIELD_ONLY =
	/^=\{\{\s*\$json((?:\.[A-Za-z_$][\w$]{0,99}|\[(?:"[^"\\]{1,99}"|'[^'\\]{1,99}')\]){1,8})\s*\}\}$/;
const STEP = /\.([A-Za-z_$][\w$]*)|\["([^"]*)"\]|\['([^']*)'\]/g;

/** Looks a field of an item up; undefined where it is not there. */
export type FieldLookup = (json: unknown) => unknown;

/**
 * An expression that only names a field of the item, as dragging the field makes it. n8n takes a
 * millisecond for an expression and an item; a look-up takes none.
 *
 * @returns undefined for every other expression, which is n8n's to work out
 */
export function readFieldExpression(expression: string): FieldLookup | undefined {
	const path = FIELD_ONLY.exec(expression)?.[1];
	if (path === undefined) return undefined;
	const keys = [...path.matchAll(STEP)].map(
		([, dot, double, single]) => dot ?? double ?? single ?? '',
	);
	return (json) => valueAt(json, keys);
}

/** Own fields only, so that no prototype is reached. */
function valueAt(value: unknown, keys: readonly string[]): unknown {
	let at = value;
	for (const key of keys) {
		if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
		at = (at as Record<string, unknown>)[key];
	}
	return at;
}
