import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeMessage } from '../message/compose';
import type { ComposedMessage } from '../message/compose';
import type { DkimSigner } from '../message/dkim';
import type { Draft } from '../message/draft';
import { domainOf } from '../model/address';
import type { Slot } from '../pacing/desk';
import type { SendOptions, SmtpPool, SmtpProblem } from '../smtp/send-result';
import { messageIdOf, sendOnce } from './once';
import type { OnceOptions } from './once';
import { outcomeOf } from './receipt';
import type { Receipt } from './receipt';
import { pauseBeforeNextTry } from './try-again';
import { sendInTurn } from './turn';
import type { SendOnPool } from './turn';

export type { OnceOptions } from './once';
export type { Receipt } from './receipt';

export interface TransactionalOptions {
	clock?: () => number;
	/** Pauses before further tries of a mail that the server could not take now, in ms. */
	pausesMs?: readonly number[];
	/** Given: a mail that an earlier try with the same key has sent is not sent again. */
	once?: OnceOptions;
	/**
	 * Names the mail in its Message-ID. The key of `once` without, where that is of one mail for ever; a
	 * key that stands for another mail later must not give both the same Message-ID.
	 */
	messageKey?: string;
	/** Given: the mail leaves with its signature. */
	signer?: DkimSigner;
	/** Asked before each try, where the account has limits: leave for one mail, or why there is none. */
	turn?: () => Promise<Slot | SmtpProblem>;
	/** See SendOptions: for mails of which many are sent one after the other. */
	mayFollow?: boolean;
	/** Told the bytes of a mail that a server has taken now, and not of one that an earlier try sent. */
	onSent?: (raw: Buffer) => Promise<void>;
	signal?: AbortSignal;
}

const PAUSES_MS = [1_000, 5_000, 20_000];

/**
 * Composes and sends one mail, and tries again for as long as no server can have it and the trouble
 * looks as if it passed. Never throws for anything that a server or a network does.
 *
 * @throws StoreError with `once`, when the store cannot tell whether the mail was sent before
 */
export async function sendTransactional(
	pool: SmtpPool,
	draft: Draft,
	options: TransactionalOptions = {},
): Promise<Receipt> {
	const { clock = Date.now, pausesMs = PAUSES_MS, once, signer, turn, mayFollow, signal } = options;
	const onceKey = once?.countsForMs === undefined ? once?.key : undefined;
	const { envelope, messageId, raw } = await composeTransactional(draft, {
		key: options.messageKey ?? onceKey,
		clock,
		signer,
	});

	const send = async (beforeFinalDot?: SendOptions['beforeFinalDot']) => {
		const onPool: SendOnPool = async (gate) => {
			const begunAt = clock();
			const result = await pool.send(envelope, raw, { beforeFinalDot: gate, signal, mayFollow });
			return { result, passage: { size: raw.length, begunAt, endedAt: clock() } };
		};
		const sent = turn
			? await sendInTurn(turn, onPool, beforeFinalDot)
			: await onPool(beforeFinalDot);
		if ('problem' in sent)
			return { messageId, envelope, outcome: 'notSent' as const, problem: sent.problem };
		const { result, passage } = sent;
		if (result.result === 'withdrawn') return undefined;
		return { messageId, envelope, ...outcomeOf(result, passage) };
	};
	const attempt = async (): Promise<Receipt> => {
		if (once) return await sendOnce(once, { envelope, messageId, clock, signal, send });
		const receipt = await send();
		if (!receipt) throw new Error('A mail without a gate cannot be withdrawn.');
		return receipt;
	};

	let receipt = await attempt();
	for (const ownPauseMs of pausesMs) {
		const pauseMs = pauseBeforeNextTry(receipt, ownPauseMs);
		if (pauseMs === undefined || !(await waited(pauseMs, signal))) break;
		receipt = await attempt();
	}
	const isSent = receipt.outcome === 'sent' || receipt.outcome === 'partlySent';
	if (isSent && !receipt.earlier) await options.onSent?.(raw);
	return receipt;
}

/**
 * The mail as `sendTransactional` sends it: byte for byte, given the same key and moment.
 *
 * @param options.key names the mail among all others, and with it its Message-ID; random without
 * @throws ComposeError, AttachmentError, with words for the user
 */
export async function composeTransactional(
	draft: Draft,
	options: { key?: string; clock?: () => number; signer?: DkimSigner },
): Promise<ComposedMessage> {
	const { key, clock = Date.now, signer } = options;
	const domain = domainOf(draft.from.address);
	return await composeMessage(draft, {
		messageId: key === undefined ? `<${randomUUID()}@${domain}>` : messageIdOf(key, domain),
		date: new Date(clock()),
		signer,
	});
}

/** @returns false when the signal came first */
async function waited(pauseMs: number, signal: AbortSignal | undefined): Promise<boolean> {
	try {
		await sleep(pauseMs, undefined, { signal });
		return true;
	} catch {
		return false;
	}
}
