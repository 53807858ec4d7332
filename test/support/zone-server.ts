import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startChild, tempFolder, waitForPort } from './child-server';
import { freePorts } from './free-port';

const NSD = '/usr/sbin/nsd';

/**
 * One record: its full name without a final dot, its type, and its content as a zone file has it; TXT in plain.
 * `STRINGS` is a TXT record in the quoted strings of a zone file.
 */
export type ZoneRecord = readonly [name: string, type: string, value: string];

/** An authoritative name server (NSD) on loopback for the whole of the DNS. */
export interface NameServer {
	/** `127.0.0.1:port` */
	readonly address: string;
	stop(): Promise<void>;
}

/** `describe` where NSD is installed, else skipped with the reason in its name. */
export const describeWithNameServer: (name: string, tests: () => void) => void = existsSync(NSD)
	? (name, tests) => {
			describe(name, tests);
		}
	: (name, tests) => {
			describe.skip(`${name} (skipped: NSD is not installed; Debian: apt-get install nsd)`, tests);
		};

/**
 * Serves these records and no others; a name that none has is NXDOMAIN.
 *
 * @param host an address of this machine, to be served at port 53 of: for programs that know no other port
 */
export async function startNameServer(
	records: readonly ZoneRecord[],
	host?: string,
): Promise<NameServer> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await start(records, host);
		} catch (error) {
			if (attempt === 3) throw error;
		}
	}
}

async function start(records: readonly ZoneRecord[], host?: string): Promise<NameServer> {
	const folder = tempFolder('smtp-suite-nsd-');
	const port = host === undefined ? (await freePorts('port')).port : 53;
	const address = host ?? '127.0.0.1';
	const zone = join(folder.path, 'root.zone');
	const config = join(folder.path, 'nsd.conf');
	writeFileSync(zone, zoneFile(records));
	writeFileSync(
		config,
		`server:
  ip-address: ${address}@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder.path}"
  database: ""
  pidfile: "${folder.path}/nsd.pid"
  xfrdfile: "${folder.path}/xfrd.state"
  zonelistfile: "${folder.path}/zone.list"
  xfrdir: "${folder.path}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "${zone}"
`,
	);
	const server = startChild(NSD, ['-d', '-c', config]);
	try {
		await waitForPort(port, { greets: false, host: address, gaveUp: () => server.ended });
	} catch (error) {
		const said = server.output();
		await server.stop();
		folder.remove();
		throw new Error(`NSD did not start: ${said}`, { cause: error });
	}
	return {
		address: `${address}:${port}`,
		async stop() {
			await server.stop();
			folder.remove();
		},
	};
}

function zoneFile(records: readonly ZoneRecord[]): string {
	const lines = records.map(([name, type, value]) =>
		type === 'STRINGS'
			? `${name}. TXT ${value}`
			: `${name}. ${type} ${type === 'TXT' ? txt(value) : value}`,
	);
	return [
		'$TTL 60',
		'. SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60',
		'. NS ns.invalid.',
		'ns.invalid. A 127.0.0.1',
		...lines,
		'',
	].join('\n');
}

/** Strings of at most 255 octets (RFC 1035 section 3.3). */
function txt(value: string): string {
	const strings = value.match(/[^]{1,255}/g) ?? [''];
	return strings.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(' ');
}
