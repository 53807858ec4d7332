import { isIP } from 'node:net';
import type { IExecuteFunctions } from 'n8n-workflow';

import {
	BLOCKLISTS,
	checkReputation,
	checkSendingAddresses,
	describeServer,
	ownBlocklist,
	verifySmtpAccount,
} from '../../../mail/index';
import type { Dns, Finding } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { readSmtpAccount } from '../../shared/smtp-account';
import { listIn } from '../list-in';
import type { Operation } from './operation';

/** The server that mail leaves from: its name, its reputation, and whether the account works. */
export const server: Operation = {
	choice: {
		name: 'Server',
		value: 'server',
		description:
			'Look up the addresses that mail leaves from (reverse DNS, blocklists), and try the sending account (TLS, certificate, size)',
		action: 'Check a server',
	},
	properties: [
		{
			displayName: 'Sending IP Addresses',
			name: 'addresses',
			type: 'string',
			default: '',
			placeholder: 'e.g. 192.0.2.25',
			description: 'Addresses that your mail leaves from, separated by commas',
			hint: 'As receivers see them. You find yours in the topmost Received header of a mail that arrived.',
		},
		{
			displayName: 'Domains',
			name: 'domains',
			type: 'string',
			default: '',
			placeholder: 'e.g. example.com',
			description: 'Domains in From and in links, to look for on blocklists, separated by commas',
		},
		{
			displayName: 'Try the Sending Account',
			name: 'tryAccount',
			type: 'boolean',
			default: false,
			description:
				'Whether to connect and sign in with the SMTP account, chosen above, and to look at its TLS and certificate; nothing is sent',
		},
		{
			displayName: 'Options',
			name: 'serverOptions',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			options: [
				{
					displayName: 'EHLO Name',
					name: 'ehloName',
					type: 'string',
					default: '',
					placeholder: 'e.g. mail.example.com',
					description: 'The name that the server gives itself; advised where it has none',
				},
				{
					displayName: 'Own Address Lists',
					name: 'ownAddressLists',
					type: 'string',
					default: '',
					placeholder: 'e.g. dnsbl.example.com',
					description: 'More blocklists of addresses to ask, by their zones, separated by commas',
				},
				{
					displayName: 'Own Domain Lists',
					name: 'ownDomainLists',
					type: 'string',
					default: '',
					placeholder: 'e.g. uribl.example.com',
					description: 'More blocklists of domains to ask, by their zones, separated by commas',
				},
				{
					displayName: 'Spamhaus DQS Key',
					name: 'dqsKey',
					type: 'string',
					typeOptions: { password: true },
					default: '',
					description:
						'Spamhaus does not answer most clouds and public name servers. With a free key of its Data Query Service it does.',
				},
				{
					displayName: 'Usual Blocklists',
					name: 'usualLists',
					type: 'boolean',
					default: true,
					description:
						'Whether to ask the lists that large receivers use: Spamhaus, SpamCop, Barracuda, PSBL, Mailspike, SURBL, URIBL',
				},
			],
		},
	],
	async look(context, itemIndex, openDns) {
		const addresses = listIn(context.getNodeParameter('addresses', itemIndex, ''));
		const wrong = addresses.find((address) => isIP(address) === 0);
		if (wrong !== undefined)
			throw new Error(`"${wrong}" in Sending IP Addresses is no IP address.`);
		const domains = listIn(context.getNodeParameter('domains', itemIndex, ''));
		const triesAccount = context.getNodeParameter('tryAccount', itemIndex, false) === true;
		if (addresses.length + domains.length === 0 && !triesAccount)
			throw new Error(
				'There is nothing to look at. Fill in Sending IP Addresses or Domains, or switch on Try the Sending Account.',
			);
		return {
			subject: [...addresses, ...domains].join(', ') || 'the sending account',
			findings: [
				...(triesAccount ? await tryAccount(context) : []),
				...(await lookUp(context, itemIndex, { addresses, domains }, openDns())),
			],
		};
	},
};

async function lookUp(
	context: IExecuteFunctions,
	itemIndex: number,
	subjects: { addresses: string[]; domains: string[] },
	dns: Dns,
): Promise<Finding[]> {
	const options = context.getNodeParameter('serverOptions', itemIndex, {}) as {
		ehloName?: string;
		ownAddressLists?: string;
		ownDomainLists?: string;
		dqsKey?: string;
		usualLists?: boolean;
	};
	const key = asText(options.dqsKey).trim();
	const usual = options.usualLists === false ? [] : BLOCKLISTS;
	const lists = [
		...usual.map((list) => (/^[a-z0-9]{10,60}$/i.test(key) ? withKey(list, key) : list)),
		...listIn(options.ownAddressLists).map((zone) => ownBlocklist(zone, 'addresses')),
		...listIn(options.ownDomainLists).map((zone) => ownBlocklist(zone, 'domains')),
	];
	const ehloName = asText(options.ehloName).trim() || (subjects.domains[0] ?? '');
	const [reverse, reputation] = await Promise.all([
		checkSendingAddresses(subjects.addresses, ehloName, dns),
		checkReputation(subjects, lists, dns),
	]);
	// The key is part of the names that are asked for, and must not come out with them.
	return [...reverse, ...reputation].map((finding) =>
		key === '' ? finding : withoutKey(finding, key),
	);
}

function withKey<List extends { zone: string }>(list: List, key: string): List {
	const name = /^(zen|dbl)\.spamhaus\.org$/.exec(list.zone)?.[1];
	return name === undefined ? list : { ...list, zone: `${key}.${name}.dq.spamhaus.net` };
}

function withoutKey(finding: Finding, key: string): Finding {
	return JSON.parse(JSON.stringify(finding).replaceAll(key, '***')) as Finding;
}

async function tryAccount(context: IExecuteFunctions): Promise<Finding[]> {
	const account = await readSmtpAccount(context);
	return describeServer(account, await verifySmtpAccount(account), Date.now());
}
