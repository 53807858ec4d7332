'use strict';

/*
 * Makes dist/ from the sources: what n8n loads, and nothing else.
 *
 * mail/ becomes one file with every library inside it (a community package may have no runtime
 * dependencies). nodes/ and credentials/ stay a file each and require that one file, so that its
 * state - the connection pools, the store - exists once per process, whichever node is loaded.
 */
const { rm, readFile, writeFile } = require('node:fs/promises');
const { glob } = require('node:fs/promises');
const path = require('node:path');
const esbuild = require('esbuild');
const { dest, parallel, series, src } = require('gulp');

const DIST = 'dist';
const TARGET = 'node22';

/*
 * Libraries that several of ours bring along, each a patch or two apart: the bundle carries the newest
 * once. (Half a megabyte of character tables is enough.)
 */
const ONE_COPY = {
	libmime: require.resolve('libmime'),
	'iconv-lite': require.resolve('iconv-lite', { paths: [require.resolve('libmime')] }),
	'encoding-japanese': require.resolve('encoding-japanese'),
	tldts: require.resolve('tldts'),
};

async function clean() {
	await rm(DIST, { recursive: true, force: true });
}

/** What is bundled, and from where: the same for the bundle and for the list of what is in it. */
const BUNDLE = {
	entryPoints: ['mail/index.ts'],
	bundle: true,
	platform: 'node',
	target: TARGET,
	alias: ONE_COPY,
	// imapflow only needs its package's name and version, which the bundle carries.
	external: ['n8n-workflow'],
};

/** mail/index.ts and all libraries -> dist/mail/index.js */
async function bundleMail() {
	await esbuild.build({
		...BUNDLE,
		outfile: path.join(DIST, 'mail/index.js'),
		format: 'cjs',
		minify: true,
		keepNames: true,
		legalComments: 'linked',
	});
}

/** nodes/ and credentials/, file by file, as they stand. */
async function compileNodes() {
	const entryPoints = [];
	for (const pattern of ['nodes/**/*.ts', 'credentials/**/*.ts', 'bin/**/*.ts'])
		for await (const file of glob(pattern)) entryPoints.push(file);
	await esbuild.build({
		entryPoints,
		outdir: DIST,
		outbase: '.',
		platform: 'node',
		format: 'cjs',
		target: TARGET,
	});
	await checkOnlyTheDoor(entryPoints);
}

/** A node that reached past mail/index would get a second copy of the pool and the store. */
async function checkOnlyTheDoor(files) {
	for (const file of files) {
		const text = await readFile(file, 'utf8');
		for (const [, target] of text.matchAll(/^import (?!type\b)[^;]*? from '([^']+)'/gm))
			if (/(^|\/)mail\//.test(target) && !/\/mail\/index$/.test(target))
				throw new Error(`${file} imports ${target}; nodes may only import mail/index`);
	}
}

function icons() {
	return src('icons/*.svg').pipe(dest(path.join(DIST, 'icons')));
}

function codex() {
	return src('nodes/**/*.node.json').pipe(dest(path.join(DIST, 'nodes')));
}

/**
 * What the bundle holds of other people's work: their licences, as those ask, and a bill of materials
 * (CycloneDX), so that who installs the package can hold it against lists of vulnerabilities.
 */
async function notices() {
	const packages = await bundledPackages();
	await writeFile(
		path.join(DIST, 'THIRD_PARTY_LICENSES.txt'),
		packages
			.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`)
			.join(`\n${'-'.repeat(72)}\n\n`),
	);
	await writeFile(path.join(DIST, 'sbom.cdx.json'), `${JSON.stringify(await bom(packages))}\n`);
}

/** Each package that esbuild takes files of, read from the folder that it takes them from. */
async function bundledPackages() {
	const { metafile } = await esbuild.build({
		...BUNDLE,
		write: false,
		metafile: true,
		outfile: 'x.js',
	});
	const folders = new Set();
	for (const input of Object.keys(metafile.inputs)) {
		const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
		if (found) folders.add(found[1]);
	}
	const packages = [];
	for (const folder of [...folders].sort()) {
		const { name, version, license } = JSON.parse(
			await readFile(path.join(folder, 'package.json'), 'utf8'),
		);
		let text = '';
		for await (const file of glob(`${folder}/{LICEN[CS]E,license}*`))
			text = (await readFile(file, 'utf8')).trim();
		packages.push({ name, version, license, text });
	}
	return packages;
}

async function bom(packages) {
	const { name, version } = JSON.parse(await readFile('package.json', 'utf8'));
	const purl = (of) => `pkg:npm/${of.name.replace(/^@/, '%40')}@${of.version}`;
	return {
		bomFormat: 'CycloneDX',
		specVersion: '1.6',
		version: 1,
		metadata: { component: { type: 'library', name, version, purl: purl({ name, version }) } },
		components: packages.map((one) => ({
			type: 'library',
			name: one.name,
			version: one.version,
			purl: purl(one),
			licenses: [
				/^[\w.-]+$/.test(one.license)
					? { license: { id: one.license } }
					: { expression: one.license },
			],
		})),
	};
}

exports.clean = clean;
exports.icons = icons;
exports.build = series(clean, parallel(bundleMail, compileNodes, icons, codex), notices);
exports.default = exports.build;
