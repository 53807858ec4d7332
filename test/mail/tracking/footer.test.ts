import { namesUnsubscribe, withUnsubscribeLine } from '../../../mail/tracking/footer';
import { reachOf } from '../../../mail/tracking/site';

const LINE = '<p style="font-size:12px"><a href="{{unsubscribeUrl}}">Leave</a></p>';

describe('the unsubscribe line', () => {
	it('stands at the end of the body, and of the text', () => {
		expect(
			withUnsubscribeLine({ html: '<body><p>x</p></body></html>', text: 'Hello\n' }, 'Leave'),
		).toEqual({
			html: `<body><p>x</p>${LINE}</body></html>`,
			text: 'Hello\n\nLeave: {{unsubscribeUrl}}\n',
		});
	});

	it('is left out of a part that has its own link, and put into the other one', () => {
		const html = '<a href="{{unsubscribeUrl}}">out</a>';
		const made = withUnsubscribeLine({ html, text: 'Hello' }, 'Leave');
		expect(made.html).toBe(html);
		expect(made.text).toContain('Leave: {{unsubscribeUrl}}');
	});

	it('is not fooled by a comment of the template, nor by the bare word', () => {
		expect(namesUnsubscribe('{{!-- unsubscribeUrl --}} unsubscribeUrl {{name}}')).toBe(false);
		expect(namesUnsubscribe('{{#if unsubscribeUrl}}x{{/if}}')).toBe(true);
	});

	it('says its words as they are: no HTML, no template', () => {
		const { html } = withUnsubscribeLine({ html: '' }, '<b>{{name}} &\nout');
		expect(html).toContain('>&#60;b&#62;{name}} &#38; out</a>');
	});
});

describe('an address that answers', () => {
	it.each([
		['https://n8n.example.com/webhook/m', 'public'],
		['http://localhost:5678/webhook/m', 'local'],
		['http://127.0.0.1:5678/webhook/m', 'local'],
		['http://[::1]:5678/webhook/m', 'local'],
		['http://n8n.example.com/webhook/m', 'open'],
		['http://localhost.example.com/m', 'open'],
		['https://127.example.com/m', 'public'],
		['nothing', 'open'],
	])('%s is %s', (site, reach) => {
		expect(reachOf(site)).toBe(reach);
	});
});
