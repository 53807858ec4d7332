/*
 * Fetches the mail servers whose reports the tests read, Exim and OpenSMTPD, as Debian's packages, and
 * unpacks them into the cache. They are not installed: Debian has one mail server at a time, and that is
 * Postfix here. Needs Debian or a descendant; no root.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import runner from './lib/run.cjs';
import toolchain from './lib/toolchain.cjs';

const { run } = runner;
const PACKAGES = ['exim4-base', 'exim4-daemon-light', 'libidn12', 'opensmtpd'];
const target = path.join(toolchain.CACHE, 'mail-servers');

if (existsSync(target)) {
	console.log(`Already there: ${target}`);
} else {
	const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-servers-'));
	const unpacked = path.join(folder, 'unpacked');
	mkdirSync(unpacked);
	await run('apt-get', ['download', ...PACKAGES], { cwd: folder, doing: 'Fetching mail servers' });
	for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
		await run('dpkg', ['-x', path.join(folder, file), unpacked]);
	mkdirSync(toolchain.CACHE, { recursive: true });
	await run('cp', ['-R', unpacked, `${target}.${process.pid}`]);
	renameSync(`${target}.${process.pid}`, target);
	rmSync(folder, { recursive: true, force: true });
	console.log(`Unpacked into ${target}`);
}
