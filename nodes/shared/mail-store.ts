import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import type {
	ICredentialDataDecryptedObject,
	INode,
	Logger,
	NodeExecutionHint,
} from 'n8n-workflow';

import { keyOfPlace, nameOfPlace, openStore } from '../../mail/index';
import type { MailStore } from '../../mail/index';
import { MAIL_STORE_CREDENTIAL, placeFrom } from './mail-store-credential';

/** What opening a store needs of n8n; execute, trigger and webhook functions all have it. */
export interface StoreContext {
	getNode(): INode;
	getCredentials<T extends object = ICredentialDataDecryptedObject>(type: string): Promise<T>;
	logger: Logger;
	/** Shows words on the node's output; execute functions only. */
	addExecutionHints?(...hints: NodeExecutionHint[]): void;
}

/** A store that is open in this process. */
export interface OpenedStore {
	store: MailStore;
	key: string;
	/** As messages name it. */
	name: string;
}

/** One open store a place, for every node of the process. */
const openStores = new Map<string, Promise<OpenedStore>>();

/**
 * The store of this node: the one in PostgreSQL that its credential names, else the embedded store of
 * this n8n. Opened once a process.
 *
 * @throws StoreError, in the user's words, when it cannot be opened or made
 */
export async function openNodeStore(context: StoreContext): Promise<MailStore> {
	return (await openNodeStoreNamed(context)).store;
}

/** The same, with its name. */
export async function openNodeStoreNamed(context: StoreContext): Promise<OpenedStore> {
	if (context.getNode().credentials?.[MAIL_STORE_CREDENTIAL] === undefined) {
		warnInQueueMode(context);
		return await openEmbedded();
	}
	const place = placeFrom(await context.getCredentials(MAIL_STORE_CREDENTIAL));
	// Whoever changes the password or the certificate opens anew.
	const key = JSON.stringify(place);
	return await openOnce(key, {
		key: keyOfPlace(place),
		name: `PostgreSQL: ${nameOfPlace(place)}`,
		open: () => openStore({ postgres: place, masterKey: readEncryptionKey(n8nFolder()) }),
	});
}

/** Stores that this process has open, and the embedded one where there is its file. */
export async function storesInUse(): Promise<OpenedStore[]> {
	if (existsSync(embeddedFile())) await openEmbedded().catch(() => undefined);
	const settled = await Promise.allSettled(openStores.values());
	return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

function openEmbedded(): Promise<OpenedStore> {
	const file = embeddedFile();
	return openOnce(file, {
		key: file,
		name: 'the embedded store of this n8n',
		open: () => openStore({ path: file, masterKey: readEncryptionKey(n8nFolder()) }),
	});
}

/** Receipts serve n8n's repeated tries, which follow within minutes or days. */
const RECEIPTS_KEPT_MS = 30 * 24 * 3_600_000;
/** A check that is done once a year still finds what it found the last time. */
const CHECKS_KEPT_MS = 500 * 24 * 3_600_000;

async function openOnce(
	key: string,
	place: { key: string; name: string; open: () => Promise<MailStore> },
): Promise<OpenedStore> {
	let opened = openStores.get(key);
	if (!opened) {
		opened = (async () => {
			const store = await place.open();
			await store.receipts.forget(store.clock() - RECEIPTS_KEPT_MS);
			await store.checkMemory.forget(store.clock() - CHECKS_KEPT_MS);
			return { store, key: place.key, name: place.name };
		})();
		openStores.set(key, opened);
		// A store that could not be opened is tried again by the next node, once its cause is mended.
		opened.catch(() => openStores.delete(key));
	}
	return await opened;
}

const NOT_SHARED =
	'n8n runs in queue mode, and this node has no Mail Store (PostgreSQL) credential, so each worker keeps its own records. Another worker does not know who was mailed, who is suppressed, how fast the account may send, or what a campaign still owes, and may mail the same people again. Choose the credential in this node, the same as in your other mail nodes.';

function warnInQueueMode(context: StoreContext): void {
	if (process.env.EXECUTIONS_MODE !== 'queue') return;
	if (context.addExecutionHints)
		context.addExecutionHints({ message: NOT_SHARED, type: 'warning', location: 'outputPane' });
	else context.logger.warn(`${context.getNode().name}: ${NOT_SHARED}`);
}

/**
 * `<n8n folder>/storage/n8n-nodes-smtp-suite/mail.sqlite`, beside the folders that n8n's
 * `getStoragePath()` gives to nodes.
 */
export function embeddedFile(): string {
	return path.join(n8nFolder(), 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite');
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
