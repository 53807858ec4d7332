import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals secrets under a key derived from the master key, so that the file alone gives none away. */
export interface Sealer {
	/** @param label bound to the secret: what is sealed under one label opens under no other */
	seal(secret: Buffer, label: string): Buffer;
	/** @returns undefined when it was sealed under another master key or label, or was altered */
	open(sealed: Uint8Array, label: string): Buffer | undefined;
}

/**
 * AES-256-GCM (nonce, ciphertext, tag, in this order) under HKDF-SHA256 of the master key. No salt:
 * the master key is random already, and every store of an installation should open with it.
 */
export function createSealer(masterKey: string): Sealer {
	const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'smtp-suite signing keys v1', 32));
	return {
		seal(secret, label) {
			const nonce = randomBytes(NONCE_BYTES);
			const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(label));
			return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
		},
		open(sealed, label) {
			if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
			const nonce = sealed.subarray(0, NONCE_BYTES);
			const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
			const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
				.setAAD(Buffer.from(label))
				.setAuthTag(sealed.subarray(-TAG_BYTES));
			try {
				return Buffer.concat([decipher.update(body), decipher.final()]);
			} catch {
				return undefined;
			}
		},
	};
}
