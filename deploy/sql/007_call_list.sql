-- Single calls for people: one row for each interaction that is over, in the day it arrived in. Read
-- by `tandem history calls`; columns may be added at the end.
CREATE VIEW tandem.call_of_day AS
SELECT d.tenant, d.day, i.occurred_at AS arrived_at, i.interaction_id, i.direction, i.channel,
       i.entry_point, i.queue, i.first_agent, i.agent, i.customer_id, i.caller, i.called, i.outcome,
       i.ended_by, i.reason, i.disposition, i.queued_at, i.answered_at, i.ended_at, i.closed_at,
       i.dialog_ms, i.wait_ms, i.talk_ms, i.hold_ms, i.wrap_up_ms, i.offers, i.declined, i.no_answer,
       i.device_failures, i.transfers, i.holds, i.overflows, i.overflow_cause, i.voice_mail_ms,
       i.within_threshold, i.short_abandoned, i.site
FROM tandem.day d
JOIN tandem.interaction i ON i.tenant = d.tenant AND i.occurred_at >= d.begins_at
                         AND i.occurred_at < d.ends_at;
