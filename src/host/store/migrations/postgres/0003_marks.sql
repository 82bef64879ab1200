-- What was said of one meeting says nothing of another that claims the same UID and occurrence: the mark, which is whose meeting it
-- was said about, is part of the key.

ALTER TABLE overrides DROP CONSTRAINT overrides_pkey;
ALTER TABLE overrides ADD PRIMARY KEY (tenant, uid, user_key, occurrence_key, mark);
