import { BlockList } from 'node:net';

const PRIVATE = new BlockList();
for (const [net, bits] of [
	['10.0.0.0', 8],
	['172.16.0.0', 12],
	['192.168.0.0', 16],
	['169.254.0.0', 16],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['0.0.0.0', 8],
] as const)
	PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
	['fc00::', 7],
	['fe80::', 10],
	['::1', 128],
] as const)
	PRIVATE.addSubnet(net, bits, 'ipv6');

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
