import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the model was told and offered, as OpenAI's chat interface has it. */
interface ChatRequest {
	messages: { role: string; content: unknown }[];
	tools?: {
		function: { name: string; description: string; parameters: { properties?: object } };
	}[];
	stream?: boolean;
}

export interface ChatModel {
	readonly url: string;
	/** In the order in which they came. */
	readonly requests: ChatRequest[];
	stop(): Promise<void>;
}

/**
 * A chat model on loopback that speaks as OpenAI's does: it calls the only tool once, with these
 * arguments, and then says what the tool answered.
 */
export async function startChatModel(toolArguments: object): Promise<ChatModel> {
	const requests: ChatRequest[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const asked = JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
			requests.push(asked);
			const answered = asked.messages.find(({ role }) => role === 'tool');
			const tool = asked.tools?.[0]?.function.name;
			const message =
				answered || !tool
					? { role: 'assistant', content: `The tool said: ${JSON.stringify(answered?.content)}` }
					: {
							role: 'assistant',
							content: null,
							tool_calls: [
								{
									id: 'call_1',
									type: 'function',
									function: { name: tool, arguments: JSON.stringify(toolArguments) },
								},
							],
						};
			response.setHeader('content-type', 'application/json');
			response.end(
				JSON.stringify({
					id: 'chat-1',
					object: 'chat.completion',
					created: 1,
					model: 'test',
					choices: [{ index: 0, finish_reason: answered ? 'stop' : 'tool_calls', message }],
					usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
				}),
			);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		requests,
		stop: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => {
					resolve();
				});
			}),
	};
}
