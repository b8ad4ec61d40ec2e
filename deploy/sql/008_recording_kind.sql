-- What a recording is of: "unspecified" a talk, "voice_mail" a message of the customer alone. Rows of
-- releases that did not say so have none: talks.
ALTER TABLE tandem.recording ADD COLUMN kind text;
