import { readDefinition, writeDefinition } from '../../../mail/campaign/definition';
import type { CampaignDefinition } from '../../../mail/campaign/definition';

const file = {
	fileName: 'a.bin',
	contentType: 'application/octet-stream',
	content: Buffer.from([0, 13, 10, 255]),
};
const definition: CampaignDefinition = {
	template: {
		from: { name: 'Shop', address: 'shop@example.com' },
		subject: 'Hello {{name}}',
		text: 'Dear {{name}}',
		attachments: [file],
	},
	missing: 'error',
	ownFiles: false,
	plan: { limits: [{ count: 10, perMs: 1_000 }], providers: [] },
	isSigned: true,
	run: { from: 'shop@example.com', list: 'news', patienceMs: 120_000 },
};

it('a definition comes back as it was, with the bytes of its files', () => {
	expect(readDefinition(writeDefinition(definition))).toEqual(definition);
});

it.each([
	'',
	'null',
	'[]',
	'{"version":1}',
	'{',
	writeDefinition(definition).replace('"version":1', '"version":2'),
])('what is none, or of a newer version, is not guessed at: %.30s', (text) => {
	expect(readDefinition(text)).toBeUndefined();
});
