import { hash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope, SendOptions } from '../smtp/send-result';
import type { ReceiptClaim, Receipts } from '../store/store';
import { LEFT_OPEN, STOPPED } from './receipt';
import type { Receipt } from './receipt';

/** What makes a mail known again when the same work is done once more. */
export interface OnceOptions {
	receipts: Receipts;
	/** The same for each try of one mail, and for no other mail. */
	key: string;
	/** How long the key stands for its mail, in ms; later it stands for another. For ever without. */
	countsForMs?: number;
	/** Send again what an earlier try left open. It may then arrive twice. No by default. */
	resendUnknown?: boolean;
	/** Of what is sent; told to the store, where a retry finds it. */
	digest?: string;
	/** How long a try that dies keeps others from trying, in ms; one that lives renews it. Twenty seconds. */
	leaseMs?: number;
	/**
	 * Given: an outcome's way into the store is not waited for, so that it shares a commit with what
	 * the next mail asks. Whoever gives this waits for it before the work counts as done. Never rejects.
	 */
	later?: (written: Promise<void>) => void;
}

export interface Try {
	envelope: Envelope;
	messageId: string;
	clock: () => number;
	signal?: AbortSignal;
	/** @returns undefined when the gate was shut, and no server has the mail */
	send: (gate: SendOptions['beforeFinalDot']) => Promise<Receipt | undefined>;
}

/** How often a mail that another try is sending is looked at again, in ms. */
const LOOK_AGAIN_MS = 500;

/**
 * Sends unless an earlier try has: its receipt comes back then. The store is told before the final dot
 * leaves, so that a try that dies leaves `unknown` behind and not a second mail.
 *
 * @throws StoreError when it cannot be known whether the mail was sent before; nothing is sent then
 */
export async function sendOnce(once: OnceOptions, attempt: Try): Promise<Receipt> {
	const { receipts, key, resendUnknown = false, leaseMs = 20_000, countsForMs, digest } = once;
	const { envelope, messageId } = attempt;
	for (;;) {
		if (attempt.signal?.aborted)
			return { messageId, envelope, outcome: 'notSent', problem: STOPPED };
		const answer = await receipts.claim(key, {
			owner: randomUUID(),
			leaseMs,
			resendUnknown,
			countsForMs,
			digest,
		});
		switch (answer.answer) {
			case 'sent':
				return { ...(JSON.parse(answer.receipt) as Receipt), earlier: true };
			case 'unknown':
				return answer.receipt === undefined
					? { messageId, envelope, outcome: 'unknown', problem: LEFT_OPEN, earlier: true }
					: { ...(JSON.parse(answer.receipt) as Receipt), earlier: true };
			case 'busy':
				await sleep(Math.min(Math.max(answer.until - attempt.clock(), 1), LOOK_AGAIN_MS));
				break;
			case 'send': {
				// A disk takes longer than many a server. Whoever gave a key of their own asked for that; others
				// are safe from the end of the process, and from a power cut but for the last milliseconds.
				const onDisk = countsForMs !== undefined;
				const receipt = await sendClaimed(receipts, answer.claim, { leaseMs, onDisk }, attempt);
				if (!receipt) break;
				const written = writeDown(receipts, answer.claim, receipt);
				if (once.later && isFinal(receipt)) once.later(written);
				else await written;
				return receipt;
			}
		}
	}
}

/** @returns undefined when the lease was lost before the mail left: another try may have it now */
async function sendClaimed(
	receipts: Receipts,
	claim: ReceiptClaim,
	{ leaseMs, onDisk }: { leaseMs: number; onDisk: boolean },
	attempt: Try,
): Promise<Receipt | undefined> {
	let broken: { error: unknown } | undefined;
	// A slow server may take long for one mail. What cannot be renewed is lost, and the gate will tell.
	const renewal = setInterval(() => {
		receipts.renew(claim, leaseMs).catch(() => undefined);
	}, leaseMs / 4);
	const receipt = await attempt
		.send(async () => {
			try {
				return await receipts.dispatch(claim, { onDisk });
			} catch (error) {
				broken = { error };
				return false;
			}
		})
		.finally(() => {
			clearInterval(renewal);
		});
	if (broken) throw broken.error;
	return receipt;
}

/** Never rejects: what became of the mail is known, and told; the next try finds it left open. */
async function writeDown(receipts: Receipts, claim: ReceiptClaim, receipt: Receipt): Promise<void> {
	try {
		if (!isFinal(receipt)) await receipts.release(claim);
		else {
			const state = receipt.outcome === 'unknown' ? 'unknown' : 'sent';
			await receipts.settle(claim, { state, receipt: JSON.stringify(receipt) });
		}
	} catch {
		// See above.
	}
}

/** Of the others no server has the mail, and it may be tried again at once. */
function isFinal({ outcome }: Receipt): boolean {
	return outcome === 'sent' || outcome === 'partlySent' || outcome === 'unknown';
}

/** The same for each try, so that a mail that arrives twice all the same is known to be one. */
export function messageIdOf(key: string, domain: string): string {
	return `<${hash('sha256', key).slice(0, 40)}@${domain}>`;
}
