/*
 * npm start: a real n8n with the nodes of this checkout, a demo mail server and demo workflows. Needs
 * any Node from 18 on and npm; fetches the rest.
 */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import toolchain from './lib/toolchain.cjs';
import demo from './demo/demo.cjs';
import ports from './lib/free-port.cjs';

const userFolder = path.join(toolchain.CACHE, 'demo');

async function main() {
	if (process.argv.includes('--fresh')) rmSync(userFolder, { recursive: true, force: true });
	await toolchain.ensureDependencies();
	const n8nFolder = await toolchain.ensureN8n();
	const tarball = await toolchain.buildPackage(path.join(toolchain.CACHE, 'packed'));
	await toolchain.installPackage(tarball, userFolder);
	const again = existsSync(path.join(userFolder, '.n8n/database.sqlite'));
	console.log(again ? 'Starting n8n as you left it …' : 'Starting n8n …');
	const running = await demo.startDemo({ n8nFolder, userFolder, port: await ports.freePort(5678) });

	const { n8n, mail, owner, workflows } = running;
	console.log(`
  n8n          ${n8n.url}/workflow/${workflows['Send the newsletter']}
  sign in      ${owner.email}   ${owner.password}
  delivered    http://127.0.0.1:${mail.ports.page}

  1. Open the address, sign in, and press "Execute workflow": forty mails go out.
  2. Open the workflow "Handle bounces" and look at its executions: two addresses do not exist.
  3. Press Execute again: nobody is mailed twice, and those two are skipped.
  4. Read a delivered mail, follow its link or unsubscribe, and open the workflow "See how it went".

  Ctrl-C ends everything. "npm start -- --fresh" starts over.
`);

	let ending = false;
	const end = async () => {
		if (ending) return;
		ending = true;
		console.log('Ending …');
		await running.stop();
		process.exit(0);
	};
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end());
	void n8n.ended.then(() => {
		if (!ending) {
			console.error(`n8n ended by itself:\n${n8n.log()}`);
			running.mail.stop();
			process.exit(1);
		}
	});
}

main().catch((error) => {
	console.error(`\n${error.message}`);
	process.exit(1);
});
