/*
 * A process of its own that sends from a shared store; started by processes.integration.test.ts,
 * which bundles it first. Tells what it does in lines of JSON on stdout; `continue` on stdin lets it
 * go on.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { CAMPAIGN, recipient, sent } from './contract/scene';

const [task = '', file = '', owner = ''] = process.argv.slice(2);

const TASKS: Readonly<Record<string, (store: MailStore) => Promise<void>>> = {
	/** Mails whoever it gets, a few at a time, until nobody is left. */
	async sendAll({ ledger }) {
		for (;;) {
			const claims = await ledger.claim(CAMPAIGN, { owner, limit: 7, leaseMs: 60_000 });
			if (claims.length === 0) return;
			const dispatched = await ledger.dispatch(claims);
			const settled = await ledger.settle(dispatched.map(sent));
			tell({ sent: settled.map(({ key }) => key) });
		}
	},

	/** Claims three, dispatches two, and hangs. */
	async hang({ ledger }) {
		const claims = await ledger.claim(CAMPAIGN, { owner, limit: 3, leaseMs: 60_000 });
		tell({ dispatched: (await ledger.dispatch(claims.slice(0, 2))).length });
		setInterval(() => undefined, 1_000);
	},

	/** Claims, is told to go on much later, and then would send. */
	async comeBackLate({ ledger }) {
		const claims = await ledger.claim(CAMPAIGN, { owner, limit: 1, leaseMs: 100 });
		tell({ claimed: claims.length });
		await once(process.stdin, 'data');
		process.stdin.pause();
		await ledger.heartbeat(CAMPAIGN, owner, 60_000);
		tell({
			dispatched: (await ledger.dispatch(claims)).length,
			settled: (await ledger.settle(claims.map(sent))).length,
		});
	},

	/** Dies in the middle of a large intake. */
	async dieTakingIn({ ledger }) {
		const many = Array.from({ length: 50_000 }, (_, index) => recipient(`n${index}`));
		const intake = ledger.enqueue(CAMPAIGN, many);
		setTimeout(() => process.kill(process.pid, 'SIGKILL'), 60);
		await intake;
	},

	/** Writes, and neither closes the store nor ends by itself. */
	async leaveOpen({ ledger }) {
		await ledger.enqueue(CAMPAIGN, [recipient(owner)]);
		tell({ done: true });
	},

	async showKey({ signingKeys }) {
		const { id, secret } = await signingKeys.current();
		tell({ key: id + createHash('sha256').update(secret).digest('hex') });
	},
};

function tell(what: object): void {
	process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function work(): Promise<void> {
	try {
		const store = await openStore({ path: file, masterKey: 'the master key' });
		await TASKS[task]?.(store);
	} catch (error) {
		const { name, message, problem } = error as Error & { problem?: string };
		tell({ name, message, problem });
	}
}

void work();
