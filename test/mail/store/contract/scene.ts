import type { Claim, MailStore, NewRecipient, Settlement } from '../../../../mail/store/store';
import type { MakePlace, Place } from '../contract';

export const CAMPAIGN = 'spring';
export const START = 1_790_000_000_000;
export const LEASE_MS = 30_000;

/** Strings that mean something to a database, to JSON, to C or to a terminal; the name, the string. */
export const HOSTILE_STRINGS: readonly (readonly [string, string])[] = [
	"'; DROP TABLE recipient; --",
	'" OR 1=1 --',
	"\\'; DELETE FROM suppression; /*",
	':key ?1 $now @owner',
	'%_*[]^',
	'["a", {"b": null}]',
	'a\u0000b',
	'\u0001\u001b[2J\r\n\t',
	'\u2028\u202eevil\ufeff',
	'ada\u{1f600}@example.com',
	'é',
	'',
	' ',
	'x'.repeat(70_000),
].map((text) => [text.slice(0, 40), text]);

/** A store with a clock that the test moves, and everything in it named briefly. */
export class Scene {
	now = START;
	store!: MailStore;
	private place!: Place;

	static async set(makePlace: MakePlace): Promise<Scene> {
		const scene = new Scene();
		scene.place = await makePlace();
		scene.store = await scene.openAnother();
		return scene;
	}

	/** A second connection, as another process has one. */
	openAnother(masterKey?: string): Promise<MailStore> {
		return this.place.open({ clock: () => this.now, masterKey });
	}

	/** How many rows each table has, counted without the store. */
	rows(): Promise<Record<string, number>> {
		return this.place.rows();
	}

	end(): Promise<void> {
		return this.place.remove();
	}

	async queue(...names: string[]): Promise<void> {
		await this.store.ledger.enqueue(
			CAMPAIGN,
			names.map((name) => recipient(name)),
		);
	}

	claim(owner = 'one', limit = 100, leaseMs = LEASE_MS, only?: string[]): Promise<Claim[]> {
		return this.store.ledger.claim(CAMPAIGN, { owner, limit, leaseMs, only });
	}

	/** Queues one recipient and claims it. */
	async claimed(name = 'ada', owner = 'one'): Promise<Claim> {
		await this.queue(name);
		const [claim] = await this.claim(owner, 1, LEASE_MS, [keyOf(name)]);
		return claim!;
	}

	async dispatched(name = 'ada', owner = 'one'): Promise<Claim> {
		const claim = await this.claimed(name, owner);
		expect(await this.store.ledger.dispatch([claim])).toHaveLength(1);
		return claim;
	}

	async stateOf(name = 'ada'): Promise<string | undefined> {
		return (await this.store.ledger.get(CAMPAIGN, keyOf(name)))?.state;
	}
}

export function keyOf(name: string): string {
	return `${name}@example.com`;
}

export function recipient(name: string, campaignId = CAMPAIGN): NewRecipient {
	return {
		key: keyOf(name),
		address: `${name.toUpperCase()}@example.com`,
		reference: `reference of ${name} in ${campaignId}`,
		payload: JSON.stringify({ name }),
	};
}

export function sent(claim: Claim): Settlement {
	return { claim, messageId: '<m@example.com>', state: 'sent', reply: '250 2.0.0 Ok' };
}

export function deferred(claim: Claim, retryAt: number): Settlement {
	return {
		claim,
		messageId: '<m@example.com>',
		state: 'deferred',
		retryAt,
		reply: '450 4.2.0 Greylisted',
		reason: 'The server asks to come back later.',
		blame: 'capacity',
	};
}

export function failed(claim: Claim, blame: 'recipient' | 'content' = 'recipient'): Settlement {
	return {
		claim,
		messageId: '<m@example.com>',
		state: 'failed',
		reply: '550 5.1.1 No such user',
		reason: 'There is no such mailbox.',
		blame,
	};
}

export function unknown(claim: Claim): Settlement {
	return { claim, messageId: '<m@example.com>', state: 'unknown', reason: 'The line broke.' };
}

export function keysOf(claims: readonly { key: string }[]): string[] {
	return claims.map(({ key }) => key);
}
