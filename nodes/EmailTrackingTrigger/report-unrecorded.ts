import type { Logger } from 'n8n-workflow';

/** Whoever pressed a link has had an answer; n8n's log gets the cause. */
export function reportUnrecorded(logger: Logger, node: string, error: unknown): void {
	logger.error(`${node}: a tracking request was not recorded: ${(error as Error).message}`);
}
