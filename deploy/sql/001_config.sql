-- What `tandem config apply` stores: every version of every tenant's configuration.
-- Services read the newest and listen on tandem_config for the next.

CREATE TABLE tandem.config (
    tenant     integer     NOT NULL CHECK (tenant > 0),
    version    bigint      NOT NULL CHECK (version > 0),
    document   bytea       NOT NULL, -- tandem.v1.CompanyConfig
    text       text        NOT NULL, -- the YAML it was made from, without passwords
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text        NOT NULL DEFAULT session_user,
    PRIMARY KEY (tenant, version)
);

CREATE FUNCTION tandem.notify_config() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tandem_config', NEW.tenant || ' ' || NEW.version);
    RETURN NULL;
END;
$$;

CREATE TRIGGER config_applied AFTER INSERT ON tandem.config
    FOR EACH ROW EXECUTE FUNCTION tandem.notify_config();
