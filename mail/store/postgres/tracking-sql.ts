import type { MachineSign, TrackingEventName } from '../../model/tracking';
import { THE_CAMPAIGN } from './ledger-sql';
import { CLOCK, NOW, statement } from './statement';

interface MailRow {
	campaignId: string;
	key: string | null;
	address: string | null;
	sent_at: number | null;
}

interface EventRow {
	reference: string;
	event: TrackingEventName;
	link: number;
	machine: MachineSign | null;
	at: number;
	ip: string | null;
	user_agent: string | null;
}

interface CountRow {
	hour: number;
	event: TrackingEventName;
	link: number;
	machine: boolean;
	events: number;
	recipients: number;
	newcomers: number;
}

export interface ActivityRow {
	campaignId: string;
	reference: string;
	event: TrackingEventName;
	link: number;
	machine: boolean;
	events: number;
	first_at: number;
	last_at: number;
}

const EVENT = 'reference, event, link, machine, at, ip, user_agent';
const BY_NAME = 'JOIN campaign ON campaign.name = given.campaign';

export const TRACKING = {
	openSite: statement(`
		WITH ${CLOCK}
		INSERT INTO tracking_site VALUES (:id, :url, ${NOW})
		ON CONFLICT (id) DO UPDATE SET url = excluded.url, opened_at = excluded.opened_at`),
	closeSite: statement('DELETE FROM tracking_site WHERE id = :id'),
	currentSite: statement<{ id: string; url: string }>(
		'SELECT id, url FROM tracking_site ORDER BY opened_at DESC, id DESC LIMIT 1',
	),

	addCampaigns: statement(`
		WITH ${CLOCK}
		INSERT INTO campaign (name, created_at, state_since)
		SELECT DISTINCT given.name, now, now FROM clock, unnest(:campaigns::text[]) AS given (name)
		WHERE NOT EXISTS (SELECT 1 FROM campaign WHERE campaign.name = given.name)
		ORDER BY 1
		ON CONFLICT (name) DO NOTHING`),
	setCampaign: statement(`
		INSERT INTO tracking_campaign VALUES (${THE_CAMPAIGN}, :settings)
		ON CONFLICT (campaign) DO UPDATE SET settings = excluded.settings`),
	getCampaign: statement<{ settings: string }>(
		`SELECT settings FROM tracking_campaign WHERE campaign = ${THE_CAMPAIGN}`,
	),

	/** Numbers are given to those who are not there yet, in their order, from the last one on. */
	addLinks: statement(`
		INSERT INTO tracking_link (campaign, number, target, digest)
		SELECT ${THE_CAMPAIGN},
			row_number() OVER (ORDER BY n) + (
				SELECT coalesce(max(number), 0) FROM tracking_link WHERE campaign = ${THE_CAMPAIGN}),
			target, decode(digest, 'hex')
		FROM unnest(:targets::text[], :digests::text[]) WITH ORDINALITY AS given (target, digest, n)
		WHERE NOT EXISTS (
			SELECT 1 FROM tracking_link AS known
			WHERE known.campaign = ${THE_CAMPAIGN} AND known.digest = decode(given.digest, 'hex'))`),
	numbers: statement<{ digest: string; number: number }>(`
		SELECT encode(digest, 'hex') AS digest, number FROM tracking_link
		WHERE campaign = ${THE_CAMPAIGN} AND digest = ANY (
			ARRAY (SELECT decode(digest, 'hex') FROM unnest(:digests::text[]) AS digest))`),
	target: statement<{ target: string }>(
		`SELECT target FROM tracking_link WHERE campaign = ${THE_CAMPAIGN} AND number = :number::int`,
	),
	links: statement<{ number: number; target: string }>(
		`SELECT number, target FROM tracking_link WHERE campaign = ${THE_CAMPAIGN} ORDER BY number`,
	),

	addMails: statement(`
		WITH ${CLOCK}
		INSERT INTO tracked_mail (reference, campaign, key, address, added_at)
		SELECT reference, campaign.id, key, address, now
		FROM clock, unnest(:references::text[], :campaigns::text[], :keys::text[], :addresses::text[])
			WITH ORDINALITY AS given (reference, campaign, key, address, n) ${BY_NAME}
		ORDER BY n
		ON CONFLICT (reference) DO NOTHING`),
	ledgerMail: statement<MailRow>(`
		SELECT campaign.name AS "campaignId", key, address,
			CASE WHEN recipient.state = 'sent' THEN recipient.updated_at END AS sent_at
		FROM recipient JOIN campaign ON campaign.id = recipient.campaign
		WHERE reference = :reference`),
	singleMail: statement<MailRow>(`
		SELECT campaign.name AS "campaignId", key, address, added_at AS sent_at
		FROM tracked_mail JOIN campaign ON campaign.id = tracked_mail.campaign
		WHERE reference = :reference`),

	/** What each of these did so far. */
	activitiesOf: statement<ActivityRow>(`
		SELECT given.campaign AS "campaignId", did.*
		FROM unnest(:campaigns::text[], :references::text[]) AS given (campaign, reference)
		CROSS JOIN LATERAL (
			SELECT reference, event, link, machine, events, first_at, last_at FROM tracking_activity
			WHERE campaign = (SELECT id FROM campaign WHERE name = given.campaign)
				AND reference = given.reference OFFSET 0) AS did`),
	addEvents: statement(`
		INSERT INTO tracking_event (campaign, ${EVENT})
		SELECT campaign.id, reference, event, link, machine, at, ip, user_agent
		FROM unnest(:campaigns::text[], :references::text[], :events::text[], :links::int[],
			:machines::text[], :ats::bigint[], :ips::text[], :userAgents::text[]) WITH ORDINALITY
			AS given (campaign, reference, event, link, machine, at, ip, user_agent, n) ${BY_NAME}
		ORDER BY n`),
	addActivities: statement(`
		INSERT INTO tracking_activity
			(campaign, reference, event, link, machine, events, first_at, last_at)
		SELECT campaign.id, reference, event, link, machine = 1, events, first_at, last_at
		FROM unnest(:campaigns::text[], :references::text[], :events::text[], :links::int[],
			:machines::int[], :counts::bigint[], :firstAts::bigint[], :lastAts::bigint[])
			AS given (campaign, reference, event, link, machine, events, first_at, last_at) ${BY_NAME}
		ON CONFLICT (campaign, reference, event, link, machine) DO UPDATE SET
			events = tracking_activity.events + excluded.events,
			first_at = least(tracking_activity.first_at, excluded.first_at),
			last_at = greatest(tracking_activity.last_at, excluded.last_at)`),
	addCounts: statement(`
		INSERT INTO tracking_count
			(campaign, hour, event, link, machine, events, recipients, newcomers)
		SELECT campaign.id, hour, event, link, machine = 1, events, recipients, newcomers
		FROM unnest(:campaigns::text[], :hours::bigint[], :events::text[], :links::int[],
			:machines::int[], :counts::bigint[], :recipients::bigint[], :newcomers::bigint[])
			AS given (campaign, hour, event, link, machine, events, recipients, newcomers) ${BY_NAME}
		ON CONFLICT (campaign, hour, event, link, machine) DO UPDATE SET
			events = tracking_count.events + excluded.events,
			recipients = tracking_count.recipients + excluded.recipients,
			newcomers = tracking_count.newcomers + excluded.newcomers`),

	counts: statement<CountRow>(`
		SELECT hour, event, link, machine, events, recipients, newcomers FROM tracking_count
		WHERE campaign = ${THE_CAMPAIGN}`),
	events: statement<EventRow>(`
		SELECT ${EVENT} FROM tracking_event WHERE campaign = ${THE_CAMPAIGN}
		ORDER BY at DESC, id DESC LIMIT :limit::int OFFSET :offset::int`),
	eventsByReference: statement<EventRow>(`
		SELECT ${EVENT} FROM tracking_event
		WHERE campaign = ${THE_CAMPAIGN} AND reference = :reference
		ORDER BY at DESC, id DESC LIMIT :limit::int OFFSET :offset::int`),
};
