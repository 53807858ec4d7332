import { OWNER } from './n8n';
import type { TestN8n } from './n8n';

/** What a person does in the browser: presses Connect, agrees at the service, comes back. */
export async function connectOAuth2(n8n: TestN8n, credentialId: string): Promise<void> {
	const { url } = n8n.server.api;
	const cookies = new Map<string, string>();
	const visit = async (address: string, init: RequestInit = {}) => {
		const answer = await fetch(address, {
			redirect: 'manual',
			...init,
			headers: {
				'browser-id': 'n8n-nodes-smtp-suite',
				'content-type': 'application/json',
				cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
			},
		});
		for (const cookie of answer.headers.getSetCookie()) {
			const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
			cookies.set(name, value);
		}
		return answer;
	};
	await visit(`${url}/rest/login`, {
		method: 'POST',
		body: JSON.stringify({ emailOrLdapLoginId: OWNER.email, password: OWNER.password }),
	});
	const asked = await visit(`${url}/rest/oauth2-credential/auth?id=${credentialId}`);
	const { data } = (await asked.json()) as { data: string };
	const agreed = await visit(data);
	const back = await visit(agreed.headers.get('location') ?? '');
	if (back.status !== 200) throw new Error(`n8n answered ${back.status} to the service's answer.`);
}
