import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { chain } from '../test/e2e/support/n8n';

/** What `chain` of test/e2e/support takes. */
type ListNode = Parameters<typeof chain>[1][number];

/** A list on a web server, as a workflow fetches its recipients: a large one does not fit into a workflow. */
export async function serveItems(
	items: readonly object[],
): Promise<{ nodes: ListNode[]; close(): void }> {
	const body = JSON.stringify(items);
	const server = createServer((_request, response) => {
		response.setHeader('Content-Type', 'application/json');
		response.end(body);
	});
	await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
	const { port } = server.address() as AddressInfo;
	return {
		nodes: [
			{
				name: 'Items',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				parameters: { url: `http://127.0.0.1:${port}/`, options: {} },
			},
		],
		close: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}
