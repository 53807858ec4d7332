'use strict';

/**
 * A node's or credential's form as a page: every field as the editor shows it, in its order, read from
 * the description that n8n reads. What stands there is right by construction; what it is good for is
 * said in the pages that people wrote.
 */

/** Fields that n8n fills in by itself, or that say nothing about the form. */
const SILENT = new Set(['hidden']);
/** Fields that hold other fields. */
const NESTING = new Set(['collection', 'fixedCollection']);

/**
 * @param {object} description an INodeTypeDescription or ICredentialType
 * @param {object} options
 * @param {'node' | 'credential'} options.kind
 * @param {string} [options.about] the page that explains it
 * @param {Map<string, string>} [options.credentialNames] what the editor calls each credential type
 * @returns {string} the page, in Markdown
 */
function referencePage(description, { kind, about, credentialNames = new Map() }) {
	const title = description.displayName;
	const names = nameTable(description.properties);
	const lines = [
		`# ${title}: every field`,
		'',
		`Made from the ${kind} itself by \`npm run docs\`.${about ? ` What it is for, and how it behaves: [${title}](../${about}).` : ''}`,
		'',
	];
	if (description.description) lines.push(sentence(description.description), '');
	lines.push(...outputLines(description), ...credentialLines(description, credentialNames));
	lines.push('## Fields', '', ...fieldTable(description.properties, names));
	for (const property of nested(description.properties))
		lines.push(`## ${property.displayName}`, '', ...collectionLines(property, names));
	return `${lines.join('\n').trimEnd()}\n`;
}

function outputLines({ outputNames }) {
	if (!Array.isArray(outputNames) || outputNames.length === 0) return [];
	return [`Outputs, in this order: ${outputNames.join(', ')}.`, ''];
}

function credentialLines({ credentials = [] }, credentialNames) {
	if (credentials.length === 0) return [];
	const names = credentials.map(
		({ name, required }) =>
			`${credentialNames.get(name) ?? name}${required ? '' : ' (if you want it)'}`,
	);
	return [`Credentials: ${[...new Set(names)].join(', ')}.`, ''];
}

function fieldTable(properties, names) {
	const rows = properties.flatMap((property) =>
		SILENT.has(property.type) ? [] : [fieldRow(property, names)],
	);
	return rows.length === 0
		? ['None.', '']
		: ['| field | meaning | default |', '| --- | --- | --- |', ...rows, ''];
}

function fieldRow(property, names) {
	if (property.type === 'notice')
		return `| _notice_ | ${cell([plain(property.displayName), shownWhen(property, names)])} | |`;
	const meaning = [
		sentence(plain(property.description ?? '')),
		sentence(plain(property.hint ?? '')),
		choices(property),
		property.required ? 'Required.' : '',
		shownWhen(property, names),
	];
	return `| **${property.displayName}** | ${cell(meaning)} | ${cell([defaultOf(property)])} |`;
}

/** The choices of a list, each with its description. */
function choices({ type, options }) {
	if ((type !== 'options' && type !== 'multiOptions') || !Array.isArray(options)) return '';
	const described = options.map(({ name, description }) =>
		description ? `_${name}_: ${sentence(plain(description))}` : `_${name}_.`,
	);
	return described.join('<br>');
}

/** Under what choices the editor shows a field, in the names that it shows. */
function shownWhen({ displayOptions }, names) {
	const show = Object.entries(displayOptions?.show ?? {})
		.filter(([name]) => !name.startsWith('@') && !name.startsWith('/@'))
		.map(([name, values]) => {
			const field = names.get(name.replace(/^\//, ''));
			const chosen = values.map((value) => field?.choice(value) ?? describeCondition(value));
			return `${field?.label ?? name} is ${chosen.join(' or ')}`;
		});
	return show.length === 0 ? '' : `Shown when ${show.join(' and ')}.`;
}

function describeCondition(value) {
	if (typeof value === 'boolean') return value ? 'on' : 'off';
	if (value === null || typeof value !== 'object') return String(value);
	const [how, what] = Object.entries(value._cnd ?? {})[0] ?? ['', ''];
	return `${how} ${String(what)}`.trim();
}

function defaultOf({ type, default: value, options }) {
	if (NESTING.has(type) || value === undefined || value === '' || value === null) return '';
	if (typeof value === 'boolean') return value ? 'on' : 'off';
	if (Array.isArray(value)) return value.map((one) => choiceName(options, one)).join(', ');
	if (typeof value === 'object') return '';
	const chosen = choiceName(options, value);
	return chosen.length > 60 || chosen.includes('\n') ? '_an example_' : chosen;
}

function choiceName(options, value) {
	const found = Array.isArray(options)
		? options.find((option) => option && option.value === value)
		: undefined;
	return found?.name ?? String(value);
}

function* nested(properties) {
	for (const property of properties) if (NESTING.has(property.type)) yield property;
}

function collectionLines(property, names) {
	const intro = [sentence(plain(property.description ?? '')), shownWhen(property, names)]
		.filter(Boolean)
		.join(' ');
	const lines = intro ? [intro, ''] : [];
	if (property.type === 'fixedCollection') {
		for (const group of property.options ?? [])
			lines.push(...fieldTable(group.values ?? [], inner(group.values ?? [], names)));
		return lines;
	}
	const known = inner(property.options ?? [], names);
	lines.push(...fieldTable(property.options ?? [], known));
	for (const deeper of nested(property.options ?? []))
		lines.push(`### ${deeper.displayName}`, '', ...collectionLines(deeper, known));
	return lines;
}

function inner(properties, names) {
	return new Map([...names, ...nameTable(properties)]);
}

/** Field names as the code knows them, with what the editor calls them. */
function nameTable(properties) {
	return new Map(
		properties.map(({ name, displayName, options }) => [
			name,
			{
				label: displayName,
				choice: (value) =>
					typeof value === 'string' || typeof value === 'number'
						? choiceName(options, value)
						: undefined,
			},
		]),
	);
}

/** Descriptions may hold a little HTML. */
function plain(text) {
	return text
		.replace(/<a href="([^"]*)"[^>]*>([^<]*)<\/a>/g, '[$2]($1)')
		.replace(/<br\s*\/?>/g, ' ')
		.replace(/<\/?(?:b|i|em|strong|code|p|ul|li|div)(?:\s[^<>]*)?>/g, '');
}

function sentence(text) {
	const trimmed = text.trim();
	return trimmed === '' || /[.!?…:]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function cell(parts) {
	return parts
		.filter(Boolean)
		.join(' ')
		.replace(/\|/g, '\\|')
		.replace(/\s*\n\s*/g, ' ')
		.replace(/</g, (at, index, whole) => (whole.startsWith('<br>', index) ? at : '&lt;'))
		.replace(/\{\{/g, '&#123;&#123;');
}

module.exports = { referencePage };
