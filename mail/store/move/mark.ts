import { StoreError } from '../store-error';

/**
 * What a store says of a move that it has a part in. The one that is left says so for ever, so that a
 * node that was forgotten does not go on with it and mail people whom the other one knows as mailed.
 */
export interface MoveMark {
	/** `leaving`, `arriving`: under way, and not to be used. `left`: moved away. `arrived`: in use. */
	state: 'leaving' | 'left' | 'arriving' | 'arrived';
	/** Names the move at both ends. */
	token: string;
	/** The other end, as messages name it. */
	other: string;
}

/** @throws StoreError where nobody may use the store now */
export function refuseIfMoved(mark: MoveMark | undefined, place: string): void {
	if (mark === undefined || mark.state === 'arrived') return;
	if (mark.state === 'left')
		throw new StoreError(
			'moved',
			place,
			`The mail store (${place}) was moved to ${mark.other}, and is not used any more. Choose that one in this node.`,
		);
	const direction = mark.state === 'leaving' ? 'to' : 'here from';
	throw new StoreError(
		'moving',
		place,
		`The mail store (${place}) is being moved ${direction} ${mark.other}. Wait for its end; if it broke off, start the move again, or end it with --cancel.`,
	);
}

/** In both backends, so that it can be read before anything else is known. */
export const READ_MARK = 'SELECT state, token, other FROM store_move';
