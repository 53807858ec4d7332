/*
 * Moves the mail store: from the file in n8n's folder to PostgreSQL, or back. See docs/mail-store.md.
 */
import { existsSync, renameSync } from 'node:fs';
import { readFileSync } from 'node:fs';

import { cancelMove, moveStore, openMovableFile, openMovablePostgres } from '../mail/index';
import type { MovableStore } from '../mail/index';
import { embeddedFile } from '../nodes/shared/mail-store';
import { placeFrom } from '../nodes/shared/mail-store-credential';

const USAGE = `
  MAIL_STORE_URL=postgresql://user:password@host:5432/database node move-store.js --to-postgres
  MAIL_STORE_URL=postgresql://user:password@host:5432/database node move-store.js --to-embedded

  --cancel       with one of the two above: gives up a move that broke off
  --schema NAME  as in the credential; smtp_suite when left out
  --tls HOW      valid (when left out), any, off, or the file of a CA certificate, as in the credential

  Run it as the user that runs n8n. The folder of n8n is found as n8n finds it (N8N_USER_FOLDER).`;

/** @returns the exit code */
async function main(options: readonly string[]): Promise<number> {
	const toPostgres = options.includes('--to-postgres');
	const url = process.env.MAIL_STORE_URL;
	if (toPostgres === options.includes('--to-embedded') || !url) {
		console.error(`Say where to move the mail store:\n${USAGE}`);
		return 2;
	}
	const place = placeFrom({
		connectBy: 'connectionString',
		connectionString: url,
		schema: valueOf(options, '--schema') ?? '',
		...tlsOf(valueOf(options, '--tls') ?? 'valid'),
	});
	const cancels = options.includes('--cancel');
	const file = embeddedFile();
	if (toPostgres && !existsSync(file)) throw new Error(`There is no mail store in ${file}.`);
	if (!toPostgres && !cancels) await putAside(file);
	const opened: MovableStore[] = [];
	try {
		const embedded = await openMovableFile(file);
		opened.push(embedded);
		const postgres = await openMovablePostgres(place);
		opened.push(postgres);
		const [from, to] = toPostgres ? [embedded, postgres] : [postgres, embedded];
		if (cancels) {
			await cancelMove(from, to);
			console.log(`The move was given up. ${from.name} is in use again.`);
			return 0;
		}
		console.log(`Moving ${from.name} to ${to.name} ...`);
		const moved = await moveStore(from, to, inSteps());
		for (const { table, rows } of moved) console.log(`  ${table.padEnd(24)} ${rows}`);
		console.log(
			`Everything arrived: the counts are the same at both ends. ${
				toPostgres
					? 'Now choose the credential Mail Store (PostgreSQL) in every mail node.'
					: 'Now take the credential Mail Store (PostgreSQL) out of every mail node.'
			}`,
		);
		return 0;
	} finally {
		for (const store of opened) await store.close();
	}
}

/** Makes room for a store that comes back to where it was; what it was before is kept. */
async function putAside(file: string): Promise<void> {
	if (!existsSync(file)) return;
	const store = await openMovableFile(file);
	const mark = await store.mark();
	await store.close();
	if (mark?.state !== 'left') return;
	const aside = `${file}.moved-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
	renameSync(file, aside);
	console.log(`What was moved away before is kept in ${aside}.`);
}

/** A line at every 100,000 rows. */
function inSteps(): (moved: { table: string; rows: number }) => void {
	let next = 100_000;
	let current = '';
	return ({ table, rows }) => {
		if (table !== current) [current, next] = [table, 100_000];
		if (rows < next) return;
		console.log(`  ${table}: ${rows} rows ...`);
		next = rows + 100_000;
	};
}

function valueOf(options: readonly string[], name: string): string | undefined {
	const at = options.indexOf(name);
	return at < 0 ? undefined : options[at + 1];
}

function tlsOf(how: string): { tls: string; caCertificate?: string } {
	const known: Readonly<Record<string, string>> = { valid: 'verify', any: 'encrypt', off: 'none' };
	const tls = known[how];
	if (tls) return { tls };
	return { tls: 'ownCa', caCertificate: readFileSync(how, 'utf8') };
}

main(process.argv.slice(2)).then(
	(code) => (process.exitCode = code),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	},
);
