import { compileTemplate, plainData } from '../../../mail/message/template';
import { fillUnsubscribe, UNSUBSCRIBE_PLACE } from '../../../mail/tracking/single';

const URL_OF_MAIL = 'https://n8n.example/webhook/t?t=ab_c-1$&2';

/** What SMTP Send makes of a template: rendered with the place, which is filled in afterwards. */
function leave(source: string, escape: 'html' | 'none'): string {
	const compiled = compileTemplate(source, { field: 'HTML', escape, missing: 'error' });
	if (!compiled.ok) throw new Error(compiled.problem.message);
	const rendered = compiled.template.render(plainData({ unsubscribeUrl: UNSUBSCRIBE_PLACE }));
	if (!rendered.ok) throw new Error(rendered.problem);
	return fillUnsubscribe(rendered.text, URL_OF_MAIL);
}

describe("a single mail's unsubscribe link", () => {
	it.each([
		['{{unsubscribeUrl}}', URL_OF_MAIL],
		['{{link unsubscribeUrl}}', URL_OF_MAIL],
		[
			'https://a.example/?next={{urlEncode unsubscribeUrl}}',
			`https://a.example/?next=${encodeURIComponent(URL_OF_MAIL)}`,
		],
		['{{#if unsubscribeUrl}}yes{{/if}}', 'yes'],
	])('is in the mail where the template says %s', (source, becomes) => {
		expect(leave(source, 'none')).toBe(becomes);
		expect(leave(source, 'html')).toBe(becomes);
	});

	it('is there too where no template was read, and where a link was percent-encoded', () => {
		expect(fillUnsubscribe('out: {{unsubscribeUrl}}', URL_OF_MAIL)).toBe(`out: ${URL_OF_MAIL}`);
		expect(fillUnsubscribe(new URL(UNSUBSCRIBE_PLACE).href, URL_OF_MAIL)).toBe(URL_OF_MAIL);
	});
});
