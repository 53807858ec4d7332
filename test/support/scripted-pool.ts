import type { Envelope, SendOptions, SendResult, SmtpPool } from '../../mail/smtp/send-result';
import type { SmtpProblem, SmtpStage } from '../../mail/smtp/send-result';

/** What the server does with one message. */
export type Scene =
	| 'accept'
	/** A reply at a stage; at `body` it is the reply to the final dot. */
	| { reply: string; stage?: SmtpStage }
	| { lost: SmtpStage }
	/** The connection ends after the final dot; the server has the message or not. */
	| { lostAfterDot: 'taken' | 'dropped' }
	| { problem: SmtpProblem['code']; reply?: string }
	/** Answers nothing until the connection is cut; `dot`: after the message is out. */
	| { hang: 'beforeDot' | 'dot' }
	/** As `hang`, and cutting does not end it either. */
	| { deaf: 'beforeDot' | 'dot' };

export interface ScriptedPool extends SmtpPool {
	/** Addresses whose mail the server has, in order; one that has it twice stands here twice. */
	readonly taken: string[];
	/** Addresses for which a send was begun. */
	readonly begun: string[];
	/** Bytes as sent, by address. */
	readonly mails: Map<string, string>;
	/** How many messages at most were past the gate and without a result at one time. */
	peak: number;
}

/**
 * A pool without a network that behaves as the real one promises: the gate is asked before the dot,
 * and nothing is taken without it.
 */
export function scriptedPool(
	script: (address: string, nth: number) => Scene | Promise<Scene> = () => 'accept',
): ScriptedPool {
	const begun: string[] = [];
	const taken: string[] = [];
	const mails = new Map<string, string>();
	let open = 0;

	async function play(envelope: Envelope, raw: Buffer, options: SendOptions): Promise<SendResult> {
		const address = envelope.to[0] ?? '';
		begun.push(address);
		mails.set(address, raw.toString());
		const scene = await script(address, begun.filter((one) => one === address).length);
		if (scene !== 'accept') {
			if ('problem' in scene)
				return {
					result: 'notSent',
					stage: 'greeting',
					problem: problem(scene.problem, scene.reply),
				};
			if ('lost' in scene)
				return { result: 'notSent', stage: scene.lost, problem: problem('connectionLost') };
			if ('reply' in scene && scene.stage !== 'body')
				return {
					result: 'refused',
					reply: scene.reply,
					stage: scene.stage ?? 'rcptTo',
					rejected: [],
				};
			if ('hang' in scene && scene.hang === 'beforeDot') {
				await aborted(options.signal);
				return { result: 'notSent', stage: 'rcptTo', problem: problem('connectionLost') };
			}
			if ('deaf' in scene && scene.deaf === 'beforeDot') return await never();
		}
		const mayLeave = (await options.beforeFinalDot?.()) ?? true;
		if (!mayLeave) return { result: 'withdrawn' };
		await new Promise((resolve) => setImmediate(resolve));
		if (scene === 'accept') {
			taken.push(address);
			return {
				result: 'accepted',
				reply: '250 2.0.0 Ok',
				accepted: [address],
				rejected: [],
				warm: true,
			};
		}
		if ('reply' in scene)
			return { result: 'refused', reply: scene.reply, stage: 'body', rejected: [] };
		if ('deaf' in scene) return await never();
		if ('hang' in scene) await aborted(options.signal);
		if ('lostAfterDot' in scene && scene.lostAfterDot === 'taken') taken.push(address);
		return { result: 'unknown', problem: problem('connectionLost') };
	}

	const pool: ScriptedPool = {
		begun,
		taken,
		mails,
		size: 0,
		peak: 0,
		async send(envelope, message, options = {}) {
			const raw = Buffer.isBuffer(message) ? message : Buffer.concat(message.pieces);
			const out = { messages: 0 };
			const beforeFinalDot = async (): Promise<boolean> => {
				const granted = (await options.beforeFinalDot?.()) ?? true;
				if (!granted) return false;
				out.messages += 1;
				open += 1;
				pool.peak = Math.max(pool.peak, open);
				return true;
			};
			try {
				return await play(envelope, raw, { ...options, beforeFinalDot });
			} finally {
				open -= out.messages;
			}
		},
		close: () => Promise.resolve(),
	};
	return pool;
}

export function problem(code: SmtpProblem['code'], reply?: string): SmtpProblem {
	return {
		code,
		message: `Problem ${code}.`,
		advice: 'Do something.',
		...(reply ? { reply } : {}),
	};
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
	return new Promise((resolve) => {
		if (signal?.aborted) resolve();
		signal?.addEventListener('abort', () => {
			resolve();
		});
	});
}

function never(): Promise<never> {
	return new Promise(() => undefined);
}
