import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { TestN8n } from './n8n';

export interface Started {
	id: string;
	/** When it started, ms since the epoch. */
	at: number;
	status: string;
	/** The recipients whose bounces the execution was started with, each once. */
	recipients: string[];
}

/**
 * What n8n started of a workflow, from its own database: ten thousand executions are too many to ask
 * for one by one.
 *
 * @param domain of the recipients that are looked for
 * @param after the execution after which to look
 */
export function startedExecutions(
	n8n: TestN8n,
	workflowId: string,
	domain: string,
	after = '0',
): Started[] {
	const file = path.join(n8n.userFolder, '.n8n', 'database.sqlite');
	const database = new DatabaseSync(file, { readOnly: true });
	try {
		database.exec('PRAGMA busy_timeout = 10000');
		const rows = database
			.prepare(
				`SELECT e.id, coalesce(e.startedAt, e.createdAt) AS "at", e.status, d.data
				FROM execution_entity e LEFT JOIN execution_data d ON d.executionId = e.id
				WHERE e.workflowId = ? AND e.id > ? ORDER BY e.id`,
			)
			.all(workflowId, Number(after)) as {
			id: number;
			at: string;
			status: string;
			data: string | null;
		}[];
		const address = new RegExp(`[a-z0-9-]+@${domain.replaceAll('.', '\\.')}`, 'g');
		return rows.map(({ id, at, status, data }) => ({
			id: String(id),
			at: Date.parse(`${at.replace(' ', 'T')}Z`),
			status,
			recipients: [...new Set(data?.match(address) ?? [])],
		}));
	} finally {
		database.close();
	}
}

/** How often each of these was in an execution's items; those that were in none, and in several. */
export function tally(started: readonly Started[], expected: readonly string[]) {
	const times = new Map(expected.map((each) => [each, 0]));
	const unexpected: string[] = [];
	for (const recipient of started.flatMap(({ recipients }) => recipients)) {
		const before = times.get(recipient);
		if (before === undefined) unexpected.push(recipient);
		else times.set(recipient, before + 1);
	}
	return {
		missing: expected.filter((each) => times.get(each) === 0),
		doubled: expected.filter((each) => (times.get(each) ?? 0) > 1),
		unexpected,
	};
}
