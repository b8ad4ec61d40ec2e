-- customer.* events that are not in the streams yet. Whoever changes a customer writes the event
-- here in the same transaction; context moves it into the streams afterwards, and once more when it
-- died in between. Written by context alone.

CREATE TABLE tandem.customer_outbox (
    tenant         integer NOT NULL,
    sequence       bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id       uuid    NOT NULL,
    topic          text    NOT NULL,
    customer_id    uuid    NOT NULL,
    brief          bytea   NOT NULL, -- tandem.v1.CustomerBrief, without its id
    identity_kind  integer NOT NULL, -- that led to it; 0: none
    identity_value text    NOT NULL,
    PRIMARY KEY (tenant, sequence)
);
CREATE INDEX customer_outbox_order ON tandem.customer_outbox (sequence);

-- The next ones to say, at most one of each customer: its events keep their order even when some of
-- these are said and others are not.
CREATE VIEW tandem.customer_outbox_next AS
SELECT * FROM (
    SELECT DISTINCT ON (tenant, customer_id) *
    FROM (SELECT * FROM tandem.customer_outbox ORDER BY sequence LIMIT 256) AS first
    ORDER BY tenant, customer_id, sequence) AS next
ORDER BY sequence;

-- As the one in 002, and says customer.created under `p_event_id`. Asked again, it says it again:
-- the same event, which is stored once.
CREATE FUNCTION tandem.identify(p_tenant integer, p_kind integer, p_value text, p_new_id uuid,
                                p_new_brief bytea, p_most integer, p_event_id uuid)
RETURNS TABLE (customer_id uuid, brief bytea, is_new boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR customer_id, brief, is_new IN
        SELECT * FROM tandem.identify(p_tenant, p_kind, p_value, p_new_id, p_new_brief, p_most)
    LOOP
        IF is_new THEN
            INSERT INTO tandem.customer_outbox (tenant, event_id, topic, customer_id, brief,
                                                identity_kind, identity_value)
                VALUES (p_tenant, p_event_id, 'customer.created', customer_id, brief, p_kind, p_value);
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$$;

-- As the one in 002, and says what became of the customer, unless nothing did.
CREATE FUNCTION tandem.customer_apply(p_tenant integer, p_new_id uuid, p_external_id text,
                                      p_display_name text, p_language text, p_tier text,
                                      p_account_manager text, p_brief bytea, p_identities text,
                                      p_event_id uuid)
RETURNS TABLE (customer_id uuid, result text, removed text) LANGUAGE plpgsql AS $$
BEGIN
    SELECT * INTO customer_id, result, removed
        FROM tandem.customer_apply(p_tenant, p_new_id, p_external_id, p_display_name, p_language,
                                   p_tier, p_account_manager, p_brief, p_identities);
    IF result <> 'unchanged' THEN
        INSERT INTO tandem.customer_outbox (tenant, event_id, topic, customer_id, brief,
                                            identity_kind, identity_value)
            VALUES (p_tenant, p_event_id, 'customer.' || result, customer_id, p_brief, 0, '');
    END IF;
    RETURN NEXT;
END;
$$;
