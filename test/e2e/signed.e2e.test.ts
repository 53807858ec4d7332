import { generateKeyPairSync } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify';
import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

/** So many that signatures are wanted faster than they are made. */
const READERS = 400;
const CONNECTIONS = 20;
const DOMAIN = 'news.example';
const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 });

let n8n: TestN8n;
let server: ScriptedServer;

beforeAll(async () => {
	server = await scriptedServer();
	n8n = await startTestN8n();
}, 180_000);

afterAll(async () => {
	await n8n.stop();
	await server.close();
}, 60_000);

it('each mail of a campaign has a signature of its own, which holds at its reader', async () => {
	const { api } = n8n.server;
	const account = {
		...{ service: 'own', host: '127.0.0.1', port: server.port, security: 'none' },
		...{ authentication: 'none', maxConnections: CONNECTIONS },
	};
	const dkim = {
		...{ domain: DOMAIN, selector: 's1' },
		privateKey: KEYS.privateKey.export({ type: 'pkcs8', format: 'pem' }),
	};
	const readers = Array.from({ length: READERS }, (_, index) => ({
		email: `reader-${index}@example.test`,
		name: `Zoë ${index}`,
	}));
	const workflow = await api.createWorkflow(
		chain('Signed', [
			PRESS,
			...itemsOf(readers),
			{
				name: 'Mail',
				type: 'n8n-nodes-smtp-suite.smtpBulkSend',
				parameters: {
					...{ campaignId: 'signed', fromEmail: `News <news@${DOMAIN}>`, subject: 'For {{name}}' },
					html: '<p>Dear {{name}},</p>\n<p>  two   spaces</p>\n',
					options: { signWithDkim: true },
				},
				credentials: {
					smtpAccount: {
						name: 'SMTP',
						id: await api.putCredential('SMTP', 'smtpAccount', account),
					},
					dkimKey: { name: 'Key', id: await api.putCredential('Key', 'dkimKey', dkim) },
				},
			},
		]),
	);
	const { status } = await api.finished(
		await api.execute(workflow.id as string, PRESS.name),
		60_000,
	);

	expect(status).toBe('success');
	expect(server.accepted).toHaveLength(READERS);
	const verdicts = await Promise.all(server.accepted.map(verdictOn));
	expect(new Set(verdicts)).toEqual(new Set(['pass']));
	expect(new Set(server.accepted.map(signatureOf)).size).toBe(READERS);
}, 120_000);

/** mailauth's, of a mail as it was on the wire, the key coming from a DNS of ours. */
async function verdictOn(onTheWire: string): Promise<string | undefined> {
	const { results } = await dkimVerify(Buffer.from(unstuffed(onTheWire), 'latin1'), {
		resolver: (name: string, type: string) => {
			if (name !== `s1._domainkey.${DOMAIN}` || type !== 'TXT')
				throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
			const key = KEYS.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
			return Promise.resolve([[`v=DKIM1; k=rsa; p=${key}`]]);
		},
	});
	return results[0]?.status.result;
}

/** Without the dots that SMTP puts before a dot at the beginning of a line (RFC 5321 section 4.5.2). */
function unstuffed(onTheWire: string): string {
	return onTheWire.replaceAll('\r\n..', '\r\n.');
}

function signatureOf(mail: string): string | undefined {
	return /^DKIM-Signature:.*?\r\n b=([^;]*?)\r\n(?! )/s.exec(mail)?.[1];
}
