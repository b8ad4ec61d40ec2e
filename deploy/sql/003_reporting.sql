-- The history: every event once, a row for every closed interaction and every recording, and how
-- far the streams have been read. Written by reporting alone.

-- The last entry of each stream that is in the tables below; moved in the same transaction.
CREATE TABLE tandem.stream_position (
    site      text     NOT NULL,
    partition integer  NOT NULL,
    unix_ms   bigint   NOT NULL,
    sequence  bigint   NOT NULL,
    PRIMARY KEY (site, partition)
);

CREATE TABLE tandem.event (
    tenant      integer     NOT NULL,
    occurred_at timestamptz NOT NULL, -- from the id, which is a UUIDv7
    event_id    uuid        NOT NULL,
    topic       text        NOT NULL,
    key         text        NOT NULL, -- interaction or customer
    source      text        NOT NULL,
    site        text        NOT NULL,
    type        text        NOT NULL, -- of the payload: message of proto/, or a media type
    payload     bytea       NOT NULL,
    PRIMARY KEY (tenant, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX event_key ON tandem.event (tenant, key, occurred_at, event_id);
CREATE INDEX event_topic ON tandem.event (tenant, topic, occurred_at);

CREATE TABLE tandem.interaction (
    tenant          integer     NOT NULL,
    occurred_at     timestamptz NOT NULL, -- arrival, from the id
    interaction_id  uuid        NOT NULL,
    site            text        NOT NULL,
    channel         text        NOT NULL,
    entry_point     text        NOT NULL,
    queue           text        NOT NULL, -- the last one; empty: never in one
    agent           text        NOT NULL, -- the last one; empty: none
    customer_id     uuid,
    caller          text        NOT NULL,
    called          text        NOT NULL,
    outcome         text        NOT NULL,
    ended_by        text        NOT NULL,
    reason          text        NOT NULL,
    disposition     text        NOT NULL,
    queued_at       timestamptz,
    answered_at     timestamptz,          -- connected to an agent
    ended_at        timestamptz,
    closed_at       timestamptz,
    dialog_ms       bigint      NOT NULL,
    wait_ms         bigint      NOT NULL,
    talk_ms         bigint      NOT NULL,
    wrap_up_ms      bigint      NOT NULL,
    offers          integer     NOT NULL,
    declined        integer     NOT NULL,
    no_answer       integer     NOT NULL,
    device_failures integer     NOT NULL,
    within_threshold boolean    NOT NULL,
    decision        bytea       NOT NULL, -- tandem.v1.Decision, the last; empty: none
    PRIMARY KEY (tenant, occurred_at, interaction_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX interaction_queue ON tandem.interaction (tenant, queue, occurred_at);
CREATE INDEX interaction_agent ON tandem.interaction (tenant, agent, occurred_at);
CREATE INDEX interaction_customer ON tandem.interaction (tenant, customer_id, occurred_at);

CREATE TABLE tandem.recording (
    tenant         integer     NOT NULL,
    occurred_at    timestamptz NOT NULL, -- start of the interaction, from its id
    interaction_id uuid        NOT NULL,
    file           text        NOT NULL, -- below the site's recording folder
    started_at     timestamptz NOT NULL,
    duration_ms    bigint      NOT NULL,
    size_bytes     bigint      NOT NULL,
    complete       boolean     NOT NULL,
    PRIMARY KEY (tenant, occurred_at, interaction_id, file)
) PARTITION BY RANGE (occurred_at);

-- Whatever no month was made for yet is kept here rather than refused.
CREATE TABLE tandem.event_default       PARTITION OF tandem.event DEFAULT;
CREATE TABLE tandem.interaction_default PARTITION OF tandem.interaction DEFAULT;
CREATE TABLE tandem.recording_default   PARTITION OF tandem.recording DEFAULT;

-- Where COPY puts rows before they are inserted; a row that came twice is dropped there. Temporary
-- tables of the writer's connection, which each commit empties by cutting the file: rows deleted from
-- a common table would be read again by each following INSERT ... SELECT until VACUUM comes by, and a
-- long report keeps it from coming.
CREATE FUNCTION tandem.make_staging() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('pg_temp.event_staging') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE TEMPORARY TABLE event_staging       (LIKE tandem.event)       ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE interaction_staging (LIKE tandem.interaction) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE recording_staging   (LIKE tandem.recording)   ON COMMIT DELETE ROWS;
END;
$$;

-- Makes the partitions of the month of `p_at` and of the two after it, where they are missing.
CREATE FUNCTION tandem.make_partitions(p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_parent text;
    v_month  timestamptz;
    v_name   text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tandem.make_partitions', 0));
    FOREACH v_parent IN ARRAY ARRAY['event', 'interaction', 'recording'] LOOP
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
