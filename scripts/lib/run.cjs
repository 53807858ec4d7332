'use strict';

const { spawn } = require('node:child_process');

/**
 * Runs a command to its end. Its output is kept, and shown only when it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, doing?: string, inherit?: boolean }} [options]
 *   `doing` is said at once and again every ten seconds, so that a long step is never silence
 * @returns {Promise<string>} what it printed
 */
async function run(command, args, { cwd, env = process.env, doing, inherit = false } = {}) {
	const begun = Date.now();
	if (doing) console.log(`${doing} …`);
	const timer = setInterval(() => {
		if (doing) console.log(`  still at it, ${Math.round((Date.now() - begun) / 1000)} s: ${doing}`);
	}, 10_000);
	try {
		return await new Promise((resolve, reject) => {
			const windows = process.platform === 'win32';
			const child = spawn(command, args, {
				cwd,
				env,
				shell: windows,
				stdio: inherit ? 'inherit' : 'pipe',
			});
			let output = '';
			for (const stream of [child.stdout, child.stderr])
				stream?.on('data', (chunk) => {
					output = (output + chunk).slice(-200_000);
				});
			child.on('error', reject);
			child.on('close', (code) => {
				if (code === 0) resolve(output);
				else
					reject(
						new Error(`"${command} ${args.join(' ')}" failed (${code}).\n${output.slice(-3_000)}`),
					);
			});
		});
	} finally {
		clearInterval(timer);
	}
}

module.exports = { run };
