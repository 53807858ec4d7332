/** Libraries that are ES modules only, which Jest cannot load as they are. */
const MODULE_PACKAGES = '(htmlparser2|domhandler|domelementtype|domutils|dom-serializer|entities)/';
const MODULES = `/node_modules/${MODULE_PACKAGES}.+\\.js$`;
/** One whose many parts are too: bundled from this file on, as it is for n8n. */
const BUNDLED = 'juice/client\\.js$';

/** @type {import('jest').Config} */
const project = (displayName, testMatch) => ({
	displayName,
	testMatch,
	testEnvironment: 'node',
	transform: {
		[`/node_modules/${BUNDLED}`]: '<rootDir>/test/support/bundle-es-module.cjs',
		'^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
		[MODULES]: ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }],
	},
	transformIgnorePatterns: [`/node_modules/(?!${MODULE_PACKAGES}|${BUNDLED})`],
	moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
	modulePathIgnorePatterns: ['<rootDir>/dist/'],
});

/*
 * Three floors of tests. `unit` needs nothing but Node; `integration` talks to real servers
 * (Postfix, Dovecot), starts processes, or lets whole campaigns run by the clock; `e2e` runs a real
 * n8n with the packed package. A test's name tells its floor: *.test.ts, *.integration.test.ts,
 * *.e2e.test.ts.
 */
module.exports = {
	// Jest leaves a core free by itself; most of these tests wait rather than compute.
	maxWorkers: '100%',
	// A test that hangs is found by it. How long a busy machine may take for one is nobody's to say.
	testTimeout: 60_000,
	projects: [
		{
			...project('unit', ['<rootDir>/test/**/*.test.ts']),
			testPathIgnorePatterns: ['\\.integration\\.test\\.ts$', '\\.e2e\\.test\\.ts$'],
		},
		project('integration', ['<rootDir>/test/**/*.integration.test.ts']),
		project('e2e', ['<rootDir>/test/**/*.e2e.test.ts']),
	],
};
