import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { accountName, describePlan, NO_PLAN, Turns } from '../../mail/index';
import type { MailStore, PacePlan, SmtpAccount, TransactionalOptions } from '../../mail/index';

const MINUTE_MS = 60_000;
const DEFAULT_MINUTES = 5;
const MOST_MINUTES = 24 * 60;

/** Shown under Options where a mail is sent. */
export const longestWaitOption: INodeProperties = {
	displayName: 'Longest Wait (Minutes)',
	name: 'longestWait',
	type: 'number',
	default: DEFAULT_MINUTES,
	typeOptions: { minValue: 0, maxValue: MOST_MINUTES },
	description:
		'How long a mail waits for its turn where the credential has sending limits. One that would have to wait longer fails at once, and is not sent.',
};

/** @throws Error that names the field and what is wrong with it */
export function readLongestWait(options: Readonly<Record<string, unknown>>): number {
	const minutes = Number(options.longestWait ?? DEFAULT_MINUTES);
	if (!(minutes >= 0 && minutes <= MOST_MINUTES))
		throw new Error(`Longest Wait: give a number of minutes from 0 to ${MOST_MINUTES}.`);
	return minutes * MINUTE_MS;
}

/** The turns of this run's mails. */
export interface AccountTurns {
	/** Undefined for an account without limits: nothing is asked then. */
	turnFor: (longestWaitMs: number) => TransactionalOptions['turn'];
	close: () => Promise<void>;
}

const NO_LIMITS: AccountTurns = {
	turnFor: () => undefined,
	close: () => Promise.resolve(),
};

/**
 * Keeps the limits of the account's credential, together with all other senders on the same store.
 * Stopping the execution ends the waiting, and not what is on its way.
 */
export function takeTurns(
	context: IExecuteFunctions,
	{ paceBook }: MailStore,
	account: SmtpAccount,
	{ limits }: PacePlan,
): AccountTurns {
	if (limits.length === 0) return NO_LIMITS;
	const turns = new Turns({ book: paceBook, account: accountName(account), limits });
	const signal = context.getExecutionCancelSignal();
	const pace = describePlan({ ...NO_PLAN, limits });
	return {
		turnFor: (patienceMs) => async () => {
			const turn = await turns.wait({ patienceMs, ...(signal ? { signal } : {}) });
			switch (turn.turn) {
				case 'come':
					return turn.slot;
				case 'late':
					return {
						code: 'limitReached',
						message: `The sending limit of the account is reached (${pace}), so the mail was not sent.`,
						advice: adviceFor(turn.roomInMs),
					};
				case 'stopped':
					return {
						code: 'cancelled',
						message: 'The execution was stopped before the mail left.',
						advice: 'Run it again to send the mail.',
					};
			}
		},
		close: () => turns.close(),
	};
}

function adviceFor(roomInMs: number): string {
	const when = roomInMs > 0 ? `The next mail may leave ${inTime(roomInMs)}.` : '';
	return `${when} Retry then, set a higher Longest Wait in the options, or change Sending Limits in the credential.`.trim();
}

function inTime(ms: number): string {
	const minutes = Math.ceil(ms / MINUTE_MS);
	if (minutes <= 1) return 'within a minute';
	return minutes < 120 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}
