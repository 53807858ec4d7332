import type { Dns, RecordForms, RecordType } from './dns';
import type { NodeStyleResolver } from './spf-evaluate';

/** A run's DNS in the form in which libraries ask it: as `node:dns/promises` answers. */
export function asNodeResolver(dns: Dns): NodeStyleResolver {
	return {
		async resolve(name, type) {
			const answer = await dns.lookUp(name, type as RecordType);
			if (answer.outcome === 'records')
				return type === 'TXT'
					? (answer.records as RecordForms['TXT'][]).map(({ strings }) => [...strings])
					: answer.records;
			const code =
				answer.outcome === 'unknown' ? 'ETIMEOUT' : answer.nameExists ? 'ENODATA' : 'ENOTFOUND';
			throw Object.assign(new Error(`${type} ${name}: ${code}`), { code });
		},
	};
}
