/*
 * npm run bench                   lists the benchmarks
 * npm run bench -- NAME [--json]  runs one, beside its peer, and prints the medians
 *
 * Each benchmark is bundled as the package is, and runs in a process of its own.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = import.meta.dirname;
const root = join(here, '..');
const SUFFIX = '.bench.ts';

/** What starts n8n, and what bundles, look for things beside themselves. */
const scriptsStayWhereTheyAre = {
	name: 'scripts-stay-where-they-are',
	setup(bundle) {
		bundle.onResolve({ filter: /^esbuild$/ }, ({ path }) => ({
			path: fileURLToPath(import.meta.resolve(path)),
			external: true,
		}));
		bundle.onResolve({ filter: /scripts\/lib\/.*\.cjs$/ }, ({ path, resolveDir }) => ({
			path: join(resolveDir, path),
			external: true,
		}));
	},
};

const names = (await readdir(here))
	.filter((file) => file.endsWith(SUFFIX))
	.map((file) => file.slice(0, -SUFFIX.length))
	.sort();
const [name, ...options] = process.argv.slice(2);

if (name === undefined) {
	console.log(`Benchmarks: ${names.join(', ')}\nRun one with: npm run bench -- NAME [--json]`);
} else if (!names.includes(name)) {
	console.error(`There is no benchmark "${name}". There are: ${names.join(', ')}.`);
	process.exitCode = 1;
} else {
	process.exitCode = await run(name, options);
}

async function run(benchmark, options) {
	const folder = await mkdtemp(join(tmpdir(), 'smtp-suite-bench-'));
	try {
		const outfile = join(folder, `${benchmark}.cjs`);
		await build({
			stdin: {
				contents: `import { benchmark } from './${benchmark}.bench'; import { report } from './report'; void report(benchmark);`,
				resolveDir: here,
				loader: 'ts',
			},
			outfile,
			bundle: true,
			platform: 'node',
			format: 'cjs',
			target: 'node22',
			logLevel: 'error',
			plugins: [scriptsStayWhereTheyAre],
		});
		const nodeOptions = (process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter(Boolean);
		const child = spawn(process.execPath, [...nodeOptions, outfile, ...options], {
			stdio: 'inherit',
			cwd: root,
		});
		return await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
