import { inlineCss } from '../../../mail/message/inline-css';

describe('inline CSS', () => {
	it('writes rules into the elements, and keeps what cannot be', async () => {
		const html = await inlineCss(
			'<style>p{color:red} @media (max-width:600px){p{color:blue}}</style><p>x</p>',
		);
		expect(html).toContain('<p style="color: red;">');
		expect(html).toContain('@media');
	});
});
