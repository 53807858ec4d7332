import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

/*
 * The floors of the house: a room imports only from the floors below its own. Rooms of one floor do
 * not know each other; the nodes above join them.
 */
const FLOORS = [
	['transactional', 'campaign', 'question', 'round-trip'],
	['pacing', 'report', 'tracking', 'deliverability', 'mailbox', 'bounce'],
	['message', 'smtp', 'store'],
	['model'],
];

const floorRules = FLOORS.flatMap((rooms, floor) =>
	rooms.map((room) => {
		const allowed = FLOORS.slice(floor + 1).flat();
		const closed = FLOORS.flat().filter((other) => other !== room && !allowed.includes(other));
		return {
			files: [`mail/${room}/**/*.ts`],
			rules: {
				'no-restricted-imports': [
					'error',
					{
						patterns: [
							{
								group: ['n8n-*', '**/nodes/**', '**/credentials/**'],
								message: 'mail/ knows nothing of n8n.',
							},
							{ group: ['../index', '../../index'], message: 'mail/index is for those outside.' },
							...(closed.length
								? [
										{
											group: closed.flatMap((name) => [`../${name}/**`, `../../${name}/**`]),
											message: `mail/${room} may import only from the floors below it: ${allowed.join(', ') || 'none'}.`,
										},
									]
								: []),
						],
					},
				],
			},
		};
	}),
);

export default tseslint.config(
	{ ignores: ['dist/', 'node_modules/', 'coverage/', 'examples/'] },
	{
		files: ['**/*.ts'],
		extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
		languageOptions: {
			parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
		},
		rules: {
			// Numbers in messages are everywhere, and harmless.
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/consistent-type-imports': [
				'error',
				{ fixStyle: 'separate-type-imports' },
			],
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true },
			],
			// `while (true)` with a way out is how a long-lived loop is written.
			'@typescript-eslint/no-unnecessary-condition': [
				'error',
				{ allowConstantLoopConditions: true },
			],
		},
	},
	...floorRules,
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		rules: {
			'@typescript-eslint/no-restricted-imports': [
				'error',
				{
					patterns: [
						{
							group: ['**/mail/*/**'],
							allowTypeImports: true,
							message:
								'Import from mail/index: a second door makes a second pool and a second store.',
						},
					],
				},
			],
		},
	},
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts', 'package.json'],
		extends: [n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport],
	},
	{
		files: ['nodes/**/*.ts'],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		rules: {
			...n8nNodesBase.configs.nodes.rules,
			// These want the string 'main', n8n's newer plugin the constant: the newer one counts.
			'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
			'n8n-nodes-base/node-class-description-inputs-wrong-trigger-node': 'off',
			'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
			// "Api" would be a lie: these are accounts at mail servers.
			'n8n-nodes-base/node-class-description-credentials-name-unsuffixed': 'off',
		},
	},
	{
		files: ['credentials/**/*.ts'],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		rules: {
			...n8nNodesBase.configs.credentials.rules,
			// "Api" would be a lie: these are accounts at mail servers.
			'n8n-nodes-base/cred-class-name-unsuffixed': 'off',
			'n8n-nodes-base/cred-class-field-name-unsuffixed': 'off',
			'n8n-nodes-base/cred-class-field-display-name-missing-api': 'off',
			// For nodes inside n8n, whose documentation is named by a key; ours has a whole address.
			'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
		},
	},
	{
		files: ['package.json'],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
		rules: n8nNodesBase.configs.community.rules,
	},
	{
		// Tests hold values up to the light: a wrong shape fails the test, which is its purpose.
		files: ['test/**/*.ts'],
		rules: {
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/unbound-method': 'off',
		},
	},
	{
		// What comes out of n8n has no types: its REST answers are whatever they are.
		files: ['test/e2e/**/*.ts'],
		rules: {
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
		},
	},
);
