import { randomBytes, randomInt } from 'node:crypto';
import { StoreError } from './store-error';

const KEY_IDS = Array.from('abcdefghijklmnopqrstuvwxyz234567');
const SECRET_BYTES = 32;

export function newSecret(): Buffer {
	return randomBytes(SECRET_BYTES);
}

/** What a sealed secret is bound to: it opens under its own id only. */
export function labelOfKey(id: string): string {
	return `signing key ${id}`;
}

/**
 * An id that no key of the store has.
 *
 * @param store how the message names the store
 * @throws StoreError `noFreeKeyId`
 */
export function freeKeyId(known: readonly { id: string }[], store: string, place: string): string {
	const free = KEY_IDS.filter((id) => !known.some((row) => row.id === id));
	const id = free.length > 0 ? free[randomInt(free.length)] : undefined;
	if (id === undefined)
		throw new StoreError(
			'noFreeKeyId',
			place,
			`${store[0]?.toUpperCase() ?? ''}${store.slice(1)} holds ${known.length} signing keys, and none of them opens with this installation's encryption key. Give the installation its former encryption key back, or choose a new place for the store.`,
		);
	return id;
}
