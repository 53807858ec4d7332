import type { NodeExecutionHint } from 'n8n-workflow';

import type { SentCopy } from '../../../mail/mailbox/sent-folder';
import { sendTransactional } from '../../../mail/transactional/send';
import { SentCopies } from '../../../nodes/SmtpSend/sent-copies';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { scriptedServer } from '../../support/scripted-smtp-server';

const FAILED: SentCopy = {
	kept: false,
	problem: { code: 'folderMissing', message: 'There is no folder "Sent".', advice: 'Look.' },
};

function copiesInto(answers: SentCopy[]) {
	const hints: NodeExecutionHint[] = [];
	const given: Buffer[] = [];
	const folder = {
		add: (raw: Buffer) => {
			given.push(raw);
			return Promise.resolve(answers.shift() ?? FAILED);
		},
		close: () => Promise.resolve(),
	};
	const context = { addExecutionHints: (...more: NodeExecutionHint[]) => void hints.push(...more) };
	return { copies: new SentCopies(context, folder), hints, given };
}

describe('copies in Sent', () => {
	it('that fail are a field of the output, and one hint for each reason', async () => {
		const { copies, hints } = copiesInto([{ kept: true, folder: 'Out' }]);
		for (const itemIndex of [0, 1, 2]) await copies.add(itemIndex, Buffer.from('x'));
		expect(copies.outputOf(0)).toEqual({ sentCopy: { kept: true, folder: 'Out' } });
		const reason =
			'There is no folder "Sent". Look. Write its full name in the option Sent Folder.';
		expect(copies.outputOf(1)).toEqual({ sentCopy: { kept: false, reason } });
		expect(copies.outputOf(3)).toEqual({});
		await copies.close();
		expect(hints.map(({ message }) => message)).toEqual([
			`2 mails were sent, but their copies are not in Sent: ${reason}`,
		]);
	});

	it.each(['250 2.0.0 Ok', '554 5.7.1 No'])('are the bytes that were sent: %p', async (DOT) => {
		const server = await scriptedServer({ answers: { DOT } });
		const pool = createSmtpPool({
			...{ host: '127.0.0.1', port: server.port, security: 'none', tls: {} },
			limits: { connections: 1, messagesPerConnection: 1 },
		});
		const { copies, given } = copiesInto([]);
		const ada = { name: '', address: 'ada@example.test' };
		try {
			await sendTransactional(
				pool,
				{
					...{ from: ada, to: [ada], cc: [], bcc: [], replyTo: [] },
					...{ subject: 'Hi', text: 'Hi', attachments: [] },
				},
				{ onSent: (raw) => copies.add(0, raw), pausesMs: [] },
			);
		} finally {
			await pool.close();
			await server.close();
		}
		expect(given.map(String)).toEqual(server.accepted);
		expect(server.received).toHaveLength(1);
	});
});
