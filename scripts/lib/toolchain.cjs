'use strict';

const {
	existsSync,
	statSync,
	mkdirSync,
	renameSync,
	rmSync,
	writeFileSync,
	readdirSync,
} = require('node:fs');
const { homedir } = require('node:os');
const path = require('node:path');

const { run } = require('./run.cjs');

const ROOT = path.resolve(__dirname, '../..');
/** The newest n8n whose packages are all there, unless another is asked for. */
const N8N_VERSION = process.env.SMTP_SUITE_N8N_VERSION || '2.40.7';
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** n8n is large, so it is installed once a machine, outside the checkout. */
const CACHE = path.join(
	process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'),
	'n8n-nodes-smtp-suite',
);

/** Installs the packages of this project, and the Node that n8n needs, where they are missing. */
async function ensureDependencies() {
	const installed = path.join(ROOT, 'node_modules/.package-lock.json');
	const lock = path.join(ROOT, 'package-lock.json');
	if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs)
		await run(npm, ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
			cwd: ROOT,
			doing: 'Installing the packages of this project',
		});
	// Scripts are off, so the Node of the devDependency has to be asked for by name.
	if (!existsSync(node24()))
		await run(npm, ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts'], {
			cwd: ROOT,
			doing: 'Fetching Node 24',
		});
	if (!existsSync(node24()))
		throw new Error('Node 24 could not be fetched. Check the connection to the npm registry.');
}

/** The devDependency's Node. */
function node24() {
	return path.join(
		ROOT,
		'node_modules/node/bin',
		process.platform === 'win32' ? 'node.exe' : 'node',
	);
}

/** The environment in which npm and its scripts find Node 24 first. */
function environment() {
	const PATH = [
		path.dirname(node24()),
		path.join(ROOT, 'node_modules/.bin'),
		process.env.PATH,
	].join(path.delimiter);
	return { ...process.env, PATH };
}

/**
 * Installs n8n into the cache where it is missing.
 *
 * @returns {Promise<string>} the folder whose node_modules holds it
 */
async function ensureN8n() {
	const folder = path.join(CACHE, `n8n-${N8N_VERSION}`);
	const complete = path.join(folder, 'complete');
	if (existsSync(complete)) return folder;
	const lock = await lockCache();
	try {
		if (existsSync(complete)) return folder;
		const fresh = `${folder}.${process.pid}`;
		mkdirSync(fresh, { recursive: true });
		writeFileSync(path.join(fresh, 'package.json'), '{ "private": true }\n');
		await run(
			npm,
			[
				'install',
				`n8n@${N8N_VERSION}`,
				'--ignore-scripts',
				'--no-audit',
				'--no-fund',
				'--loglevel=error',
			],
			{
				cwd: fresh,
				env: environment(),
				doing: `Installing n8n ${N8N_VERSION} (once; about 2.8 GB and four minutes)`,
			},
		);
		await run(npm, ['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts'], {
			cwd: fresh,
			env: { ...environment(), npm_config_nodedir: headers() },
			doing: 'Building the database driver of n8n',
		}).catch((error) => {
			throw new Error(
				`${error.message}\nThe driver is built here, which needs Python 3, make and a C++ compiler (Debian: apt-get install build-essential python3).`,
			);
		});
		writeFileSync(path.join(fresh, 'complete'), `${new Date().toISOString()}\n`);
		rmSync(folder, { recursive: true, force: true });
		renameSync(fresh, folder);
		return folder;
	} finally {
		rmSync(lock, { recursive: true, force: true });
	}
}

/** The package of the devDependency's Node ships the headers that native modules are built with. */
function headers() {
	const modules = path.join(ROOT, 'node_modules/node/node_modules');
	const found = readdirSync(modules).find((name) =>
		existsSync(path.join(modules, name, 'include/node/node.h')),
	);
	if (!found)
		throw new Error('The headers of Node 24 are missing. Remove node_modules and start again.');
	return path.join(modules, found);
}

/** Two starts at once must not install into each other. */
async function lockCache() {
	mkdirSync(CACHE, { recursive: true });
	const lock = path.join(CACHE, 'installing');
	for (;;) {
		try {
			mkdirSync(lock);
			return lock;
		} catch (error) {
			if (error.code !== 'EEXIST') throw error;
			// Nobody installs for an hour: whoever made this lock is gone.
			if (Date.now() - statSync(lock).mtimeMs > 3_600_000)
				rmSync(lock, { recursive: true, force: true });
			else await new Promise((resolve) => setTimeout(resolve, 2_000));
		}
	}
}

/** Builds dist/ and packs it. @returns {Promise<string>} the .tgz */
async function buildPackage(into) {
	mkdirSync(into, { recursive: true });
	const output = await run(
		npm,
		['pack', '--pack-destination', into, '--loglevel=error', '--ignore-scripts=false'],
		{
			cwd: ROOT,
			env: environment(),
			doing: 'Building the package',
		},
	);
	const file = output
		.trim()
		.split('\n')
		.reverse()
		.find((line) => line.trim().endsWith('.tgz'));
	if (!file) throw new Error(`npm pack named no file:\n${output}`);
	return path.join(into, file.trim());
}

/** Puts the packed package where n8n looks for community nodes. */
async function installPackage(tarball, userFolder) {
	const target = path.join(userFolder, '.n8n/nodes/node_modules/n8n-nodes-smtp-suite');
	rmSync(target, { recursive: true, force: true });
	mkdirSync(target, { recursive: true });
	await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

module.exports = {
	ROOT,
	CACHE,
	N8N_VERSION,
	buildPackage,
	ensureDependencies,
	ensureN8n,
	environment,
	installPackage,
	node24,
	npm,
};
