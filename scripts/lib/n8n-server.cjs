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
 * What a process of n8n is in queue mode; alone, it is main. A worker answers by its health check only.
 *
 * @type {Record<'main' | 'worker' | 'webhook', { args: string[], env: (port: number) => NodeJS.ProcessEnv }>}
 */
const ROLES = {
	main: { args: ['start'], env: (port) => ({ N8N_PORT: String(port) }) },
	webhook: { args: ['webhook'], env: (port) => ({ N8N_PORT: String(port) }) },
	worker: {
		args: ['worker', '--concurrency=5'],
		env: (port) => ({
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(port),
			N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
		}),
	},
};

/**
 * Starts a real n8n and waits until it answers.
 *
 * @param {{ n8nFolder: string, userFolder: string, port?: number, env?: NodeJS.ProcessEnv,
 *   role?: 'main' | 'worker' | 'webhook' }} options
 */
async function startN8n(options) {
	try {
		return await startOnce(options);
	} catch (error) {
		// A port that was free a moment ago may be somebody else's by now: once more, with others.
		if (!(error instanceof EndedEarly) || options.port !== undefined) throw error;
		return await startOnce(options);
	}
}

class EndedEarly extends Error {}

async function startOnce({ n8nFolder, userFolder, port, env = {}, role = 'main' }) {
	const own = port ?? (await freePort());
	const inherited = Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !/^(N8N_|NODE_OPTIONS|JEST_|npm_)/.test(name)),
	);
	const program = path.join(n8nFolder, 'node_modules/n8n/bin/n8n');
	const child = spawn(node24(), [program, ...ROLES[role].args], {
		cwd: userFolder,
		// A process group of its own: Ctrl-C reaches us, and we end it in order.
		detached: process.platform !== 'win32',
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {
			...inherited,
			...QUIET,
			NODE_ENV: 'production',
			N8N_USER_FOLDER: userFolder,
			...ROLES[role].env(own),
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
		/** SIGSTOP and SIGCONT freeze it and let it go on. @param {NodeJS.Signals} name */
		signal: (name) => child.kill(name),
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
	await waitUntilReady(server, child, role);
	return server;
}

async function waitUntilReady(server, child, role) {
	for (let tries = 0; tries < 360; tries++) {
		if (child.exitCode !== null)
			throw new EndedEarly(`n8n ended while it started:\n${server.log()}`);
		try {
			const answer = await fetch(`${server.url}/healthz/readiness`);
			if (role !== 'main' && answer.ok) return;
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
