/*
 * npm run start:cluster: n8n in queue mode with the nodes of this checkout - a main process, a webhook
 * processor, three workers (-- --workers 2 for two), Redis and PostgreSQL, all on 127.0.0.1 - and the
 * demo's mail server and workflows. Needs any Node from 18 on, npm, and Debian's postgresql and
 * redis-server.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import toolchain from './lib/toolchain.cjs';
import cluster from './cluster/cluster.cjs';
import services from './cluster/services.cjs';
import demo from './demo/demo.cjs';
import ports from './lib/free-port.cjs';

/** PostgreSQL runs as nobody when we are root, and must be able to reach its folder. */
const folder =
	process.getuid?.() === 0
		? path.join(tmpdir(), 'n8n-nodes-smtp-suite-cluster')
		: path.join(toolchain.CACHE, 'cluster');

async function main() {
	const missing = services.missingServices();
	if (missing) throw new Error(`Queue mode needs more than n8n: ${missing}.`);
	if (process.argv.includes('--fresh')) rmSync(folder, { recursive: true, force: true });
	const asked = process.argv.indexOf('--workers');
	const workers = Math.max((asked < 0 ? 0 : Number(process.argv[asked + 1])) || 3, 1);
	await toolchain.ensureDependencies();
	const n8nFolder = await toolchain.ensureN8n();
	const tarball = await toolchain.buildPackage(path.join(toolchain.CACHE, 'packed'));

	let mail;
	let starting;
	let ending = false;
	const end = async (code) => {
		if (ending) return;
		ending = true;
		console.log('Ending …');
		// What is half started has to be there before it can be ended.
		const running = await starting?.catch(() => undefined);
		await running?.stop();
		mail?.stop();
		process.exit(code);
	};
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));
	mail = await demo.startMailServer();
	console.log(`Starting PostgreSQL, Redis, n8n, ${workers} workers and a webhook processor …`);
	let running;
	try {
		const port = await ports.freePort(5678);
		starting = cluster.startCluster({ n8nFolder, tarball, folder, workers, port });
		running = await starting;
		if (ending) return;
		await running.main.api.signIn(demo.OWNER);
		const workflows = await demo.setUpDemo(running.main.api, mail.ports, running.mailStore);
		tell(running, mail, workflows);
	} catch (error) {
		console.error(`\n${error.message}`);
		await end(1);
	}
	void running.main.ended.then(() => {
		if (ending) return;
		console.error(`n8n ended by itself:\n${running.main.log()}`);
		void end(1);
	});
}

function tell({ main, webhook, workers, postgres, redis }, mail, workflows) {
	const { email, password } = demo.OWNER;
	console.log(`
  n8n                ${main.url}/workflow/${workflows['Send the newsletter']}
  sign in            ${email}   ${password}
  delivered          http://127.0.0.1:${mail.ports.page}
  workers            processes ${workers.map(({ pid }) => pid).join(', ')}
  webhook processor  ${webhook.url}
  PostgreSQL, Redis  ports ${postgres.port}, ${redis.port}   (data in ${folder})

  Press "Execute workflow" as often as you like, or kill a worker (kill -9) while it sends: nobody is
  mailed twice, and the next run finishes what is owed.

  Ctrl-C ends everything. "npm run start:cluster -- --fresh" starts over.
`);
}

main().catch((error) => {
	console.error(`\n${error.message}`);
	process.exit(1);
});
