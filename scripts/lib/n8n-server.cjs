'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const { freePort } = require('./free-port.cjs');
const { N8nApi } = require('./n8n-api.cjs');
const { node24 } = require('./toolchain.cjs');

/** No word to anybody outside, no sign-up, no tours. */
const QUIET = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_SECURE_COOKIE: 'false',
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_HOST: '127.0.0.1',
	N8N_LOG_LEVEL: 'warn',
	EXECUTIONS_DATA_PRUNE: 'false',
};

/**
 * Starts a real n8n and waits until it answers.
 *
 * @param {{ n8nFolder: string, userFolder: string, port?: number, env?: NodeJS.ProcessEnv }} options
 */
async function startN8n({ n8nFolder, userFolder, port, env = {} }) {
	const own = port ?? (await freePort());
	const inherited = Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !/^(N8N_|NODE_OPTIONS|JEST_|npm_)/.test(name)),
	);
	const child = spawn(node24(), [path.join(n8nFolder, 'node_modules/n8n/bin/n8n'), 'start'], {
		cwd: userFolder,
		// A process group of its own: Ctrl-C reaches us, and we end it in order.
		detached: process.platform !== 'win32',
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			...inherited,
			...QUIET,
			NODE_ENV: 'production',
			N8N_USER_FOLDER: userFolder,
			N8N_PORT: String(own),
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			...env,
		},
	});
	let log = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (chunk) => {
			log = (log + chunk).slice(-100_000);
		});
	const ended = new Promise((resolve) => {
		child.once('exit', resolve);
	});
	const url = `http://127.0.0.1:${own}`;
	const server = {
		url,
		port: own,
		pid: child.pid,
		api: new N8nApi(url),
		ended,
		log: () => log,
		/** Ends n8n as an operator would; kills it when it does not listen. */
		async stop() {
			child.kill('SIGTERM');
			const timer = setTimeout(() => child.kill('SIGKILL'), 8_000);
			await ended;
			clearTimeout(timer);
		},
		/** Ends n8n as a power cut would. */
		async kill() {
			child.kill('SIGKILL');
			await ended;
		},
	};
	await waitUntilReady(server, child);
	return server;
}

async function waitUntilReady(server, child) {
	for (let tries = 0; tries < 360; tries++) {
		if (child.exitCode !== null) throw new Error(`n8n ended while it started:\n${server.log()}`);
		try {
			const answer = await fetch(`${server.url}/healthz/readiness`);
			const settings = answer.ok ? await fetch(`${server.url}/rest/settings`) : answer;
			if (settings.ok && settings.headers.get('content-type')?.includes('json')) return;
		} catch {
			// Not listening yet.
		}
		await new Promise((resolve) => setTimeout(resolve, 250));
	}
	await server.kill();
	throw new Error(`n8n did not get ready within 90 seconds:\n${server.log()}`);
}

module.exports = { startN8n };
