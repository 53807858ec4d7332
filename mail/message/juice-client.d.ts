/** juice without its part that fetches: the package has types for the whole only. */
declare module 'juice/client' {
	import type { Options } from 'juice';

	export default function juice(html: string, options?: Options): string;
}
