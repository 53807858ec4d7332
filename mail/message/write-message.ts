import { AttachmentError } from './attachment';
import { Base64Encoder } from './base64';
import type { DkimSigner } from './dkim';
import { DkimBodyHash } from './dkim-body';
import { pieceLength } from './part';
import type { Part, Piece } from './part';

/** A DKIM-Signature is written before the message, once the body has been hashed: room is kept for it. */
const ROOM_FOR_SIGNATURE = 4096;

/**
 * Writes a message into one buffer of the right size, reading each file as its turn comes: of an
 * attachment only the encoded form is ever held.
 *
 * @throws AttachmentError when a file cannot be read, or is not as long as it was said to be
 */
export async function writeMessage(
	{ head, body }: Part,
	{ signer, at }: { signer?: DkimSigner; at: Date },
): Promise<Buffer> {
	const headBytes = Buffer.from(`${head}\r\n`);
	const room = signer ? ROOM_FOR_SIGNATURE : 0;
	const length = body.reduce((sum, piece) => sum + pieceLength(piece), headBytes.length);
	const raw = Buffer.allocUnsafe(room + length);
	let offset = room + headBytes.copy(raw, room);
	const hash = signer && new DkimBodyHash();
	for (const piece of body) {
		const end = await writePiece(piece, raw, offset);
		const written = raw.subarray(offset, end);
		if ('bytes' in piece && !piece.base64) hash?.update(written);
		else hash?.updateRelaxed(written);
		offset = end;
	}
	if (!signer || !hash) return raw;
	const signature = Buffer.from(await signer.signAside(head, hash.digest(), at));
	const start = room - signature.length;
	signature.copy(raw, start);
	return raw.subarray(start);
}

async function writePiece(piece: Piece, raw: Buffer, offset: number): Promise<number> {
	if ('bytes' in piece) return offset + piece.bytes.copy(raw, offset);
	const { file, fileName } = piece;
	const encoder = new Base64Encoder(raw, offset);
	let read = 0;
	try {
		for await (const chunk of await file.open()) {
			read += chunk.length;
			if (read > file.size) break;
			encoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
		}
	} catch (error) {
		throw new AttachmentError(fileName, `cannot be read (${(error as Error).message})`);
	}
	if (read !== file.size)
		throw new AttachmentError(
			fileName,
			`has ${read > file.size ? 'more' : 'fewer'} bytes than the ${file.size} it is said to have`,
		);
	return encoder.end();
}
