import type { MachineSign, TrackingEventName } from '../../model/tracking';
import type { Database } from './database';

export type Row = Record<string, string | number | null>;

interface MailRow extends Row {
	campaignId: string;
	key: string | null;
	address: string | null;
	sent_at: number | null;
}

interface EventRow extends Row {
	reference: string;
	event: TrackingEventName;
	link: number;
	machine: MachineSign | null;
	at: number;
	ip: string | null;
	user_agent: string | null;
}

interface CountRow extends Row {
	hour: number;
	event: TrackingEventName;
	link: number;
	machine: number;
	events: number;
	recipients: number;
	newcomers: number;
}

interface ActivityRow extends Row {
	reference: string;
	event: TrackingEventName;
	link: number;
	machine: number;
	events: number;
	first_at: number;
	last_at: number;
}

const THE_CAMPAIGN = '(SELECT id FROM campaign WHERE name = :campaignId)';
const THIS_ACTIVITY = `campaign = ${THE_CAMPAIGN} AND reference = :reference AND event = :event AND link = :link`;

export function prepareTracking(database: Database) {
	return {
		openSite: database.statement(`
			INSERT INTO tracking_site VALUES (:id, :url, :now)
			ON CONFLICT (id) DO UPDATE SET url = excluded.url, opened_at = excluded.opened_at`),
		closeSite: database.statement('DELETE FROM tracking_site WHERE id = :id'),
		currentSite: database.statement<{ id: string; url: string }>(
			'SELECT id, url FROM tracking_site ORDER BY opened_at DESC, id DESC LIMIT 1',
		),

		addCampaign: database.statement(
			`INSERT INTO campaign (name, created_at, state_since) VALUES (:campaignId, :now, :now)
			ON CONFLICT DO NOTHING`,
		),
		setCampaign: database.statement(`
			INSERT INTO tracking_campaign VALUES (${THE_CAMPAIGN}, :settings)
			ON CONFLICT (campaign) DO UPDATE SET settings = excluded.settings`),
		getCampaign: database.statement<{ settings: string }>(
			`SELECT settings FROM tracking_campaign WHERE campaign = ${THE_CAMPAIGN}`,
		),

		numberOf: database.statement<{ number: number }>(
			`SELECT number FROM tracking_link WHERE campaign = ${THE_CAMPAIGN} AND target = :target`,
		),
		addLink: database.statement(`
			INSERT INTO tracking_link
			SELECT campaign.id, 1 + coalesce(max(tracking_link.number), 0), :target
			FROM campaign LEFT JOIN tracking_link ON tracking_link.campaign = campaign.id
			WHERE campaign.name = :campaignId
			GROUP BY campaign.id`),
		target: database.statement<{ target: string }>(
			`SELECT target FROM tracking_link WHERE campaign = ${THE_CAMPAIGN} AND number = :number`,
		),
		links: database.statement<{ number: number; target: string }>(
			`SELECT number, target FROM tracking_link WHERE campaign = ${THE_CAMPAIGN} ORDER BY number`,
		),

		addMail: database.statement(`
			INSERT INTO tracked_mail (reference, campaign, key, address, added_at)
			VALUES (:reference, ${THE_CAMPAIGN}, :key, :address, :now)
			ON CONFLICT (reference) DO NOTHING`),
		ledgerMail: database.statement<MailRow>(`
			SELECT campaign.name AS campaignId, key, address,
				CASE WHEN recipient.state = 'sent' THEN recipient.updated_at END AS sent_at
			FROM recipient JOIN campaign ON campaign.id = recipient.campaign
			WHERE reference = :reference`),
		singleMail: database.statement<MailRow>(`
			SELECT campaign.name AS campaignId, key, address, added_at AS sent_at
			FROM tracked_mail JOIN campaign ON campaign.id = tracked_mail.campaign
			WHERE reference = :reference`),

		eventsOf: database.statement<{ events: number }>(`
			SELECT coalesce(sum(events), 0) AS events FROM tracking_activity
			WHERE campaign = ${THE_CAMPAIGN} AND reference = :reference AND link = 0`),
		addEvent: database.statement(`
			INSERT INTO tracking_event (campaign, reference, event, link, machine, at, ip, user_agent)
			VALUES (${THE_CAMPAIGN}, :reference, :event, :link, :machine, :at, :ip, :userAgent)`),
		addActivity: database.statement(`
			INSERT INTO tracking_activity
			VALUES (${THE_CAMPAIGN}, :reference, :event, :link, :machine, 1, :at, :at)
			ON CONFLICT DO NOTHING`),
		countActivity: database.statement(`
			UPDATE tracking_activity
			SET events = events + 1, first_at = min(first_at, :at), last_at = max(last_at, :at)
			WHERE ${THIS_ACTIVITY} AND machine = :machine`),
		otherActivity: database.statement<{ events: number }>(
			`SELECT events FROM tracking_activity WHERE ${THIS_ACTIVITY} AND machine = 1 - :machine`,
		),
		addCount: database.statement(`
			INSERT INTO tracking_count
			VALUES (${THE_CAMPAIGN}, :hour, :event, :link, :machine, :events, :recipients, :newcomers)
			ON CONFLICT (campaign, hour, event, link, machine) DO UPDATE SET
				events = events + excluded.events,
				recipients = recipients + excluded.recipients,
				newcomers = newcomers + excluded.newcomers`),

		counts: database.statement<CountRow>(`
			SELECT hour, event, link, machine, events, recipients, newcomers FROM tracking_count
			WHERE campaign = ${THE_CAMPAIGN}`),
		activity: database.statement<ActivityRow>(`
			SELECT reference, event, link, machine, events, first_at, last_at FROM tracking_activity
			WHERE campaign = ${THE_CAMPAIGN} AND reference = :reference`),
		events: database.statement<EventRow>(`
			SELECT reference, event, link, machine, at, ip, user_agent FROM tracking_event
			WHERE campaign = ${THE_CAMPAIGN}
			ORDER BY at DESC, id DESC LIMIT :limit OFFSET :offset`),
		eventsByReference: database.statement<EventRow>(`
			SELECT reference, event, link, machine, at, ip, user_agent FROM tracking_event
			WHERE campaign = ${THE_CAMPAIGN} AND reference = :reference
			ORDER BY at DESC, id DESC LIMIT :limit OFFSET :offset`),
	};
}
