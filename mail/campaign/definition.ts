import type { LoadedFile } from '../message/attachment';
import type { CampaignTemplate } from '../message/compile';
import type { PacePlan } from '../pacing/plan';
import type { TrackingWishes } from '../tracking/links';
import type { CampaignRunOptions } from './run';

/**
 * All that a campaign is apart from its recipients and its secrets: with it, and with what the ledger
 * owes, any process that has the account can finish it.
 */
export interface CampaignDefinition {
	template: CampaignTemplate;
	missing: 'error' | 'empty';
	/** Recipients bring files of their own. */
	ownFiles: boolean;
	/** How fast the one who began it wanted it to go, besides what the account allows. */
	plan: PacePlan;
	/** It was signed with a key of the domain's own: unsigned it must not go on. */
	isSigned: boolean;
	/** Links of each recipient's own; none when left out. */
	tracking?: TrackingWishes;
	run: Pick<
		CampaignRunOptions,
		| 'from'
		| 'bounceAddress'
		| 'list'
		| 'patienceMs'
		| 'giveUpAfterMs'
		| 'longestWaitMs'
		| 'resendUnknown'
		| 'suppressRefused'
	>;
}

/** Grows when an older version of this package could not read what a newer one wrote. */
const VERSION = 1;

export function writeDefinition(definition: CampaignDefinition): string {
	const { template } = definition;
	const files = {
		attachments: template.attachments?.map(writeFile),
		pictures: template.pictures?.map(writeFile),
	};
	return JSON.stringify({ version: VERSION, ...definition, template: { ...template, ...files } });
}

/** @returns undefined for what a newer version wrote, or nobody of us */
export function readDefinition(text: string): CampaignDefinition | undefined {
	try {
		const { version, ...definition } = JSON.parse(text) as Written;
		if (version !== VERSION) return undefined;
		const { attachments, pictures, ...template } = definition.template;
		return {
			...definition,
			template: {
				...template,
				...(attachments ? { attachments: attachments.map(readFile) } : {}),
				...(pictures ? { pictures: pictures.map(readFile) } : {}),
			},
		};
	} catch {
		return undefined;
	}
}

/** Its bytes in base64. */
type WrittenFile = Omit<LoadedFile, 'content'> & { content: string };

type Written = Omit<CampaignDefinition, 'template'> & {
	version?: unknown;
	template: Omit<CampaignTemplate, 'attachments' | 'pictures'> & {
		attachments?: WrittenFile[];
		pictures?: WrittenFile[];
	};
};

function writeFile({ content, ...file }: LoadedFile): WrittenFile {
	return { ...file, content: content.toString('base64') };
}

function readFile({ content, ...file }: WrittenFile): LoadedFile {
	return { ...file, content: Buffer.from(content, 'base64') };
}
