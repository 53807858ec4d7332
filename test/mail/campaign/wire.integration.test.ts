import fc from 'fast-check';
import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpPool } from '../../../mail/smtp/send-result';
import { campaignRun, memoryStore, outcomes, people } from './campaign';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { Answer, FaultServer, Moment } from '../../support/fault-smtp-server';

function poolTo(port: number, connections = 4): SmtpPool {
	return createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections, messagesPerConnection: 100 },
	});
}

describe('whatever the server does', () => {
	const FAULTS: readonly { at: readonly Moment[]; answer: Answer }[] = [
		{ at: ['greeting', 'mailFrom', 'rcptTo', 'data', 'body', 'dot'], answer: 'drop' },
		{ at: ['dot'], answer: 'takeAndDrop' },
		{ at: ['mailFrom', 'rcptTo', 'data', 'dot'], answer: '451 4.3.0 Try again in 1 seconds' },
		{ at: ['greeting', 'mailFrom', 'rcptTo', 'dot'], answer: '421 4.3.2 Going down' },
		{ at: ['rcptTo', 'dot'], answer: '550 5.1.1 No such user' },
		{ at: ['rcptTo', 'dot'], answer: '550 5.7.1 Policy' },
	];

	it('each recipient is mailed once, or truthfully unknown, when the campaign is run until it is done', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.infiniteStream(fc.nat(999)),
				fc.integer({ min: 20, max: 300 }),
				async (dice, perMille) => {
					const roll = () => dice.next().value as number;
					const here = await startFaultServer((moment) => {
						if (roll() >= perMille / 2) return 'go';
						const fault = FAULTS[roll() % FAULTS.length]!;
						return fault.at.includes(moment) ? fault.answer : 'go';
					});
					const ours = await memoryStore();
					const line = poolTo(here.port);
					try {
						const final = new Map<string, string>();
						for (let run = 0; run < 12; run += 1) {
							const all = await outcomes(
								campaignRun({
									store: ours,
									pool: line,
									recipients: people(60),
									patienceMs: 0,
									suppressRefused: false,
								}),
							);
							expect(all).toHaveLength(60);
							for (const one of all) check(one.recipient, one.outcome, final, here);
							if (all.every(({ outcome }) => outcome === 'skipped')) break;
						}
						for (const [address, times] of here.taken) {
							expect({ address, times }).toEqual({ address, times: 1 });
							expect([address, final.get(address)]).toEqual([
								address,
								here.uncertain.has(address) ? 'unknown' : 'sent',
							]);
						}
					} finally {
						await line.close();
						await here.close();
						await ours.close();
					}
				},
			),
			{ numRuns: 12, interruptAfterTimeLimit: 20_000 },
		);
	}, 60_000);

	function check(
		address: string,
		outcome: string,
		final: Map<string, string>,
		here: FaultServer,
	): void {
		if (outcome === 'sent') expect(here.taken.get(address)).toBe(1);
		if (outcome === 'unknown') expect(here.uncertain.has(address)).toBe(true);
		if (outcome !== 'sent' && outcome !== 'unknown') return;
		expect([address, final.get(address)]).toEqual([address, undefined]);
		final.set(address, outcome);
	}
});
