import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/**
 * Ports of 127.0.0.1 that nobody listened on a moment ago, all different. Somebody else may take
 * one before it is used: whoever starts a server tries again with others.
 */
export async function freePorts<Names extends string>(
	...names: Names[]
): Promise<Record<Names, number>> {
	const servers = await Promise.all(
		names.map(async (name) => {
			const server = createServer().listen(0, '127.0.0.1');
			await once(server, 'listening');
			return { name, server, port: (server.address() as AddressInfo).port };
		}),
	);
	await Promise.all(
		servers.map(async ({ server }) => {
			server.close();
			await once(server, 'close');
		}),
	);
	return Object.fromEntries(servers.map(({ name, port }) => [name, port])) as Record<Names, number>;
}
