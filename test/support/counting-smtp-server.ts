import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { setTimeout as sleep } from 'node:timers/promises';

/** Counts who was mailed, as a server does that outlives its clients. */
export interface CountingServer {
	readonly port: number;
	/** How often a mail to this address was taken: its final dot had come. */
	readonly times: Map<string, number>;
	/** When each mail was taken, in ms since the epoch. */
	readonly log: { to: string[]; at: number }[];
	/** To whom the body of a mail had begun. */
	readonly bodies: Set<string>;
	/** Recipients that are refused now. */
	refuse: (to: string) => boolean;
	close(): Promise<void>;
}

/** @param answerAfterMs how long each mail waits for its reply, so that a crash may fall in between */
export async function countingServer({
	answerAfterMs,
}: {
	answerAfterMs: number;
}): Promise<CountingServer> {
	const times = new Map<string, number>();
	const bodies = new Set<string>();
	const log: CountingServer['log'] = [];
	const smtp = new SMTPServer({
		disabledCommands: ['AUTH', 'STARTTLS'],
		disableReverseLookup: true,
		onRcptTo({ address }, _, done) {
			done(server.refuse(address) ? Object.assign(new Error('No'), { responseCode: 550 }) : null);
		},
		onData(stream, { envelope }, done) {
			const to = envelope.rcptTo.map(({ address }) => address);
			for (const each of to) bodies.add(each);
			let whole = true;
			stream.on('error', () => (whole = false));
			stream.resume().on('end', () => {
				if (!whole) return;
				log.push({ to, at: Date.now() });
				for (const each of to) times.set(each, (times.get(each) ?? 0) + 1);
				void sleep(answerAfterMs).then(() => {
					done();
				});
			});
		},
	});
	smtp.on('error', () => undefined);
	await new Promise<void>((resolve) => {
		smtp.listen(0, '127.0.0.1', resolve);
	});
	const server: CountingServer = {
		port: (smtp.server.address() as AddressInfo).port,
		times,
		log,
		bodies,
		refuse: () => false,
		close: () =>
			new Promise((resolve) => {
				smtp.close(resolve);
			}),
	};
	return server;
}
