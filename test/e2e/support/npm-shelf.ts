import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The npm that n8n calls, with the package's versions on a shelf instead of in a registry. */
export interface NpmShelf {
	/** What n8n's environment needs to find it. */
	readonly env: NodeJS.ProcessEnv;
	/** Puts the package on the shelf, as this version. */
	publish(version: string): void;
}

/**
 * n8n lets a community package be installed from npm's own registry only, by the npm of its PATH.
 * This one takes the package's tarballs from a folder; all else it does is done by the real npm.
 */
export function makeNpmShelf(folder: string, tarball: string): NpmShelf {
	const shelf = path.join(folder, 'shelf');
	const programs = path.join(folder, 'programs');
	for (const each of [shelf, programs]) mkdirSync(each, { recursive: true });
	const realNpm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
	writeFileSync(
		path.join(programs, 'npm'),
		`#!/bin/sh
shelf='${shelf}'
newest=$(cat "$shelf/newest")
version=$(expr "$2" : '.*@\\([0-9].*\\)$') || version=$newest
case $1 in
view) echo "\\"$version\\"" ;;
pack) cp "$shelf/$version.tgz" "n8n-nodes-smtp-suite-$version.tgz" && echo "n8n-nodes-smtp-suite-$version.tgz" ;;
outdated) echo '{}' ;;
*) exec '${realNpm}' "$@" --offline ;;
esac
`,
	);
	chmodSync(path.join(programs, 'npm'), 0o755);
	return {
		env: {
			PATH: `${programs}:${process.env.PATH ?? ''}`,
			// The registry and n8n's own list of packages are asked first: nobody is there.
			HTTPS_PROXY: 'http://127.0.0.1:9',
		},
		publish(version) {
			const file = path.join(shelf, `${version}.tgz`);
			copyFileSync(tarball, file);
			const unpacked = path.join(folder, version);
			mkdirSync(unpacked);
			execFileSync('tar', ['-xzf', file, '-C', unpacked]);
			const manifest = path.join(unpacked, 'package/package.json');
			const content = JSON.parse(readFileSync(manifest, 'utf8')) as object;
			writeFileSync(manifest, JSON.stringify({ ...content, version }, null, 2));
			execFileSync('tar', ['-czf', file, '-C', unpacked, 'package']);
			writeFileSync(path.join(shelf, 'newest'), version);
		},
	};
}
