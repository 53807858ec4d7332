import { StoreError } from '../store-error';
import { Line } from './line';
import { checkServer, MIGRATIONS, readSchemaVersion } from './migrations';
import { nameOfPlace } from './place';
import type { PostgresPlace } from './place';
import { explain, postgresProblem } from './problems';

export type VerifiedStore =
	| {
			ok: true;
			/** As the server says it, such as `17.5 (Debian 17.5-1)`. */
			serverVersion: string;
			/** Whether the tables are there; where they are not, the first use makes or upgrades them. */
			tables: 'ready' | 'toBeMade' | 'toBeUpgraded';
	  }
	| { ok: false; problem: StoreError };

/** Connects and looks whether a store can be kept there. Changes nothing. */
export async function verifyPostgres(place: PostgresPlace): Promise<VerifiedStore> {
	const name = nameOfPlace(place);
	const line = new Line(place);
	try {
		const serverVersion = await checkServer(line, name);
		const version = await readSchemaVersion(line, place, name);
		if (version === MIGRATIONS.length) return { ok: true, serverVersion, tables: 'ready' };
		const [may] = await line.query<{ make: boolean }>(
			`SELECT CASE WHEN count(*) > 0
				THEN coalesce(bool_and(has_schema_privilege(oid, 'CREATE')), false)
				ELSE has_database_privilege(current_database(), 'CREATE') END AS make
			FROM pg_namespace WHERE nspname = $1`,
			[place.schema],
		);
		if (!may?.make) return { ok: false, problem: postgresProblem('notWritable', name) };
		return { ok: true, serverVersion, tables: version === 0 ? 'toBeMade' : 'toBeUpgraded' };
	} catch (error) {
		const problem = explain(error, name);
		if (problem instanceof StoreError) return { ok: false, problem };
		throw problem;
	} finally {
		await line.close();
	}
}
