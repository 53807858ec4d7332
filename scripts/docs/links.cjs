'use strict';

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * The links of Markdown pages that lead nowhere: a file that is not there, or a heading that its page
 * does not have. Links to other sites are left alone; a test must not depend on them.
 *
 * @param {string[]} files absolute paths of the pages
 * @returns {string[]} one sentence a dead link
 */
function deadLinks(files) {
	return files.flatMap((file) => {
		const text = withoutCode(readFileSync(file, 'utf8'));
		return [...text.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target]) => {
			const problem = problemOf(target, file);
			return problem ? [`${file}: ${problem}`] : [];
		});
	});
}

function problemOf(target, from) {
	if (/^[a-z]+:/i.test(target)) return undefined;
	const [name, anchor] = target.split('#');
	const file = name === '' ? from : path.resolve(path.dirname(from), decodeURIComponent(name));
	if (!existsSync(file)) return `${target} leads to no file`;
	if (!anchor || !file.endsWith('.md')) return undefined;
	return headings(file).has(anchor) ? undefined : `${target} leads to no heading`;
}

/** The anchors that GitHub gives to a page's headings. */
function headings(file) {
	const text = withoutCode(readFileSync(file, 'utf8'));
	return new Set(
		[...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) =>
			heading
				.toLowerCase()
				.replace(/[^\p{L}\p{N}\s_-]/gu, '')
				.trim()
				.replace(/\s/g, '-'),
		),
	);
}

function withoutCode(text) {
	return text
		.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '')
		.replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
}

module.exports = { deadLinks };
