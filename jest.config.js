/** @type {import('jest').Config} */
const project = (displayName, testMatch) => ({
	displayName,
	testMatch,
	testEnvironment: 'node',
	transform: {
		'^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
	},
	moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
	modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

/*
 * Three floors of tests. `unit` needs nothing but Node; `integration` talks to real servers
 * (Postfix, Dovecot); `e2e` runs a real n8n with the packed package. A test's name tells its floor:
 * *.test.ts, *.integration.test.ts, *.e2e.test.ts.
 */
module.exports = {
	projects: [
		{
			...project('unit', ['<rootDir>/test/**/*.test.ts']),
			testPathIgnorePatterns: ['\\.integration\\.test\\.ts$', '\\.e2e\\.test\\.ts$'],
		},
		project('integration', ['<rootDir>/test/**/*.integration.test.ts']),
		project('e2e', ['<rootDir>/test/**/*.e2e.test.ts']),
	],
};
