-- Clients from outside: who may enter at the door, and what they may touch there. Written by
-- `tandem client` (later the gateway's API), read by every door, which hears of each change.
-- A public key is no secret; the secret one is nowhere but with the client.

CREATE TABLE tandem.client (
    tenant          integer     NOT NULL CHECK (tenant > 0),
    name            text        NOT NULL CHECK (name ~ '^[A-Za-z0-9_-]{1,63}$'),
    public_key      text        NOT NULL UNIQUE CHECK (length(public_key) = 40), -- Z85; over all tenants
    publish         text        NOT NULL DEFAULT '' CHECK (length(publish) < 1024),   -- topics, and
    subscribe       text        NOT NULL DEFAULT '' CHECK (length(subscribe) < 1024), -- prefixes that end in a dot
    publish_per_s   integer     NOT NULL DEFAULT 100 CHECK (publish_per_s BETWEEN 1 AND 100000),
    bytes_per_s     integer     NOT NULL DEFAULT 1048576 CHECK (bytes_per_s BETWEEN 1024 AND 1000000000),
    pending_max     integer     NOT NULL DEFAULT 256 CHECK (pending_max BETWEEN 1 AND 1000),
    connections_max integer     NOT NULL DEFAULT 4 CHECK (connections_max BETWEEN 1 AND 100),
    created_at      timestamptz NOT NULL DEFAULT now(),
    changed_at      timestamptz NOT NULL DEFAULT now(),
    changed_by      text        NOT NULL DEFAULT session_user,
    PRIMARY KEY (tenant, name)
);

CREATE FUNCTION tandem.notify_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tandem_client', '');
    RETURN NULL;
END;
$$;

CREATE TRIGGER client_changed AFTER INSERT OR UPDATE OR DELETE ON tandem.client
    FOR EACH STATEMENT EXECUTE FUNCTION tandem.notify_client();
