import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const table = readFileSync(join(__dirname, '../../docs/compare-send-email.md'), 'utf8');

/** The options of an interface, as the installed nodemailer declares them. */
function optionsOf(file: string, name: string): string[] {
	const package_ = dirname(require.resolve('nodemailer/package.json'));
	const source = readFileSync(join(package_, 'dist/cjs', file), 'utf8');
	const body = new RegExp(`export interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(
		source,
	)?.[1];
	const options = [...(body ?? '').matchAll(/^ {4}(\w+)\??:/gm)].map(([, option = '']) => option);
	return options.filter((option) => !option.startsWith('_'));
}

describe('the comparison with nodemailer', () => {
	it.each([
		['mail-composer/index.d.ts', 'MailComposerOptions', 25],
		['mail-composer/index.d.ts', 'MailComposerAlternative', 8],
		['mail-composer/index.d.ts', 'MailComposerAttachment', 2],
		['mailer/mail-message.d.ts', 'SendMailOptions', 6],
	])('names every option of %s, %s', (file, name, atLeast) => {
		const options = optionsOf(file, name);
		expect(options.length).toBeGreaterThanOrEqual(atLeast);
		expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(table))).toEqual([]);
	});
});
