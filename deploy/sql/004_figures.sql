-- What is counted: a row for each step of an interaction that counts, and for each stretch of time
-- that an agent spent in a state; and the views that make figures of days and hours of them. Written
-- by reporting alone. Formulas: services/reporting/README.md.

-- The company as it is configured now, for the reports: in which zone its days are, what each queue
-- is aimed at.
CREATE TABLE tandem.company (
    tenant    integer NOT NULL PRIMARY KEY,
    name      text    NOT NULL,
    time_zone text    NOT NULL
);

CREATE TABLE tandem.queue (
    tenant           integer NOT NULL,
    queue            text    NOT NULL,
    display_name     text    NOT NULL,
    threshold_ms     bigint  NOT NULL,
    short_abandon_ms bigint  NOT NULL,
    service_level    text    NOT NULL, -- which formula the target is about: after_threshold ..
    target_percent   integer NOT NULL,
    PRIMARY KEY (tenant, queue)
);

-- Days of each tenant, by its time zone: 23 to 25 hours. Kept ahead, as partitions are.
CREATE TABLE tandem.day (
    tenant    integer     NOT NULL,
    day       date        NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL, -- of the first moment that is no longer in it
    PRIMARY KEY (tenant, day)
);

CREATE TABLE tandem.interaction_step (
    tenant         integer     NOT NULL,
    occurred_at    timestamptz NOT NULL, -- from the id of the event
    event_id       uuid        NOT NULL,
    interaction_id uuid        NOT NULL,
    step           text        NOT NULL, -- last word of the topic: queued, connected, abandoned ..
    direction      text        NOT NULL, -- inbound, outbound
    queue          text        NOT NULL, -- empty: none
    agent          text        NOT NULL, -- empty: none
    from_agent     text        NOT NULL, -- transferred: who had it before
    target         text        NOT NULL, -- transferred: agent, queue, entry_point, outside; overflowed,
                                         -- diverted: queue, voice_mail, message, busy, unavailable
    to_queue       text        NOT NULL, -- transferred, overflowed, diverted into it
    reason         text        NOT NULL, -- overflowed, diverted: closed, full, max_wait, no_agent
    wait_ms        bigint      NOT NULL, -- connected, abandoned, overflowed: in this queue
    duration_ms    bigint      NOT NULL, -- ended, transferred: they had talked; resumed: it was held
    is_within      boolean     NOT NULL, -- of wait_ms: not above the queue's threshold of that moment
    is_short       boolean     NOT NULL, -- abandoned: not above the queue's short-abandon time
    PRIMARY KEY (tenant, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX interaction_step_moved ON tandem.interaction_step (tenant, occurred_at)
    WHERE to_queue <> '';
CREATE INDEX interaction_step_interaction ON tandem.interaction_step (tenant, interaction_id, occurred_at);

-- Stretches that are over. A long one is in pieces of at most a day, so that whoever wants the time
-- of a day looks no further than a day beyond it.
CREATE TABLE tandem.agent_time (
    tenant         integer     NOT NULL,
    occurred_at    timestamptz NOT NULL, -- its end
    event_id       uuid        NOT NULL, -- that told of the end
    began_at       timestamptz NOT NULL,
    agent          text        NOT NULL,
    state          text        NOT NULL, -- not_ready, ready, offered, busy, wrap_up; hold: within busy
    reason         text        NOT NULL, -- of not_ready; of hold: who holds
    queue          text        NOT NULL, -- of what they worked on; empty: none
    interaction_id uuid,
    PRIMARY KEY (tenant, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX agent_time_agent ON tandem.agent_time (tenant, agent, occurred_at);

-- The stretch that is not over, of each agent; by the newest event, in whatever order they came.
CREATE TABLE tandem.agent_state (
    tenant         integer     NOT NULL,
    agent          text        NOT NULL,
    since          timestamptz NOT NULL,
    occurred_at    timestamptz NOT NULL, -- of the event, and its id: the later one of two counts
    event_id       uuid        NOT NULL,
    state          text        NOT NULL,
    reason         text        NOT NULL,
    queue          text        NOT NULL,
    interaction_id uuid,
    PRIMARY KEY (tenant, agent)
);

CREATE TABLE tandem.interaction_step_default PARTITION OF tandem.interaction_step DEFAULT;
CREATE TABLE tandem.agent_time_default       PARTITION OF tandem.agent_time DEFAULT;

-- Of the whole call; former rows were inbound, and nobody was put on hold.
ALTER TABLE tandem.interaction
    ADD COLUMN direction       text    NOT NULL DEFAULT 'inbound',
    ADD COLUMN short_abandoned boolean NOT NULL DEFAULT false,
    ADD COLUMN transfers       integer NOT NULL DEFAULT 0,
    ADD COLUMN holds           integer NOT NULL DEFAULT 0,
    ADD COLUMN hold_ms         bigint  NOT NULL DEFAULT 0,
    ADD COLUMN first_agent     text    NOT NULL DEFAULT '',
    ADD COLUMN overflows       integer NOT NULL DEFAULT 0,
    ADD COLUMN overflow_cause  text    NOT NULL DEFAULT '', -- of the last one
    ADD COLUMN voice_mail_ms   bigint  NOT NULL DEFAULT 0;

-- --- writing ------------------------------------------------------------------------------------

-- In place of the one in 003: with the tables that came since.
CREATE OR REPLACE FUNCTION tandem.make_staging() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('pg_temp.agent_state_staging') IS NOT NULL THEN
        RETURN;
    END IF;
    -- A connection that began before this file was applied has the former ones.
    DROP TABLE IF EXISTS pg_temp.event_staging, pg_temp.interaction_staging, pg_temp.recording_staging;
    CREATE TEMPORARY TABLE event_staging       (LIKE tandem.event)       ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE interaction_staging (LIKE tandem.interaction) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE recording_staging   (LIKE tandem.recording)   ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE step_staging        (LIKE tandem.interaction_step) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE agent_time_staging  (LIKE tandem.agent_time)  ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE agent_state_staging (LIKE tandem.agent_state) ON COMMIT DELETE ROWS;
    -- What the version before this one copies has no values for the columns that came since.
    ALTER TABLE pg_temp.interaction_staging
        ALTER direction SET DEFAULT 'inbound', ALTER short_abandoned SET DEFAULT false,
        ALTER transfers SET DEFAULT 0, ALTER holds SET DEFAULT 0, ALTER hold_ms SET DEFAULT 0,
        ALTER first_agent SET DEFAULT '', ALTER overflows SET DEFAULT 0,
        ALTER overflow_cause SET DEFAULT '', ALTER voice_mail_ms SET DEFAULT 0;
END;
$$;

CREATE OR REPLACE FUNCTION tandem.make_partitions(p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_parent text;
    v_month  timestamptz;
    v_name   text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tandem.make_partitions', 0));
    FOREACH v_parent IN ARRAY ARRAY['event', 'interaction', 'recording', 'interaction_step',
                                    'agent_time'] LOOP
        FOR i IN 0..2 LOOP
            v_month := date_trunc('month', p_at, 'UTC') + make_interval(months => i);
            v_name := format('%s_%s', v_parent, to_char(v_month AT TIME ZONE 'UTC', 'YYYY_MM'));
            IF to_regclass('tandem.' || v_name) IS NULL THEN
                EXECUTE format('CREATE TABLE tandem.%I PARTITION OF tandem.%I '
                               'FOR VALUES FROM (%L) TO (%L)', v_name, v_parent, v_month,
                               date_trunc('month', v_month + interval '32 days', 'UTC'));
            END IF;
        END LOOP;
    END LOOP;
END;
$$;

CREATE FUNCTION tandem.put_queue(p_tenant integer, p_queue text, p_display_name text,
                                 p_threshold_ms bigint, p_short_abandon_ms bigint,
                                 p_service_level text, p_target_percent integer)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO tandem.queue AS q VALUES (p_tenant, p_queue, p_display_name, p_threshold_ms,
                                          p_short_abandon_ms, p_service_level, p_target_percent)
    ON CONFLICT (tenant, queue) DO UPDATE
        SET display_name = excluded.display_name, threshold_ms = excluded.threshold_ms,
            short_abandon_ms = excluded.short_abandon_ms, service_level = excluded.service_level,
            target_percent = excluded.target_percent
        WHERE q IS DISTINCT FROM excluded
$$;

-- --- days ---------------------------------------------------------------------------------------

-- The first moment of a day. Where an hour around midnight comes twice the database gives the second
-- one; where it is left out, the moment of the change.
CREATE FUNCTION tandem.midnight(p_day date, p_time_zone text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN ((p_day::timestamp AT TIME ZONE p_time_zone) - interval '1 hour')
                     AT TIME ZONE p_time_zone >= p_day::timestamp
                THEN (p_day::timestamp AT TIME ZONE p_time_zone) - interval '1 hour'
                ELSE p_day::timestamp AT TIME ZONE p_time_zone END
$$;

-- When the history of a tenant begins: at most ten years ago, lest one wrong clock makes days by the
-- thousand.
CREATE FUNCTION tandem.begins_at(p_tenant integer) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN greatest(now() - interval '10 years', least(now(),
        (SELECT min(occurred_at) FROM tandem.interaction WHERE tenant = p_tenant),
        (SELECT min(occurred_at) FROM tandem.interaction_step WHERE tenant = p_tenant),
        (SELECT min(occurred_at) - interval '1 day' FROM tandem.agent_time WHERE tenant = p_tenant),
        (SELECT min(since) FROM tandem.agent_state WHERE tenant = p_tenant)));
END;
$$;

-- Makes the days of a tenant that are missing, from the first one of its history until two months
-- ahead.
CREATE FUNCTION tandem.make_days(p_tenant integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tandem.day (tenant, day, begins_at, ends_at)
    SELECT p_tenant, d.day::date, tandem.midnight(d.day::date, c.time_zone),
           tandem.midnight(d.day::date + 1, c.time_zone)
    FROM tandem.company c
    CROSS JOIN LATERAL generate_series(
        (tandem.begins_at(p_tenant) AT TIME ZONE c.time_zone)::date::timestamp,
        (now() AT TIME ZONE c.time_zone)::date::timestamp + interval '60 days',
        interval '1 day') AS d(day)
    WHERE c.tenant = p_tenant
    ON CONFLICT DO NOTHING
$$;

-- What a company is called and where its days begin. In another zone all its days are other ones. A
-- zone that the database does not know counts as UTC, as it does for the live figures.
CREATE FUNCTION tandem.put_company(p_tenant integer, p_name text, p_time_zone text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_zone text := coalesce((SELECT z.name FROM pg_timezone_names z WHERE z.name = p_time_zone), 'UTC');
BEGIN
    DELETE FROM tandem.day d USING tandem.company c
        WHERE c.tenant = p_tenant AND d.tenant = p_tenant AND c.time_zone <> v_zone;
    INSERT INTO tandem.company (tenant, name, time_zone) VALUES (p_tenant, p_name, v_zone)
        ON CONFLICT (tenant) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone;
    PERFORM tandem.make_days(p_tenant);
END;
$$;

-- The first moment of the hour of a day: where clocks change there are 23 or 25 of them.
CREATE FUNCTION tandem.hour_of(p_at timestamptz, p_begins_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_begins_at + floor(extract(epoch FROM p_at - p_begins_at) / 3600) * interval '1 hour'
$$;

CREATE FUNCTION tandem.percent(p_part bigint, p_whole bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
    SELECT round(100.0 * p_part / nullif(p_whole, 0), 1)
$$;

CREATE FUNCTION tandem.average(p_sum numeric, p_count bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT (p_sum / nullif(p_count, 0))::bigint
$$;

-- --- calls --------------------------------------------------------------------------------------

-- Interactions, in the day they arrived in.
CREATE VIEW tandem.calls_by_day AS
SELECT d.tenant, d.day,
       count(*)                                                          AS calls,
       count(*) FILTER (WHERE i.direction <> 'outbound')                 AS inbound,
       count(*) FILTER (WHERE i.direction = 'outbound')                  AS outbound,
       count(*) FILTER (WHERE i.queued_at IS NOT NULL)                   AS queued,
       count(*) FILTER (WHERE i.outcome = 'answered')                    AS answered,
       count(*) FILTER (WHERE i.outcome = 'abandoned')                   AS abandoned,
       count(*) FILTER (WHERE i.outcome = 'abandoned' AND i.short_abandoned) AS short_abandoned,
       count(*) FILTER (WHERE i.outcome = 'self_served')                 AS self_served,
       count(*) FILTER (WHERE i.outcome = 'left_dialog')                 AS left_dialog,
       count(*) FILTER (WHERE i.outcome = 'overflowed')                  AS overflowed,
       count(*) FILTER (WHERE i.outcome = 'voice_mail')                  AS voice_mails,
       count(*) FILTER (WHERE i.outcome = 'closed')                      AS closed,
       count(*) FILTER (WHERE i.outcome NOT IN ('answered', 'abandoned', 'self_served', 'left_dialog',
                                                'overflowed', 'voice_mail', 'closed')) AS failed,
       sum(i.transfers)::bigint                                          AS transfers,
       sum(i.declined)::bigint                                           AS declined,
       sum(i.no_answer)::bigint                                          AS no_answer,
       sum(i.device_failures)::bigint                                    AS device_failures,
       sum(i.holds)::bigint                                              AS holds,
       tandem.average(sum(i.wait_ms) FILTER (WHERE i.outcome = 'answered' AND i.queued_at IS NOT NULL),
                      count(*) FILTER (WHERE i.outcome = 'answered' AND i.queued_at IS NOT NULL))
                                                                         AS average_wait_ms,
       max(i.wait_ms)                                                    AS longest_wait_ms,
       tandem.average(sum(i.talk_ms) FILTER (WHERE i.outcome = 'answered'),
                      count(*) FILTER (WHERE i.outcome = 'answered'))    AS average_talk_ms,
       tandem.average(sum(i.hold_ms) FILTER (WHERE i.outcome = 'answered'),
                      count(*) FILTER (WHERE i.outcome = 'answered'))    AS average_hold_ms,
       tandem.average(sum(i.wrap_up_ms) FILTER (WHERE i.outcome = 'answered'),
                      count(*) FILTER (WHERE i.outcome = 'answered'))    AS average_wrap_up_ms,
       tandem.average(sum(i.talk_ms + i.wrap_up_ms) FILTER (WHERE i.outcome = 'answered'),
                      count(*) FILTER (WHERE i.outcome = 'answered'))    AS average_handling_ms
FROM tandem.day d
JOIN tandem.interaction i ON i.tenant = d.tenant AND i.occurred_at >= d.begins_at
                         AND i.occurred_at < d.ends_at
GROUP BY d.tenant, d.day;

-- --- what agents did with their time --------------------------------------------------------------

-- Stretches by day, each cut at midnight; who is still in one has it until now.
CREATE VIEW tandem.agent_time_of_day AS
SELECT d.tenant, d.day, d.begins_at, t.agent, t.state, t.reason, t.queue, t.interaction_id,
       greatest(t.began_at, d.begins_at) AS began_at, least(t.occurred_at, d.ends_at) AS ended_at
FROM tandem.day d
JOIN tandem.agent_time t ON t.tenant = d.tenant AND t.occurred_at > d.begins_at
                        AND t.occurred_at < d.ends_at + interval '25 hours'
                        AND t.began_at < d.ends_at
UNION ALL
SELECT d.tenant, d.day, d.begins_at, a.agent, a.state, a.reason, a.queue, a.interaction_id,
       greatest(a.since, d.begins_at), least(now(), d.ends_at)
FROM tandem.day d
JOIN tandem.agent_state a ON a.tenant = d.tenant AND a.since < d.ends_at
                         AND a.state <> 'logged_out' AND d.begins_at < now();

CREATE VIEW tandem.agent_time_by_day AS
SELECT tenant, day, agent, state, reason,
       sum((extract(epoch FROM ended_at - began_at) * 1000))::bigint AS duration_ms
FROM tandem.agent_time_of_day
GROUP BY tenant, day, agent, state, reason;

-- The same by hour; `hour` is its first moment.
CREATE VIEW tandem.agent_time_by_hour AS
SELECT t.tenant, t.day, h.hour, t.agent, t.state, t.reason,
       sum((extract(epoch FROM least(t.ended_at, h.hour + interval '1 hour')
                               - greatest(t.began_at, h.hour)) * 1000))::bigint AS duration_ms
FROM tandem.agent_time_of_day t
CROSS JOIN LATERAL generate_series(tandem.hour_of(t.began_at, t.begins_at),
                                   t.ended_at - interval '1 microsecond', interval '1 hour') AS h(hour)
GROUP BY t.tenant, t.day, h.hour, t.agent, t.state, t.reason;

-- --- queues -------------------------------------------------------------------------------------

CREATE VIEW tandem.step_of_day AS
SELECT d.day, tandem.hour_of(s.occurred_at, d.begins_at) AS hour, s.*
FROM tandem.day d
JOIN tandem.interaction_step s ON s.tenant = d.tenant AND s.occurred_at >= d.begins_at
                              AND s.occurred_at < d.ends_at;

-- Steps and work that count for a queue, in one shape.
CREATE VIEW tandem.queue_figure AS
SELECT tenant, day, queue, step, reason, target, to_queue, wait_ms, duration_ms, is_within, is_short
FROM tandem.step_of_day WHERE queue <> ''
UNION ALL
SELECT tenant, day, to_queue, step || '_in', reason, target, '', 0, 0, false, false
FROM tandem.step_of_day WHERE to_queue <> '' AND step IN ('transferred', 'overflowed')
UNION ALL
SELECT tenant, day, queue, state, reason, '', '', 0,
       (extract(epoch FROM ended_at - began_at) * 1000)::bigint, false, false
FROM tandem.agent_time_of_day WHERE queue <> '' AND state IN ('hold', 'wrap_up');

CREATE VIEW tandem.queue_count AS
SELECT tenant, day, queue,
       count(*) FILTER (WHERE step = 'queued')                              AS entered,
       count(*) FILTER (WHERE step = 'connected' AND reason <> 'adopted')   AS answered,
       count(*) FILTER (WHERE step = 'connected' AND reason <> 'adopted' AND is_within) AS answered_within,
       count(*) FILTER (WHERE step = 'abandoned')                           AS abandoned,
       count(*) FILTER (WHERE step = 'abandoned' AND is_within)             AS abandoned_within,
       count(*) FILTER (WHERE step = 'abandoned' AND is_short)              AS short_abandoned,
       count(*) FILTER (WHERE step = 'overflowed')                          AS overflowed,
       count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'declined') AS declined,
       count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'no_answer') AS no_answer,
       count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'device_failure') AS device_failures,
       count(*) FILTER (WHERE step = 'overflowed' AND target = 'voice_mail') AS to_voice_mail,
       count(*) FILTER (WHERE step = 'overflowed_in')                       AS overflowed_in,
       count(*) FILTER (WHERE step = 'transferred_in')                      AS transferred_in,
       count(*) FILTER (WHERE step = 'transferred')                         AS transferred_out,
       count(*) FILTER (WHERE step = 'hold')                                AS holds,
       count(*) FILTER (WHERE step IN ('ended', 'transferred'))             AS talks,
       coalesce(sum(wait_ms) FILTER (WHERE step = 'connected' AND reason <> 'adopted'), 0) AS wait_ms,
       coalesce(sum(wait_ms) FILTER (WHERE step = 'abandoned'), 0)          AS abandoned_wait_ms,
       max(wait_ms) FILTER (WHERE step IN ('connected', 'abandoned', 'overflowed')) AS longest_wait_ms,
       percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY wait_ms)
           FILTER (WHERE step = 'connected' AND reason <> 'adopted')        AS wait_percentiles_ms,
       coalesce(sum(duration_ms) FILTER (WHERE step IN ('ended', 'transferred')), 0) AS talk_ms,
       coalesce(sum(duration_ms) FILTER (WHERE step = 'hold'), 0)           AS hold_ms,
       coalesce(sum(duration_ms) FILTER (WHERE step = 'wrap_up'), 0)        AS wrap_up_ms
FROM tandem.queue_figure
GROUP BY tenant, day, queue;

-- Passages through queues, in the day in which the caller left the queue: who still waits is in no
-- day yet (the live figures have them).
CREATE VIEW tandem.calls_by_queue AS
SELECT c.tenant, c.day, c.queue, c.entered,
       c.answered + c.abandoned + c.overflowed AS offered,
       c.answered, c.abandoned, c.overflowed, c.short_abandoned, c.answered_within,
       c.abandoned_within, c.declined, c.no_answer, c.device_failures, c.overflowed_in,
       c.to_voice_mail, c.transferred_in, c.transferred_out, c.holds,
       tandem.average(c.wait_ms, c.answered)                       AS average_wait_ms,
       c.longest_wait_ms,
       c.wait_percentiles_ms[1]                                    AS wait_p50_ms,
       c.wait_percentiles_ms[2]                                    AS wait_p90_ms,
       c.wait_percentiles_ms[3]                                    AS wait_p95_ms,
       tandem.average(c.abandoned_wait_ms, c.abandoned)            AS average_abandoned_wait_ms,
       tandem.average(c.talk_ms, c.talks)                          AS average_talk_ms,
       tandem.average(c.hold_ms, c.talks)                          AS average_hold_ms,
       tandem.average(c.wrap_up_ms, c.talks)                       AS average_wrap_up_ms,
       tandem.average(c.talk_ms + c.wrap_up_ms, c.talks)           AS average_handling_ms,
       l.after_threshold, l.answered AS of_answered, l.offered AS of_offered, l.not_short,
       l.abandoned_within AS with_abandoned_within,
       CASE q.service_level WHEN 'answered' THEN l.answered WHEN 'offered' THEN l.offered
                            WHEN 'not_short' THEN l.not_short
                            WHEN 'abandoned_within' THEN l.abandoned_within
                            ELSE l.after_threshold END             AS service_level,
       coalesce(q.service_level, 'after_threshold')                AS service_level_formula,
       q.target_percent
FROM tandem.queue_count c
LEFT JOIN tandem.queue q ON q.tenant = c.tenant AND q.queue = c.queue
CROSS JOIN LATERAL (SELECT
    tandem.percent(c.answered_within, c.answered + c.abandoned - c.abandoned_within) AS after_threshold,
    tandem.percent(c.answered_within, c.answered) AS answered,
    tandem.percent(c.answered_within, c.answered + c.abandoned + c.overflowed) AS offered,
    tandem.percent(c.answered_within, c.answered + c.abandoned + c.overflowed - c.short_abandoned)
        AS not_short,
    tandem.percent(c.answered_within + c.abandoned_within, c.answered + c.abandoned)
        AS abandoned_within) AS l;

-- Within the day: what planners forecast from.
CREATE VIEW tandem.calls_by_hour AS
SELECT tenant, day, hour, queue,
       count(*) FILTER (WHERE step = 'queued')                            AS entered,
       count(*) FILTER (WHERE step = 'connected' AND reason <> 'adopted') AS answered,
       count(*) FILTER (WHERE step = 'connected' AND reason <> 'adopted' AND is_within) AS answered_within,
       count(*) FILTER (WHERE step = 'abandoned')                         AS abandoned,
       count(*) FILTER (WHERE step = 'abandoned' AND is_short)            AS short_abandoned,
       count(*) FILTER (WHERE step = 'overflowed')                        AS overflowed,
       tandem.average(sum(wait_ms) FILTER (WHERE step = 'connected' AND reason <> 'adopted'),
                      count(*) FILTER (WHERE step = 'connected' AND reason <> 'adopted'))
                                                                          AS average_wait_ms,
       tandem.average(sum(duration_ms) FILTER (WHERE step IN ('ended', 'transferred')),
                      count(*) FILTER (WHERE step IN ('ended', 'transferred'))) AS average_talk_ms
FROM tandem.step_of_day WHERE queue <> ''
GROUP BY tenant, day, hour, queue;

CREATE VIEW tandem.overflow_by_day AS
SELECT tenant, day, queue, reason, target, to_queue, count(*) AS calls
FROM tandem.step_of_day WHERE step IN ('overflowed', 'diverted')
GROUP BY tenant, day, queue, reason, target, to_queue;

-- --- agents -------------------------------------------------------------------------------------

CREATE VIEW tandem.agent_figure AS
SELECT tenant, day, agent, step, direction, reason, queue, target, duration_ms
FROM tandem.step_of_day WHERE agent <> '' AND step <> 'transferred'
UNION ALL
SELECT tenant, day, from_agent, 'transferred', direction, reason, queue, target, duration_ms
FROM tandem.step_of_day WHERE step = 'transferred' AND from_agent <> ''
UNION ALL
SELECT tenant, day, agent, 'state_' || state, '', reason, queue, '',
       (extract(epoch FROM ended_at - began_at) * 1000)::bigint
FROM tandem.agent_time_of_day;

CREATE VIEW tandem.calls_by_agent AS
SELECT tenant, day, agent, c.handled, c.outbound, c.transferred_in, c.transferred_out, c.declined, c.no_answer,
       c.device_failures, c.holds,
       c.ready_ms + c.not_ready_ms + c.offered_ms + c.busy_ms + c.wrap_up_ms AS logged_in_ms,
       c.ready_ms, c.not_ready_ms, c.offered_ms, greatest(c.busy_ms - c.hold_ms, 0) AS talk_ms, c.hold_ms,
       c.wrap_up_ms,
       tandem.percent(c.busy_ms + c.wrap_up_ms, c.ready_ms + c.offered_ms + c.busy_ms + c.wrap_up_ms)
           AS occupancy,
       tandem.average(c.busy_ms + c.wrap_up_ms, c.handled) AS average_handling_ms
FROM (
    SELECT tenant, day, agent,
           count(*) FILTER (WHERE step = 'connected')                           AS handled,
           count(*) FILTER (WHERE step = 'connected' AND direction = 'outbound') AS outbound,
           count(*) FILTER (WHERE step = 'connected' AND direction <> 'outbound' AND queue = '')
                                                                                AS transferred_in,
           count(*) FILTER (WHERE step = 'transferred')                         AS transferred_out,
           count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'declined') AS declined,
           count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'no_answer') AS no_answer,
           count(*) FILTER (WHERE step = 'offer_ended' AND reason = 'device_failure') AS device_failures,
           count(*) FILTER (WHERE step = 'state_hold')                          AS holds,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_ready'), 0)::bigint     AS ready_ms,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_not_ready'), 0)::bigint AS not_ready_ms,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_offered'), 0)::bigint   AS offered_ms,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_busy'), 0)::bigint      AS busy_ms,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_hold'), 0)::bigint      AS hold_ms,
           coalesce(sum(duration_ms) FILTER (WHERE step = 'state_wrap_up'), 0)::bigint   AS wrap_up_ms
    FROM tandem.agent_figure
    GROUP BY tenant, day, agent) AS c;
