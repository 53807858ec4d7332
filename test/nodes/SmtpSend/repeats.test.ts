import type { INode } from 'n8n-workflow';

import { readRepeats } from '../../../nodes/SmtpSend/properties/repeats';
import { receiptToItem } from '../../../nodes/SmtpSend/receipt-item';
import type { Receipt } from '../../../mail/index';

const NODE = { name: 'Send', type: 'test', typeVersion: 1 } as unknown as INode;
const PARTLY: Receipt = {
	messageId: '<1@example.com>',
	envelope: { from: 'me@example.com', to: ['ada@example.com', 'bob@example.com'] },
	outcome: 'partlySent',
	accepted: ['ada@example.com'],
	rejected: [{ address: 'bob@example.com', reply: '550 5.1.1 No such user' }],
	reply: '250 OK',
	size: 100,
	sentAt: '2026-11-25T10:00:00.000Z',
	durationMs: 12,
	warm: false,
};

describe('the options of a mail that is tried again', () => {
	it('without any, send nothing twice and try three times more within a minute', () => {
		const repeats = readRepeats({});
		expect(repeats).toMatchObject({ resendUnknown: false, failPartly: false });
		expect(repeats).not.toHaveProperty('idempotency');
		expect(repeats.pausesMs).toHaveLength(3);
		expect(repeats.pausesMs.reduce((sum, pause) => sum + pause)).toBeLessThan(60_000);
	});

	it('give a key its time', () => {
		const key = (value: unknown, hours?: unknown) =>
			readRepeats({ idempotency: { key: { value, hours } } }).idempotency;
		expect(key(' order-1 ')).toEqual({ key: 'order-1', countsForMs: 24 * 3_600_000 });
		expect(key(1815, 2)).toEqual({ key: '1815', countsForMs: 2 * 3_600_000 });
		expect(() => key('  ')).toThrow('the key is empty');
		expect(() => key(undefined)).toThrow('the key is empty');
		for (const hours of [0, -1, 697, Number.NaN, 'x'])
			expect(() => key('a', hours)).toThrow('Counts For');
	});

	it('let the user choose fewer tries, and no nonsense', () => {
		expect(readRepeats({ retries: 0 }).pausesMs).toEqual([]);
		expect(readRepeats({ retries: 1 }).pausesMs).toHaveLength(1);
		for (const retries of [-1, 4, 1.5, 'x'])
			expect(() => readRepeats({ retries })).toThrow('Retries');
	});

	it('put a partly refused mail out, or fail its item and say who has it', () => {
		expect(receiptToItem(NODE, PARTLY, { failPartly: false }).json).toEqual(PARTLY);
		expect(() => receiptToItem(NODE, PARTLY, { failPartly: true })).toThrow('bob@example.com');
		expect(() =>
			receiptToItem(NODE, { ...PARTLY, outcome: 'sent' }, { failPartly: true }),
		).not.toThrow();
	});
});
