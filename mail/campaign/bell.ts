/** Lets one task sleep until something has happened. A ring that nobody waited for is heard by the next. */
export class Bell {
	#rung = false;
	#wake: (() => void) | undefined;

	ring(): void {
		this.#rung = true;
		this.#wake?.();
	}

	/** Resolves at the next ring, or after `withinMs`. */
	async heard(withinMs?: number): Promise<void> {
		if (!this.#rung)
			await new Promise<void>((resolve) => {
				const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		this.#rung = false;
		this.#wake = undefined;
	}
}
