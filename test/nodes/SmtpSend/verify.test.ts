import type { IExecuteFunctions } from 'n8n-workflow';

import { verify } from '../../../nodes/SmtpSend/operations/verify.operation';
import { scriptedServer } from '../../support/scripted-smtp-server';
import type { Script } from '../../support/scripted-smtp-server';
import { executeContext } from '../execute-context';

async function verifyAt(script: Script, more: { continueOnFail?: boolean } = {}) {
	const server = await scriptedServer(script);
	const credential = {
		...{ service: 'own', host: '127.0.0.1', port: server.port, security: 'none' },
		...{ user: 'ada', password: 'top-secret' },
	};
	const context: IExecuteFunctions = Object.assign(executeContext([{}, {}], {}, more), {
		getCredentials: () => Promise.resolve(credential),
		onExecutionCancellation: () => undefined,
	});
	try {
		return { items: await verify.execute(context), server };
	} finally {
		await server.close();
	}
}

describe('Verify', () => {
	it('connects once, sends nothing, and gives what the server offers for each item', async () => {
		const { items, server } = await verifyAt({});
		expect(server.connections).toBe(1);
		expect(server.commands.map((each) => each.slice(0, 4))).not.toContain('MAIL');
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(items[1]?.json).toEqual({
			...{ host: '127.0.0.1', port: server.port, security: 'none', user: 'ada' },
			...{ signInMethod: 'PLAIN', maxMessageSize: 1_000_000 },
			extensions: ['PIPELINING', 'AUTH PLAIN', 'SIZE 1000000'],
		});
		expect(JSON.stringify(items)).not.toContain('top-secret');
	});

	it('says why the sign-in failed, as an error or as items', async () => {
		const wrong: Script = { answers: { AUTH: '535 5.7.8 No, top-secret is wrong' } };
		await expect(verifyAt(wrong)).rejects.toThrow('refused');
		const { items } = await verifyAt(wrong, { continueOnFail: true });
		expect(items).toHaveLength(2);
		expect(items[0]?.json.details).toContain('535 5.7.8');
		expect(JSON.stringify(items[0]?.json)).not.toContain('top-secret');
	});
});
