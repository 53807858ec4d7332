import { hash } from 'node:crypto';

import type { Part } from './part';

/**
 * A boundary that no part can hold: neither quoted-printable nor base64 ever makes `=_`, and a message
 * that goes along as it stands is looked through.
 */
export function boundaryFor(seed: string, files: readonly Part[]): string {
	for (let salt = 0; ; salt++) {
		const boundary = `=_${hash('sha256', `${seed} ${salt}`).slice(0, 24)}`;
		if (!files.some((file) => holdsText(file, boundary))) return boundary;
	}
}

/** Only of a message that goes along as it stands can somebody else have chosen the bytes. */
export function holdsText({ head, body }: Part, text: string): boolean {
	return (
		head.includes('Encoding: 7bit') &&
		body.some((piece) => 'bytes' in piece && piece.bytes.includes(text))
	);
}
