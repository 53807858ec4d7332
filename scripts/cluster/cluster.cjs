'use strict';

const { randomBytes } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { freePort } = require('../lib/free-port.cjs');
const { startN8n } = require('../lib/n8n-server.cjs');
const { installPackage } = require('../lib/toolchain.cjs');
const { startPostgres, startRedis } = require('./services.cjs');

/**
 * n8n in queue mode as a company would run it, on one machine: PostgreSQL, Redis, a main process, a
 * webhook processor and workers, each with a folder of its own. Whatever is started here is ended by
 * `stop`, and nothing else is.
 *
 * @param {{ n8nFolder: string, tarball: string, folder: string, workers?: number, port?: number,
 *   env?: NodeJS.ProcessEnv }} options
 */
async function startCluster({ n8nFolder, tarball, folder, workers = 2, port, env = {} }) {
	mkdirSync(folder, { recursive: true });
	/** In the order in which they were started; ended the other way round. */
	const running = [];
	const started = async (starting) => {
		const service = await starting;
		running.push(service);
		return service;
	};
	const stop = async () => {
		const services = running.splice(0).reverse();
		const isN8n = (service) => 'api' in service;
		await Promise.all(services.filter(isN8n).map((service) => service.stop()));
		for (const service of services) if (!isN8n(service)) await service.stop();
	};
	try {
		const postgres = await started(startPostgres(path.join(folder, 'postgres')));
		const redis = await started(startRedis(path.join(folder, 'redis')));
		// Where main and workers say that webhooks are answered; a company's proxy would lead there.
		const webhookPort = await freePort();
		const shared = {
			...queueMode(postgres.port, redis.port, encryptionKey(folder)),
			WEBHOOK_URL: `http://127.0.0.1:${webhookPort}/`,
			...env,
		};
		/** A process of n8n, with the package in its own folder. */
		const startProcess = async (role, name, more = {}) => {
			const userFolder = path.join(folder, name);
			mkdirSync(userFolder, { recursive: true });
			await installPackage(tarball, userFolder);
			const options = { n8nFolder, userFolder, role, env: { ...shared, ...more.env } };
			return await started(startN8n({ ...options, port: more.port }));
		};
		// Main makes n8n's tables; the others would wait for them.
		const main = await startProcess('main', 'main', { port });
		let count = 0;
		const startWorker = (more) => startProcess('worker', `worker-${++count}`, more);
		const [webhook, ...working] = await allStarted([
			startProcess('webhook', 'webhook', { port: webhookPort }),
			...Array.from({ length: workers }, () => startWorker()),
		]);
		return {
			main,
			webhook,
			workers: working,
			postgres,
			redis,
			/** What the credential Mail Store (PostgreSQL) is filled in with. */
			mailStore: {
				connectBy: 'fields',
				host: '127.0.0.1',
				port: postgres.port,
				database: 'mail',
				user: 'postgres',
				password: '',
				schema: 'smtp_suite',
				tls: 'none',
				maxConnections: 4,
			},
			/** One more, in place of one that died. */
			startWorker,
			startProcess,
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Waits for those as well that start while another fails: they have to be ended. */
async function allStarted(starting) {
	const settled = await Promise.allSettled(starting);
	for (const each of settled) if (each.status === 'rejected') throw each.reason;
	return settled.map(({ value }) => value);
}

function queueMode(postgres, redis, key) {
	return {
		EXECUTIONS_MODE: 'queue',
		OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(redis),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(postgres),
		DB_POSTGRESDB_DATABASE: 'n8n',
		DB_POSTGRESDB_USER: 'postgres',
		DB_POSTGRESDB_PASSWORD: 'any',
		N8N_ENCRYPTION_KEY: key,
	};
}

/** One for all, kept with the data that it seals. */
function encryptionKey(folder) {
	const file = path.join(folder, 'encryption-key');
	if (!existsSync(file))
		writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
	return readFileSync(file, 'utf8');
}

module.exports = { startCluster };
