'use strict';

/** The parts of n8n's own REST interface that its editor uses too. */
class N8nApi {
	#cookie = '';

	/** @param {string} url */
	constructor(url) {
		this.url = url;
	}

	/** What a signed-in browser would send. */
	get cookie() {
		return this.#cookie;
	}

	/**
	 * @param {string} method
	 * @param {string} path
	 * @param {unknown} [body]
	 * @returns {Promise<any>} what stands under `data`
	 */
	async request(method, path, body) {
		const answer = await fetch(`${this.url}/rest${path}`, {
			method,
			headers: {
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				'browser-id': 'n8n-nodes-smtp-suite',
				...(this.#cookie ? { cookie: this.#cookie } : {}),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const cookies = answer.headers.getSetCookie?.() ?? [answer.headers.get('set-cookie') ?? ''];
		for (const cookie of cookies)
			if (cookie.startsWith('n8n-auth=')) this.#cookie = cookie.split(';')[0];
		const text = await answer.text();
		if (!answer.ok)
			throw new Error(`n8n answered ${answer.status} to ${method} ${path}: ${text.slice(0, 500)}`);
		return text === '' ? undefined : JSON.parse(text).data;
	}

	/** Makes the owner of a new n8n, or signs in to one that has it. */
	async signIn({ email, password }) {
		const settings = await this.request('GET', '/settings');
		if (settings.userManagement?.showSetupOnFirstLoad)
			await this.request('POST', '/owner/setup', {
				email,
				password,
				firstName: 'Demo',
				lastName: 'Owner',
			});
		await this.request('POST', '/login', { emailOrLdapLoginId: email, password });
	}

	/** @returns {Promise<string>} its id; a credential of that name is changed instead of doubled */
	async putCredential(name, type, data) {
		const known = (await this.request('GET', '/credentials')).find(
			(each) => each.name === name && each.type === type,
		);
		if (known) {
			await this.request('PATCH', `/credentials/${known.id}`, { name, type, data });
			return known.id;
		}
		return (await this.request('POST', '/credentials', { name, type, data })).id;
	}

	/** What the test button of a credential says. @returns {Promise<{ status: 'OK' | 'Error', message: string }>} */
	async testCredential(name, type, data) {
		const id = await this.putCredential(name, type, data);
		return await this.request('POST', '/credentials/test', {
			credentials: { id, name, type, data },
		});
	}

	/** @returns {Promise<any[]>} */
	async workflows() {
		return await this.request('GET', '/workflows');
	}

	async createWorkflow(workflow) {
		return await this.request('POST', '/workflows', { settings: {}, ...workflow, active: false });
	}

	/**
	 * Publishes the workflow, and waits until its triggers listen: n8n answers before they do.
	 *
	 * @throws with the trigger's words when one does not
	 */
	async activate(id) {
		const { versionId } = await this.request('GET', `/workflows/${id}`);
		const answer = await this.request('POST', `/workflows/${id}/activate`, { versionId });
		for (const until = Date.now() + 90_000; ;) {
			const now = await this.#publication(id);
			// The first n8n 2 answers when they listen, and knows no such status.
			if (!now) return answer;
			const { status, liveVersionId, triggers } = now;
			if (status === 'published' && liveVersionId === versionId) return answer;
			if (status === 'failed' || status === 'partial')
				throw new Error(
					triggers
						.map(({ errorMessage }) => errorMessage)
						.filter(Boolean)
						.join(' ') || status,
				);
			if (Date.now() > until) throw new Error(`Workflow ${id} is still being published.`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	async #publication(id) {
		try {
			return await this.request('GET', `/workflows/${id}/publication-status`);
		} catch (error) {
			if (error.message.startsWith('n8n answered 404')) return undefined;
			throw error;
		}
	}

	async deactivate(id) {
		return await this.request('POST', `/workflows/${id}/deactivate`, {});
	}

	/** Presses Execute. @returns {Promise<string>} the execution's id */
	async execute(id, triggerName) {
		const { executionId } = await this.request('POST', `/workflows/${id}/run`, {
			// The first n8n 2 wants to be told what it has; newer ones look for themselves.
			workflowData: await this.request('GET', `/workflows/${id}`),
			triggerToStartFrom: { name: triggerName },
		});
		return executionId;
	}

	/**
	 * n8n asks for running and for finished ones apart: one that ends in between is in both answers.
	 *
	 * @returns {Promise<any[]>} newest first, each once
	 */
	async executions(workflowId) {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = await this.request('GET', `/executions?filter=${filter}&limit=100`);
		return [...new Map(results.map((each) => [each.id, each])).values()];
	}

	/**
	 * Waits for the end of an execution.
	 *
	 * @returns {Promise<{ status: string, error?: any, outputs: (node: string) => any[][], data: any }>}
	 */
	async finished(executionId, timeoutMs = 60_000) {
		const until = Date.now() + timeoutMs;
		for (;;) {
			const execution = await this.request('GET', `/executions/${executionId}`);
			if (!['new', 'running', 'waiting'].includes(execution.status))
				return readExecution(execution);
			if (Date.now() > until)
				throw new Error(`Execution ${executionId} is still ${execution.status}.`);
			await new Promise((resolve) => setTimeout(resolve, 150));
		}
	}
}

/** Execution data is stored flattened: a list of values that name each other by index. */
function unflatten(text) {
	const list = JSON.parse(text);
	const made = new Map();
	const resolve = (index) => {
		if (made.has(index)) return made.get(index);
		const value = list[index];
		if (typeof value !== 'object' || value === null) return value;
		const target = Array.isArray(value) ? [] : {};
		made.set(index, target);
		for (const [key, each] of Object.entries(value))
			target[key] = typeof each === 'string' ? resolve(Number(each)) : each;
		return target;
	};
	return resolve(0);
}

function readExecution(execution) {
	const data = typeof execution.data === 'string' ? unflatten(execution.data) : execution.data;
	const { runData = {}, error } = data?.resultData ?? {};
	return {
		status: execution.status,
		error,
		data,
		outputs: (node) => (runData[node]?.at(-1)?.data?.main ?? []).map((items) => items ?? []),
	};
}

module.exports = { N8nApi };
