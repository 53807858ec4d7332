import { randomBytes } from 'node:crypto';
import { runCampaign } from '../../../mail/campaign/run';
import type { CampaignRecipient, CampaignRunOptions } from '../../../mail/campaign/run';
import { compileMessage } from '../../../mail/message/compile';
import type { CompiledMessage } from '../../../mail/message/compile';
import type { RecipientOutcome } from '../../../mail/model/outcome';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { scriptedPool } from '../../support/scripted-pool';

export const signingKey = { id: 'a', secret: randomBytes(32) };

export function memoryStore(): Promise<MailStore> {
	return openStore({ path: ':memory:', masterKey: 'test', clock: () => Date.now() });
}

export function greeting(text = 'Dear {{name}}, welcome.'): CompiledMessage {
	const compiled = compileMessage(
		{
			from: { name: 'Shop', address: 'shop@example.com' },
			subject: 'Hello {{name}}',
			text,
		},
		{ missing: 'error' },
	);
	if (!compiled.ok) throw new Error('The template of the tests does not compile.');
	return compiled.message;
}

/** `r0@example.com`, `r1@example.com`, … */
export function people(count: number): CampaignRecipient[] {
	return Array.from({ length: count }, (_, index) => person(index));
}

export function person(index: number, address = `r${index}@example.com`): CampaignRecipient {
	return { index, address, data: { name: `Person ${index}` } };
}

/** A run with what the test does not care about filled in. */
export function campaignRun(
	options: Partial<CampaignRunOptions> & Pick<CampaignRunOptions, 'store' | 'recipients'>,
): AsyncGenerator<RecipientOutcome, void> {
	return runCampaign({
		pool: scriptedPool(),
		message: greeting(),
		campaign: { id: 'spring' },
		signingKey,
		from: 'shop@example.com',
		concurrency: 4,
		patienceMs: 0,
		...options,
	});
}

export async function outcomes(run: AsyncIterable<RecipientOutcome>): Promise<RecipientOutcome[]> {
	const all: RecipientOutcome[] = [];
	for await (const outcome of run) all.push(outcome);
	return all.toSorted((a, b) => a.index - b.index);
}

/** How many of each outcome. */
export function tally(all: readonly RecipientOutcome[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const one of all) {
		const name = one.outcome === 'skipped' ? one.skipReason : one.outcome;
		counts[name] = (counts[name] ?? 0) + 1;
	}
	return counts;
}

// Jest's matchers are of type any; these are of the type that they stand for.
export const containing = (text: string) => expect.stringContaining(text) as string;
export const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;
export const aNumber = () => expect.any(Number) as number;
