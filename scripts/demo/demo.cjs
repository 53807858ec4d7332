'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const { startN8n } = require('../lib/n8n-server.cjs');
const { node24 } = require('../lib/toolchain.cjs');
const { demoWorkflows } = require('./workflows.cjs');

const OWNER = { email: 'demo@example.test', password: 'Demo-password-1' };

/** Starts the demo's mail server as a process of its own. */
async function startMailServer() {
	const child = spawn(node24(), [path.join(__dirname, 'mail-server.cjs')], {
		stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
		detached: process.platform !== 'win32',
	});
	const ports = await new Promise((resolve, reject) => {
		child.stdout.once('data', (chunk) => resolve(JSON.parse(String(chunk))));
		child.once('exit', (code) => reject(new Error(`The demo mail server ended (${code}).`)));
	});
	return { ports, stop: () => child.kill('SIGTERM') };
}

/**
 * Everything that `npm start` shows: the mail server, n8n, the credentials and the workflows. What is
 * there from an earlier start is kept; only the ports are brought up to date.
 *
 * @param {{ n8nFolder: string, userFolder: string, port?: number }} options
 */
async function startDemo({ n8nFolder, userFolder, port }) {
	const mail = await startMailServer();
	let n8n;
	try {
		n8n = await startN8n({ n8nFolder, userFolder, port });
		await n8n.api.signIn(OWNER);
		const workflows = await setUpDemo(n8n.api, mail.ports);
		const stop = async () => {
			await n8n.stop();
			mail.stop();
		};
		return { n8n, mail, owner: OWNER, workflows, stop };
	} catch (error) {
		await n8n?.stop();
		mail.stop();
		throw error;
	}
}

/**
 * Credentials and workflows of the demo.
 *
 * @param {import('../lib/n8n-api.cjs').N8nApi} api
 * @param {{ smtp: number, imap: number }} ports the mail server's
 * @param {object} [mailStore] where the store is in PostgreSQL: what its credential is filled in with
 * @returns {Promise<Record<string, string>>} the workflows' ids by their names
 */
async function setUpDemo(api, ports, mailStore) {
	const server = {
		service: 'own',
		host: '127.0.0.1',
		security: 'none',
		user: 'demo',
		password: 'demo',
	};
	const smtp = await api.putCredential('Demo SMTP', 'smtpAccount', {
		...server,
		port: ports.smtp,
		authentication: 'password',
	});
	const imap = await api.putCredential('Demo bounces', 'imapAccount', {
		...server,
		port: ports.imap,
		user: 'bounces',
	});
	const known = await api.workflows();
	/** @type {Record<string, string>} */
	const ids = {};
	const wanted = demoWorkflows({
		smtp: { id: smtp, name: 'Demo SMTP' },
		imap: { id: imap, name: 'Demo bounces' },
	});
	const shared = mailStore && {
		id: await api.putCredential('Demo store', 'mailStorePostgres', mailStore),
		name: 'Demo store',
	};
	for (const { active, ...workflow } of wanted) {
		if (shared)
			for (const node of workflow.nodes)
				if (node.type.startsWith('n8n-nodes-smtp-suite.'))
					node.credentials = { ...node.credentials, mailStorePostgres: shared };
		const there = known.find(({ name }) => name === workflow.name);
		const { id } = there ?? (await api.createWorkflow(workflow));
		ids[workflow.name] = id;
		// Again on each start: its server may have a new port.
		if (active) {
			if (there) await api.deactivate(id);
			await api.activate(id);
		}
	}
	return ids;
}

module.exports = { OWNER, setUpDemo, startDemo, startMailServer };
