import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { policyOverHttps } from '../../../mail/deliverability/mta-sts-fetch';
import type { FetchPolicy } from '../../../mail/deliverability/mta-sts-fetch';
import { tempFolder } from '../../support/child-server';
import { makeTestCertificate } from '../../support/test-certificate';

/** The web servers of domains with MTA-STS: one on loopback that answers to all their names. */
export interface PolicyServers {
	/** Fetches by HTTPS, from loopback whatever the DNS says of the name. */
	fetchPolicy: FetchPolicy;
	stop(): Promise<void>;
}

/** @param files by the name of the server; what is not in it is not found. Looked into at each request. */
export async function startPolicyServers(
	names: readonly string[],
	files: ReadonlyMap<string, string>,
): Promise<PolicyServers> {
	const folder = tempFolder('smtp-suite-policies-');
	const { keyPem, caPem } = makeTestCertificate(folder.path, [...names]);
	const web = createServer({ key: keyPem, cert: caPem }, ({ headers, url }, response) => {
		const file = files.get(headers.host ?? '');
		if (file === undefined || url !== '/.well-known/mta-sts.txt') response.writeHead(404).end();
		else response.writeHead(200, { 'content-type': 'text/plain' }).end(file);
	}).listen(0, '127.0.0.1');
	await once(web, 'listening');
	const { port } = web.address() as AddressInfo;
	const fetchPolicy = policyOverHttps({ port, ca: caPem, privateAddresses: true });
	return {
		fetchPolicy: (host) => fetchPolicy(host, ['127.0.0.1']),
		async stop() {
			web.closeAllConnections();
			web.close();
			await once(web, 'close');
			folder.remove();
		},
	};
}
