import { isIP } from 'node:net';

import { checkDomain, policyOverHttps } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { readDkimKeyOf } from '../../shared/dkim-key';
import { listIn } from '../list-in';
import type { Operation } from './operation';

/** What the DNS says about a sender's domain: SPF, DKIM, DMARC, and whether mail can come back. */
export const domain: Operation = {
	choice: {
		name: 'Domain',
		value: 'domain',
		description:
			'Look up SPF, DKIM, DMARC and the mail servers of a sender’s domain, and say which record must change',
		action: 'Check a domain',
	},
	properties: [
		{
			displayName: 'From Domain or Address',
			name: 'domain',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. example.com or news@example.com',
			description: 'The domain that your mail comes from: the part behind the @ of From',
		},
		{
			displayName: 'Options',
			name: 'domainOptions',
			type: 'collection',
			placeholder: 'Add Option',
			default: {},
			options: [
				{
					displayName: 'Compare With DKIM Key',
					name: 'compareDkimKey',
					type: 'boolean',
					default: true,
					description:
						'Whether to hold the published key against that of your DKIM Key credential, chosen above',
				},
				{
					displayName: 'DKIM Selectors',
					name: 'selectors',
					type: 'string',
					default: '',
					placeholder: 'e.g. selector1, selector2',
					description:
						'Names of your DKIM keys, separated by commas: "s=" in the DKIM-Signature of a mail that you sent. Left empty, the names that services use are tried.',
				},
				{
					displayName: 'Return Path Domain',
					name: 'returnPathDomain',
					type: 'string',
					default: '',
					placeholder: 'e.g. bounce.example.com',
					description:
						'The domain that bounces go to, if it is not the From domain. SPF is looked up for this one.',
				},
				{
					displayName: 'Sending IP Addresses',
					name: 'sendingAddresses',
					type: 'string',
					default: '',
					placeholder: 'e.g. 192.0.2.25',
					description:
						'Addresses that your mail leaves from, separated by commas. Each is tried against SPF.',
				},
			],
		},
	],
	async look(context, itemIndex, openDns) {
		const given = asText(context.getNodeParameter('domain', itemIndex)).trim();
		const name = given.slice(given.lastIndexOf('@') + 1).replace(/>$/, '');
		if (name === '')
			throw new Error(
				'From Domain or Address is empty. Give the domain of your sender, such as example.com.',
			);
		const options = context.getNodeParameter('domainOptions', itemIndex, {}) as {
			compareDkimKey?: boolean;
			selectors?: string;
			returnPathDomain?: string;
			sendingAddresses?: string;
		};
		const sendingAddresses = listIn(options.sendingAddresses);
		const wrong = sendingAddresses.find((address) => isIP(address) === 0);
		if (wrong !== undefined)
			throw new Error(`"${wrong}" in Sending IP Addresses is no IP address.`);
		const returnPathDomain = asText(options.returnPathDomain).trim();
		const signal = context.getExecutionCancelSignal();
		const findings = await checkDomain(
			{
				domain: name,
				...(returnPathDomain !== '' && { returnPathDomain }),
				sendingAddresses,
				selectors: listIn(options.selectors),
				fetchPolicy: policyOverHttps(signal && { signal }),
				...(options.compareDkimKey === true && { dkimKey: await readDkimKeyOf(context) }),
			},
			openDns(),
		);
		return { subject: name, findings };
	},
};
