import { BlockList } from 'node:net';

/** Of networks of one's own, of this machine, or of no host at all (RFC 6890). */
const NETS: readonly (readonly [string, number])[] = [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['224.0.0.0', 3],
];
const NETS_6: readonly (readonly [string, number])[] = [
	['::', 127],
	['64:ff9b:1::', 48],
	['2002::', 16],
	['fc00::', 7],
	['fe80::', 9],
	['ff00::', 8],
];

const PRIVATE = new BlockList();
for (const [net, bits] of NETS) {
	PRIVATE.addSubnet(net, bits, 'ipv4');
	// The same by NAT64 (RFC 6052); mapped ones (::ffff:0:0/96) are held against the IPv4 nets by Node.
	PRIVATE.addSubnet(`64:ff9b::${net}`, 96 + bits, 'ipv6');
}
for (const [net, bits] of NETS_6) PRIVATE.addSubnet(net, bits, 'ipv6');

/** Whether an address cannot be reached from the internet (RFC 6890). */
export function isPrivate(address: string): boolean {
	return PRIVATE.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/** An IPv6 address as its 32 digits. */
export function fullDigits(address: string): string {
	const { hostname } = new URL(`http://[${address}]`);
	const [head = '', tail] = hostname.slice(1, -1).split('::');
	const groups = (text: string) => (text === '' ? [] : text.split(':'));
	const before = groups(head);
	const after = groups(tail ?? '');
	const all =
		tail === undefined
			? before
			: [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
	return all.map((group) => group.padStart(4, '0')).join('');
}

/** An IPv6 address as the DNS asks for it: its digits backwards, with dots (RFC 3596 section 2.5). */
export function digitsBackwards(address: string): string {
	return Array.from(fullDigits(address)).reverse().join('.');
}
