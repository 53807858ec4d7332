import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { openStore } from '../../mail/index';
import type { MailStore } from '../../mail/index';

/** One open store a file, for every node of the process. */
const openStores = new Map<string, Promise<MailStore>>();

/**
 * The embedded store of this n8n: `<n8n folder>/storage/n8n-nodes-smtp-suite/mail.sqlite`, beside the
 * folders that n8n's `getStoragePath()` gives to nodes. Opened once a process.
 *
 * @throws StoreError, in the user's words, when the file cannot be opened or made
 */
export async function openNodeStore(): Promise<MailStore> {
	const folder = n8nFolder();
	const file = path.join(folder, 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite');
	let store = openStores.get(file);
	if (!store) {
		store = openAndTidy(file, readEncryptionKey(folder));
		openStores.set(file, store);
		// A store that could not be opened is tried again by the next node, once its cause is mended.
		store.catch(() => openStores.delete(file));
	}
	return await store;
}

/** Receipts serve n8n's repeated tries, which follow within minutes or days. */
const RECEIPTS_KEPT_MS = 30 * 24 * 3_600_000;

async function openAndTidy(file: string, masterKey: string): Promise<MailStore> {
	const store = await openStore({ path: file, masterKey });
	await store.receipts.forget(Date.now() - RECEIPTS_KEPT_MS);
	return store;
}

/** Found as n8n finds it: `getStoragePath()` exists in execute functions only, not in triggers. */
function n8nFolder(): string {
	return path.join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n');
}

/** n8n's own encryption key seals our signing keys too, so a copy of the store alone signs nothing. */
function readEncryptionKey(folder: string): string {
	const fromEnvironment = process.env.N8N_ENCRYPTION_KEY;
	if (fromEnvironment) return fromEnvironment;
	const keyFile = process.env.N8N_ENCRYPTION_KEY_FILE;
	if (keyFile) return readFileSync(keyFile, 'utf8').trim();
	const settingsFile = path.join(folder, 'config');
	const settings = JSON.parse(readFileSync(settingsFile, 'utf8')) as { encryptionKey?: unknown };
	if (typeof settings.encryptionKey !== 'string' || settings.encryptionKey === '')
		throw new Error(
			`n8n's encryption key was not found. It is expected in N8N_ENCRYPTION_KEY or in ${settingsFile}.`,
		);
	return settings.encryptionKey;
}
