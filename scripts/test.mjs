/*
 * npm test: everything, in the order in which a failure is cheapest to find. Needs any Node from 18 on
 * and npm; `npm test -- unit lint` runs only the steps named. A step that fails does not keep the
 * others from running; its output is shown in full.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import runner from './lib/run.cjs';
import toolchain from './lib/toolchain.cjs';

const { run } = runner;
const MAX_PACKAGE_BYTES = 3_000_000;
const scratch = mkdtempSync(path.join(tmpdir(), 'smtp-suite-test-'));
const bin = (name) => path.join(toolchain.ROOT, 'node_modules/.bin', name);
const totals = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

const STEPS = {
	lint: () => tool('eslint', ['.']),
	format: () => tool('prettier', ['--check', '.']),
	types: () => tool('tsc', ['--noEmit']),
	unit: () => jest('unit'),
	package: checkPackage,
	docs: async () => {
		await tool('gulp', ['build']);
		await run(toolchain.node24(), ['scripts/docs.mjs', '--check'], { cwd: toolchain.ROOT });
		totals.passed += 1;
	},
	integration: async () => {
		await ensureDebian({
			'/usr/sbin/postfix': 'postfix',
			'/usr/sbin/dovecot': 'dovecot-imapd',
			'/usr/lib/dovecot/lmtp': 'dovecot-lmtpd',
			'/usr/lib/postgresql': 'postgresql',
			'/usr/bin/rspamd': 'rspamd',
			'/usr/sbin/nsd': 'nsd',
			'/usr/lib/python3/dist-packages/spf.py': 'python3-spf',
			'/usr/sbin/opendmarc': 'opendmarc',
		});
		await run(toolchain.node24(), ['scripts/fetch-mail-servers.mjs'], {
			cwd: toolchain.ROOT,
		}).catch((error) => {
			notes.push(
				`Exim and OpenSMTPD could not be fetched, so their tests were skipped. ${error.message.split('\n')[0]}`,
			);
		});
		await jest('integration', ['--runInBand']);
	},
	e2e: async () => {
		await ensureDebian({
			'/usr/bin/chromium': 'chromium',
			'/usr/sbin/nsd': 'nsd',
			'/usr/lib/postgresql': 'postgresql',
			'/usr/bin/redis-server': 'redis-server',
		});
		const n8nFolder = await toolchain.ensureN8n();
		const tarball = await toolchain.buildPackage(scratch);
		await jest('e2e', ['--runInBand'], { SMTP_SUITE_N8N: n8nFolder, SMTP_SUITE_PACKAGE: tarball });
	},
};

async function main() {
	const wanted = process.argv.slice(2);
	const unknown = wanted.find((name) => !(name in STEPS));
	if (unknown)
		throw new Error(`There is no step "${unknown}". Steps: ${Object.keys(STEPS).join(', ')}.`);
	await toolchain.ensureDependencies();
	for (const [name, step] of Object.entries(STEPS)) {
		if (wanted.length > 0 && !wanted.includes(name)) continue;
		const begun = Date.now();
		console.log(`\n== ${name}`);
		try {
			await step();
			console.log(`   ${name}: ok, ${Math.round((Date.now() - begun) / 1000)} s`);
		} catch (error) {
			totals.failed += error.counted ? 0 : 1;
			console.log(error.message);
			console.log(`   ${name}: FAILED, ${Math.round((Date.now() - begun) / 1000)} s`);
		}
	}
	rmSync(scratch, { recursive: true, force: true });
	for (const note of notes) console.log(note);
	console.log(
		`\n${totals.passed} passed, ${totals.failed} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}`,
	);
	process.exit(totals.failed > 0 ? 1 : 0);
}

async function tool(name, args) {
	await run(bin(name), args, { cwd: toolchain.ROOT, env: toolchain.environment() });
	totals.passed += 1;
}

/** Runs one project of jest's; its tests are counted one by one. */
async function jest(project, args = [], env = {}) {
	const file = path.join(scratch, `${project}.json`);
	let problem;
	await run(
		bin('jest'),
		[
			'--selectProjects',
			project,
			'--json',
			`--outputFile=${file}`,
			'--passWithNoTests=false',
			// Node itself can spin for ever in its last clean-up, over a socket that a dead server left half
			// written (seen once, after all tests had passed and the results were on disk).
			'--forceExit',
			// A machine that is busy otherwise is no failure.
			'--testTimeout=30000',
			...args,
		],
		{
			cwd: toolchain.ROOT,
			env: { ...toolchain.environment(), ...env },
			inherit: true,
		},
	).catch((error) => {
		problem = error;
	});
	if (!existsSync(file)) throw problem ?? new Error(`jest wrote no result for ${project}.`);
	const result = JSON.parse(readFileSync(file, 'utf8'));
	totals.passed += result.numPassedTests;
	// A file that cannot even be loaded holds no tests that could fail.
	totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
	totals.skipped += result.numPendingTests;
	if (!result.success || problem)
		throw Object.assign(new Error(`${project} tests failed`), {
			counted: result.numFailedTests + result.numRuntimeErrorTestSuites > 0,
		});
	if (result.numTotalTests === 0) throw new Error(`No ${project} test ran.`);
}

/** What n8n asks of a community package, seen on the packed file itself. */
async function checkPackage() {
	const tarball = await toolchain.buildPackage(scratch);
	const { size } = statSync(tarball);
	if (size > MAX_PACKAGE_BYTES)
		throw new Error(`The package has ${size} bytes; ${MAX_PACKAGE_BYTES} are allowed.`);
	const files = (await run('tar', ['-tzf', tarball])).trim().split('\n');
	const { n8n, dependencies = {} } = JSON.parse(
		readFileSync(path.join(toolchain.ROOT, 'package.json'), 'utf8'),
	);
	for (const file of [...n8n.nodes, ...n8n.credentials])
		if (!files.includes(`package/${file}`)) throw new Error(`${file} is missing in the package.`);
	if (Object.keys(dependencies).length > 0) throw new Error('dependencies must stay empty.');
	console.log(`   ${Math.round(size / 1024)} KB packed, ${files.length} files`);
	totals.passed += 1;
}

/** Installs Debian's packages where we may; suites that miss them skip themselves and say why. */
async function ensureDebian(wanted) {
	const missing = Object.entries(wanted).flatMap(([file, name]) =>
		existsSync(file) ? [] : [name],
	);
	if (missing.length === 0) return;
	const isRoot = process.getuid?.() === 0;
	if (!isRoot || !existsSync('/usr/bin/apt-get')) {
		notes.push(
			`Not installed, so their tests were skipped: ${missing.join(', ')}${isRoot ? '' : ' (not root)'}.`,
		);
		return;
	}
	const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
	try {
		execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
		await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
			env,
			doing: `Installing ${missing.join(', ')}`,
		});
	} catch (error) {
		notes.push(
			`Could not be installed, so their tests were skipped: ${missing.join(', ')}. ${error.message.split('\n')[0]}`,
		);
	}
}

main().catch((error) => {
	console.error(error.message);
	console.log(`\n${totals.passed} passed, ${totals.failed + 1} failed`);
	process.exit(1);
});
