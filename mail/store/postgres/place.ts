/** Where the store is kept, and how its connection is secured. */
export interface PostgresPlace {
	host: string;
	port: number;
	database: string;
	user: string;
	password: string;
	/** The schema that holds our tables, ours alone. */
	schema: string;
	/**
	 * `verify`: TLS, and the certificate must be issued for this host by a trusted authority (`ca`: by
	 * this one, in PEM form). `encrypt`: TLS with whatever certificate. `none`: in the clear.
	 */
	tls: { mode: 'verify'; ca?: string } | { mode: 'encrypt' } | { mode: 'none' };
	/** The most connections that this process opens to the store. */
	maxConnections?: number;
}

/** How messages name the place; holds no user and no password. */
export function nameOfPlace({ host, port, database, schema }: PostgresPlace): string {
	const server = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
	return `${database} on ${server}, schema ${schema}`;
}

/** Two places with the same key are the same store, whoever signs in. */
export function keyOfPlace({ host, port, database, schema }: PostgresPlace): string {
	return JSON.stringify(['postgres', host.toLowerCase(), port, database, schema]);
}
