/*
 * npm run docs: writes docs/reference/ from the built package, a page for each node and credential.
 * With --check nothing is written: it fails where a page is not as it would be made now, and where a
 * link of any page leads nowhere.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import links from './docs/links.cjs';
import reference from './docs/reference.cjs';

const require = createRequire(import.meta.url);
const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDER = path.join(ROOT, 'docs/reference');

/** Every node and credential that the package names, as the class that n8n would load. */
function loadAll() {
	const { n8n } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
	const load = (file) => {
		const [Type] = Object.values(require(path.join(ROOT, file)));
		return { instance: new Type(), slug: slugOf(file) };
	};
	return {
		nodes: n8n.nodes.map(load).map(({ instance, slug }) => ({
			slug,
			description: instance.nodeVersions
				? instance.nodeVersions[instance.currentVersion].description
				: instance.description,
		})),
		credentials: n8n.credentials
			.map(load)
			.map(({ instance, slug }) => ({ slug, description: instance })),
	};
}

/** `dist/nodes/SmtpSend/SmtpSend.node.js` is explained in `smtp-send.md`. */
function slugOf(file) {
	return path
		.basename(file)
		.replace(/\.(node|credentials)\.js$/, '')
		.replace(/([a-z0-9])([A-Z])/g, '$1-$2')
		.toLowerCase();
}

/** @returns {Promise<Map<string, string>>} path -> text */
async function makePages() {
	const { nodes, credentials } = loadAll();
	const credentialNames = new Map(
		credentials.map(({ description }) => [description.name, description.displayName]),
	);
	const pages = new Map();
	const index = ['# Every field of every node and credential', ''];
	for (const [kind, all] of [
		['node', nodes],
		['credential', credentials],
	]) {
		index.push(`## ${kind === 'node' ? 'Nodes' : 'Credentials'}`, '');
		for (const { slug, description } of all) {
			const about = existsSync(path.join(ROOT, 'docs', `${slug}.md`)) ? `${slug}.md` : undefined;
			const page = reference.referencePage(description, { kind, about, credentialNames });
			pages.set(path.join(FOLDER, `${slug}.md`), page);
			index.push(`- [${description.displayName}](${slug}.md)`);
		}
		index.push('');
	}
	pages.set(path.join(FOLDER, 'README.md'), index.join('\n'));
	for (const [file, text] of pages) {
		const config = await resolveConfig(file);
		pages.set(file, await format(text, { ...config, filepath: file }));
	}
	return pages;
}

function outdated(pages) {
	const stale = [...pages]
		.filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text)
		.map(([file]) => file);
	const unknown = globSync(`${FOLDER}/*.md`).filter((file) => !pages.has(file));
	return [...stale, ...unknown].map(
		(file) => `${path.relative(ROOT, file)} is not as the nodes are now. Run npm run docs.`,
	);
}

const pages = await makePages();
if (process.argv.includes('--check')) {
	const problems = [
		...outdated(pages),
		...links.deadLinks([...globSync(`${ROOT}/*.md`), ...globSync(`${ROOT}/docs/**/*.md`)]),
	];
	for (const problem of problems) console.error(problem);
	process.exitCode = problems.length > 0 ? 1 : 0;
} else {
	rmSync(FOLDER, { recursive: true, force: true });
	mkdirSync(FOLDER, { recursive: true });
	for (const [file, text] of pages) writeFileSync(file, text);
	console.log(`${pages.size} pages written.`);
}
