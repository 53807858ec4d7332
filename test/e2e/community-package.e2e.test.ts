import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startN8n } from '../../scripts/lib/n8n-server.cjs';
import { buildPackage, ensureN8n } from '../../scripts/lib/toolchain.cjs';
import { startFaultServer } from '../support/fault-smtp-server';
import type { FaultServer } from '../support/fault-smtp-server';
import { chain, itemsOf, OWNER, PRESS } from './support/n8n';
import type { Server } from './support/n8n';
import { makeNpmShelf } from './support/npm-shelf';
import type { NpmShelf } from './support/npm-shelf';
import { plainAccount } from './support/plain-account';

const NAME = 'n8n-nodes-smtp-suite';

interface Installed {
	installedVersion: string;
	installedNodes: { name: string }[];
}

/** As a person does it under Settings, Community nodes: n8n calls npm with scripts off. */
describe('the package in an n8n that is running', () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-community-'));
	const people = Array.from({ length: 20 }, (_, index) => ({
		name: `Person ${index}`,
		email: `person${index}@example.test`,
	}));
	let mail: FaultServer;
	let shelf: NpmShelf;
	let n8n: Server;
	let campaign: string;

	beforeAll(async () => {
		mail = await startFaultServer(() => 'go');
		shelf = makeNpmShelf(
			folder,
			process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(folder, 'packed'))),
		);
		const n8nFolder = process.env.SMTP_SUITE_N8N ?? (await ensureN8n());
		n8n = await startN8n({ n8nFolder, userFolder: folder, env: shelf.env });
		await n8n.api.signIn(OWNER);
	}, 180_000);

	afterAll(async () => {
		await n8n.stop();
		await mail.close();
		rmSync(folder, { recursive: true, force: true });
	}, 60_000);

	const ask = async (method: string, more = '', body?: object) =>
		(await n8n.api.request(method, `/community-packages${more}`, body)) as Installed;

	/** @returns how many came out by Sent, Deferred, Failed and Skipped */
	async function press(): Promise<number[]> {
		const execution = await n8n.api.finished(await n8n.api.execute(campaign, 'Press'));
		if (execution.error) throw new Error(execution.error.message as string);
		return execution.outputs('Bulk').map((items) => items.length);
	}

	it('is installed by name, and sends', async () => {
		shelf.publish('0.1.0');
		const { installedNodes, installedVersion } = await ask('POST', '', { name: NAME });
		expect(installedVersion).toBe('0.1.0');
		expect(installedNodes.map(({ name }) => name).sort()).toEqual([
			'Bounce Parser',
			'Bounce Trigger',
			'Campaign Report',
			'Deliverability Check',
			'Email Tracking Trigger',
			'SMTP Bulk Send',
			'SMTP Send',
			'Suppression List',
		]);
		const account = await plainAccount({ server: n8n }, mail.port, 'Server');
		const made = await n8n.api.createWorkflow(
			chain('Campaign', [
				PRESS,
				...itemsOf(people),
				{
					name: 'Bulk',
					type: `${NAME}.smtpBulkSend`,
					parameters: {
						campaignId: 'installed',
						fromEmail: 'news@example.test',
						subject: 'Hello {{name}}',
						html: '<p>Hello {{name}}</p>',
					},
					credentials: { smtpAccount: { id: account.id, name: 'Server' } },
				},
			]),
		);
		campaign = made.id as string;
		expect(await press()).toEqual([20, 0, 0, 0]);
	}, 60_000);

	it('is upgraded while n8n runs, and remembers whom it mailed', async () => {
		shelf.publish('0.1.1');
		expect(await ask('PATCH', '', { name: NAME, version: '0.1.1' })).toMatchObject({
			installedVersion: '0.1.1',
		});
		expect(await press()).toEqual([0, 0, 0, 20]);
		expect(mail.taken.size).toBe(20);
	}, 60_000);

	it('is removed, leaves n8n as it was, and knows its past when it comes back', async () => {
		await ask('DELETE', `?name=${NAME}`);
		expect(await ask('GET')).toEqual([]);
		await expect(press()).rejects.toThrow(/unrecognized node type|not installed/i);
		await ask('POST', '', { name: NAME });
		expect(await press()).toEqual([0, 0, 0, 20]);
		expect([...mail.taken.values()]).toEqual(people.map(() => 1));
	}, 60_000);
});
