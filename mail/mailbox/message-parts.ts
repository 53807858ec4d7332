import type { MessageStructureObject } from 'imapflow';

import type { PartOutline } from '../model/message-parts';

/** What is fetched of one message's sections at most, all together. */
const MAX_BYTES = 8 * 2 ** 20;
/** Deeper than any mail that a person or a server wrote. */
const MAX_DEPTH = 30;

/** The server's BODYSTRUCTURE in our own words. */
export function outlineOf(node: MessageStructureObject, depth = 0): PartOutline {
	const { part, type, parameters, encoding, disposition, size, childNodes } = node;
	return {
		type: type.toLowerCase(),
		...(part === undefined ? {} : { part }),
		...(parameters === undefined ? {} : { parameters }),
		...(encoding === undefined ? {} : { encoding }),
		...(disposition === undefined ? {} : { disposition }),
		...(size === undefined ? {} : { size }),
		...(childNodes && depth < MAX_DEPTH
			? { childNodes: childNodes.map((child) => outlineOf(child, depth + 1)) }
			: {}),
	};
}

/** As many of the sections as fit, the last one cut to size. */
export function withinBounds<Section extends { maxBytes: number }>(
	sections: readonly Section[],
): Section[] {
	let left = MAX_BYTES;
	const fitting: Section[] = [];
	for (const section of sections) {
		if (left <= 0) break;
		const maxBytes = Math.min(section.maxBytes, left);
		fitting.push({ ...section, maxBytes });
		left -= maxBytes;
	}
	return fitting;
}

/** The header block with its blank line; undefined when it goes on behind what is there. */
export function headerOf(raw: Buffer): Buffer | undefined {
	const end = /\r\n\r\n|\n\n|\r\r/.exec(raw.toString('latin1'));
	return end ? raw.subarray(0, end.index + end[0].length) : undefined;
}
