-- Who the customers are, and by which identities they are known. Written by context alone.

CREATE TABLE tandem.customer (
    tenant          integer     NOT NULL,
    customer_id     uuid        NOT NULL,
    external_id     text,                 -- the company's own number; NULL for those we made
    display_name    text        NOT NULL DEFAULT '',
    language        text        NOT NULL DEFAULT '',
    tier            text        NOT NULL DEFAULT '',
    account_manager text        NOT NULL DEFAULT '',
    brief           bytea       NOT NULL, -- tandem.v1.CustomerBrief, with the attributes
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, customer_id),
    UNIQUE (tenant, external_id)
);

-- One key of a customer. The same phone may belong to several (a family, a switchboard).
CREATE TABLE tandem.identity (
    tenant      integer     NOT NULL,
    kind        integer     NOT NULL,     -- tandem.v1.IdentityKind
    value       text        NOT NULL,     -- phone: E.164
    customer_id uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, kind, value, customer_id),
    FOREIGN KEY (tenant, customer_id) REFERENCES tandem.customer ON DELETE CASCADE
);
CREATE INDEX identity_customer ON tandem.identity (tenant, customer_id);

-- Everybody with this identity, at most `p_most`. Customers whom the company knows come instead of
-- those that were only made here, when they called before the company had told us of them.
CREATE FUNCTION tandem.customers_with(p_tenant integer, p_kind integer, p_value text,
                                      p_most integer)
RETURNS TABLE (customer_id uuid, brief bytea) LANGUAGE sql STABLE AS $$
    SELECT customer_id, brief FROM (
        SELECT c.customer_id, c.brief, c.external_id IS NULL AS is_made_here,
               bool_and(c.external_id IS NULL) OVER () AS all_are
        FROM tandem.identity i JOIN tandem.customer c USING (tenant, customer_id)
        WHERE i.tenant = p_tenant AND i.kind = p_kind AND i.value = p_value) AS found
    WHERE all_are OR NOT is_made_here
    ORDER BY customer_id LIMIT p_most
$$;

-- Everybody with this identity; a new customer when there is nobody. Two first contacts at the same
-- moment wait for each other here and get the same customer. Asked again with the same `p_new_id`
-- (the answer was lost) it says once more that the customer is new.
CREATE FUNCTION tandem.identify(p_tenant integer, p_kind integer, p_value text, p_new_id uuid,
                                p_new_brief bytea, p_most integer)
RETURNS TABLE (customer_id uuid, brief bytea, is_new boolean) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT c.customer_id, c.brief, c.customer_id = p_new_id
        FROM tandem.customers_with(p_tenant, p_kind, p_value, p_most) c;
    IF FOUND THEN
        RETURN;
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant || ' ' || p_kind || ' ' || p_value, 0));
    RETURN QUERY SELECT c.customer_id, c.brief, c.customer_id = p_new_id
        FROM tandem.customers_with(p_tenant, p_kind, p_value, p_most) c;
    IF FOUND THEN
        RETURN;
    END IF;
    INSERT INTO tandem.customer (tenant, customer_id, brief) VALUES (p_tenant, p_new_id, p_new_brief);
    INSERT INTO tandem.identity (tenant, kind, value, customer_id)
        VALUES (p_tenant, p_kind, p_value, p_new_id);
    RETURN QUERY SELECT p_new_id, p_new_brief, true;
END;
$$;

-- Creates or updates one customer by its external number. `p_identities`: a line each, "KIND VALUE".
-- Gives what happened and the identities that are the customer's no longer, in the same form.
CREATE FUNCTION tandem.customer_apply(p_tenant integer, p_new_id uuid, p_external_id text,
                                      p_display_name text, p_language text, p_tier text,
                                      p_account_manager text, p_brief bytea, p_identities text)
RETURNS TABLE (customer_id uuid, result text, removed text) LANGUAGE plpgsql AS $$
DECLARE
    v_id      uuid;
    v_brief   bytea;
    v_result  text := 'unchanged';
    v_removed text;
    v_changed integer;
BEGIN
    SELECT c.customer_id, c.brief INTO v_id, v_brief FROM tandem.customer c
        WHERE c.tenant = p_tenant AND c.external_id = p_external_id FOR UPDATE;
    IF NOT FOUND THEN
        v_id := p_new_id;
        v_result := 'created';
        INSERT INTO tandem.customer (tenant, customer_id, external_id, display_name, language, tier,
                                     account_manager, brief)
            VALUES (p_tenant, v_id, p_external_id, p_display_name, p_language, p_tier,
                    p_account_manager, p_brief);
    ELSIF v_brief <> p_brief THEN
        v_result := 'updated';
        UPDATE tandem.customer c SET display_name = p_display_name, language = p_language,
                tier = p_tier, account_manager = p_account_manager, brief = p_brief,
                updated_at = now()
            WHERE c.tenant = p_tenant AND c.customer_id = v_id;
    END IF;

    WITH wanted AS (
        SELECT split_part(line, ' ', 1)::integer AS kind, substr(line, position(' ' in line) + 1) AS value
        FROM string_to_table(p_identities, E'\n') AS line WHERE line <> ''
    ), gone AS (
        DELETE FROM tandem.identity i WHERE i.tenant = p_tenant AND i.customer_id = v_id
            AND NOT EXISTS (SELECT FROM wanted w WHERE w.kind = i.kind AND w.value = i.value)
        RETURNING i.kind, i.value
    ), added AS (
        INSERT INTO tandem.identity (tenant, kind, value, customer_id)
            SELECT p_tenant, w.kind, w.value, v_id FROM wanted w ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT string_agg(g.kind || ' ' || g.value, E'\n') FROM gone g),
           (SELECT count(*) FROM added) + (SELECT count(*) FROM gone)
        INTO v_removed, v_changed;
    IF v_result = 'unchanged' AND v_changed > 0 THEN
        v_result := 'updated';
    END IF;
    RETURN QUERY SELECT v_id, v_result, coalesce(v_removed, '');
END;
$$;
