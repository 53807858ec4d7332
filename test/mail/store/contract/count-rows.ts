/** Rows by table, those without any left out: two stores with the same rows give the same. */
export async function countRows(
	tables: readonly { name: string }[],
	count: (table: { name: string }) => number | Promise<number>,
): Promise<Record<string, number>> {
	const rows: Record<string, number> = {};
	for (const table of tables) {
		const found = await count(table);
		if (found > 0) rows[table.name] = found;
	}
	return rows;
}
