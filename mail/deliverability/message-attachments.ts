import { ALWAYS } from './finding';
import type { Finding } from './finding';
import { contentFinding } from './message-finding';
import type { ReadMail } from './message-read';

/** What Gmail, Outlook and others refuse to take in. */
const REFUSED = new Set([
	...['ade', 'adp', 'apk', 'appx', 'bat', 'cab', 'chm', 'cmd', 'com', 'cpl', 'dll', 'dmg', 'exe'],
	...['hta', 'ins', 'iso', 'isp', 'jar', 'js', 'jse', 'lib', 'lnk', 'mde', 'msc', 'msi', 'msp'],
	...['mst', 'pif', 'ps1', 'scr', 'sct', 'shb', 'sys', 'vb', 'vbe', 'vbs', 'vhd', 'vxd', 'wsc'],
	...['wsf', 'wsh', 'xll'],
]);
const MISTRUSTED = new Set([
	'htm',
	'html',
	'svg',
	'docm',
	'xlsm',
	'pptm',
	'one',
	'rar',
	'7z',
	'img',
]);
const LARGE_BYTES = 10_000_000;
/** Most providers take 20 to 25 MB, encoded. */
const TOO_LARGE_BYTES = 25_000_000;

export function* checkAttachments({ files, bytes }: ReadMail): Generator<Finding> {
	const refused = files.filter(({ name }) => REFUSED.has(extension(name)));
	const names = (some: readonly { name: string }[]) =>
		some.map(({ name }) => name.slice(0, 100)).slice(0, 10);
	if (refused.length > 0)
		yield contentFinding(
			'refusedFile',
			'fail',
			names(refused).join(', '),
			`Files of a kind that providers do not take: ${names(refused).join(', ')}.`,
			'Gmail, Outlook and others refuse the whole mail.',
			'Link to the file, or send it in another form.',
			{ requiredBy: ALWAYS, source: 'Gmail: file types blocked' },
		);
	const mistrusted = files.filter(
		({ name, isInline }) => !isInline && MISTRUSTED.has(extension(name)),
	);
	if (mistrusted.length > 0)
		yield contentFinding(
			'mistrustedFile',
			'warning',
			names(mistrusted).join(', '),
			`Files of a kind that filters mistrust: ${names(mistrusted).join(', ')}.`,
			'Some receivers hold such mail back.',
			'Send a PDF, or link to the file.',
		);
	if (bytes > LARGE_BYTES)
		yield contentFinding(
			'large',
			bytes > TOO_LARGE_BYTES ? 'fail' : 'warning',
			'message',
			`The message has ${Math.round(bytes / 1_000_000)} MB as it is sent.`,
			'Many providers take up to 10 MB, none more than about 25.',
			'Link to large files.',
			{
				requiredBy: bytes > TOO_LARGE_BYTES ? ALWAYS : {},
				source: 'Gmail and Outlook size limits',
			},
		);
}

function extension(name: string): string {
	return name
		.slice(name.lastIndexOf('.') + 1)
		.trim()
		.toLowerCase();
}
