import { appendFileSync } from 'node:fs';
import { startFaultServer } from '../../support/fault-smtp-server';

/** What the server that is to be killed is told, as JSON in its first argument. */
export interface CrashServerOrder {
	port: number;
	/** Each address that it takes, on a line of its own, written before it answers. */
	log: string;
}

async function main({ port, log }: CrashServerOrder): Promise<void> {
	await startFaultServer(() => 'go', {
		port,
		delayMs: 4,
		onTaken: (address) => {
			appendFileSync(log, `${address}\n`);
		},
	});
	process.send?.('ready');
}

void main(JSON.parse(process.argv[2] ?? '') as CrashServerOrder);
