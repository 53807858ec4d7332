/** What a domain's policy file says (RFC 8461 section 3.2). */
export interface MtaStsPolicy {
	mode: 'enforce' | 'testing' | 'none';
	/** How long senders remember it, in seconds. */
	maxAge: number;
	/** Names that the domain's mail servers may have, in lower case; `*.` stands for one label. */
	mx: string[];
}

/** The most that a sender has to remember it for. */
const MAX_AGE = 31_557_600;
const MAX_LINES = 1_000;
const HOST =
	/^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a policy file as senders do: fields in any order, unknown ones passed over, of a repeated one
 * other than `mx` the first.
 *
 * @returns the policy, or in the user's words why senders take it for none
 */
export function readMtaStsPolicy(text: string): MtaStsPolicy | { problem: string } {
	const fields = new Map<string, string>();
	const mx: string[] = [];
	for (const line of text.split(/\r?\n/, MAX_LINES)) {
		const [name = '', ...rest] = line.trim().split(':');
		const value = rest.join(':').trim();
		if (name === 'mx') mx.push(value.toLowerCase().replace(/\.$/, ''));
		else if (!fields.has(name)) fields.set(name, value);
	}
	if (fields.get('version') !== 'STSv1') return { problem: 'it has no line "version: STSv1"' };
	const mode = fields.get('mode');
	if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none')
		return { problem: 'it has no line "mode:" with enforce, testing or none' };
	const maxAge = fields.get('max_age') ?? '';
	if (!/^\d{1,10}$/.test(maxAge) || Number(maxAge) > MAX_AGE)
		return { problem: `it has no line "max_age:" with a number of seconds up to ${MAX_AGE}` };
	const wrong = mx.find((name) => !HOST.test(name));
	if (wrong !== undefined)
		return { problem: `"mx: ${wrong.slice(0, 100)}" is no name of a mail server` };
	if (mx.length === 0 && mode !== 'none')
		return { problem: 'it has no line "mx:" that names a mail server' };
	return { mode, maxAge: Number(maxAge), mx };
}

/** A policy file with these contents. */
export function writeMtaStsPolicy({ mode, maxAge, mx }: MtaStsPolicy): string {
	return [
		'version: STSv1',
		`mode: ${mode}`,
		...mx.map((name) => `mx: ${name}`),
		`max_age: ${maxAge}`,
	].join('\n');
}

/** Whether a mail server's name is one of the policy's (RFC 8461 section 4.1). */
export function isNamedIn({ mx }: Pick<MtaStsPolicy, 'mx'>, host: string): boolean {
	const name = host.toLowerCase();
	const dot = name.indexOf('.');
	return mx.some((pattern) =>
		pattern.startsWith('*.')
			? dot > 0 && name.slice(dot + 1) === pattern.slice(2)
			: name === pattern,
	);
}
