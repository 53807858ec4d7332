import type { Finding, Fix } from '../../../mail/deliverability/finding';
import type { ZoneRecord } from '../../support/zone-server';

type DnsFix = Extract<Fix, { kind: 'dns' }>;

/** What must or should change. */
export function toBeMended(findings: readonly Finding[]): Finding[] {
	return findings.filter(({ status }) => status === 'fail' || status === 'warning');
}

/** Does with the zone what a person does who follows the advice: all of it, and each change once. */
export function followAdvice(
	records: readonly ZoneRecord[],
	findings: readonly Finding[],
): ZoneRecord[] {
	let zone = [...records];
	const done = new Set<string>();
	for (const fix of findings.flatMap(({ fixes }) => fixes)) {
		if (fix.kind !== 'dns' || isElsewhere(fix, records)) continue;
		const change = JSON.stringify({ ...fix, note: undefined });
		if (!done.has(change)) zone = apply(zone, fix);
		done.add(change);
	}
	return zone;
}

/** The file for the policy server, where one is advised; else the one that is there. */
export function adviseFile(
	policy: string | undefined,
	findings: readonly Finding[],
): string | undefined {
	const advised = findings
		.flatMap(({ fixes }) => fixes)
		.flatMap((fix) => (fix.kind === 'setting' ? [fix.text] : []))
		.map((text) => /^Put this into the file:\n([^]*)\nThen change/.exec(text)?.[1]);
	return advised.find((text) => text !== undefined) ?? policy;
}

/** No record can stand beside an alias: whoever runs its target is asked to change it. */
function isElsewhere({ name, note }: DnsFix, records: readonly ZoneRecord[]): boolean {
	if (!records.some(([at, type]) => at === name && type === 'CNAME')) return false;
	if (note?.includes('is an alias (CNAME)') !== true)
		throw new Error(`${name} is an alias, and the advice does not say so`);
	return true;
}

function apply(zone: readonly ZoneRecord[], fix: DnsFix): ZoneRecord[] {
	const gone = fix.action === 'delete' ? fix.value : fix.oldValue;
	const kept = zone.filter((record) => !isRecord(record, fix, gone));
	if (gone !== undefined && kept.length === zone.length)
		throw new Error(`${fix.name} ${fix.type}: there is no "${gone}" to take away`);
	return fix.action === 'delete'
		? kept
		: [...kept, [fix.name, fix.type, fix.type === 'MX' ? `${fix.value}.` : fix.value]];
}

function isRecord([name, type, value]: ZoneRecord, fix: DnsFix, content = '\0'): boolean {
	if (name !== fix.name) return false;
	if (type !== 'STRINGS') return type === fix.type && plain(value) === plain(content);
	const strings = value.match(/"[^"]*"/g) ?? [];
	return strings.map((text) => text.slice(1, -1)).join('') === content;
}

function plain(value: string): string {
	return value.replace(/\.$/, '').toLowerCase();
}
