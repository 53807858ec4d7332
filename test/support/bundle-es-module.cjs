'use strict';

const { buildSync } = require('esbuild');

/*
 * jest's `require` cannot load packages that are published as ES modules only. Those are bundled for the
 * tests as they are for n8n: one file with all that they import.
 */
module.exports = {
	process(_source, file) {
		const { outputFiles } = buildSync({
			entryPoints: [file],
			bundle: true,
			platform: 'node',
			format: 'cjs',
			write: false,
		});
		return { code: outputFiles[0].text };
	},
};
