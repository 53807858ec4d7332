/** A mail of about 10 KB in HTML and text, with ten fields of the recipient's. */

export const FROM = { name: 'Shop', address: 'shop@example.com' };
export const SUBJECT = 'News for {{name}} from the {{city}} shop';

const ARTICLES = Array.from(
	{ length: 12 },
	(_, index) =>
		`<tr><td style="padding:12px;font-family:Arial,sans-serif"><h2>Offer ${index + 1} for {{name}}</h2><p>Since your order {{order}} much has happened at the shop in {{city}}. This week we have put together a choice of things that go well with what you have, at a price that holds until the end of the month, for members of the {{plan}} plan only. We would be glad to see you.</p><p><a href="https://shop.example.com/offers/${index + 1}">See the offer</a></p></td></tr>`,
).join('\n');

export const HTML = `<!doctype html><html><body style="margin:0"><table width="600" align="center">
<tr><td><h1>Dear {{name}},</h1><p>you have {{points}} points.</p></td></tr>
${ARTICLES}
<tr><td><p>{{#if vip}}As one of our best customers you need no code.{{else}}Your code is {{code}}.{{/if}}</p></td></tr>
</table></body></html>`;

export const TEXT = `Dear {{name}},

you have {{points}} points, and there is news from the {{city}} shop.

${Array.from(
	{ length: 12 },
	(_, index) =>
		`Offer ${index + 1}: since your order {{order}} we have put together things that go well with what you have, at a price that holds until the end of the month. https://shop.example.com/offers/${index + 1}`,
).join('\n\n')}

Your code is {{code}}.
`;

export interface Customer {
	address: string;
	data: Record<string, unknown>;
}

export function customers(count: number): Customer[] {
	const cities = ['Oslo', 'Lima', 'Graz', 'Kyoto', 'Cork'];
	return Array.from({ length: count }, (_, index) => ({
		address: `customer-${index}@example.com`,
		data: {
			name: `Customer ${index}`,
			city: cities[index % cities.length],
			order: `A-${index * 7}`,
			plan: index % 3 === 0 ? 'gold' : 'blue',
			points: index % 1_000,
			vip: index % 10 === 0,
			code: `CODE-${index}`,
		},
	}));
}
