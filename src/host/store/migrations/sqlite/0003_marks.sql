-- What was said of one meeting says nothing of another that claims the same UID and occurrence: the mark, which is whose meeting it
-- was said about, is part of the key.

CREATE TABLE marked_overrides (
    tenant INTEGER NOT NULL,
    uid TEXT NOT NULL,
    user_key TEXT NOT NULL,
    occurrence_key TEXT NOT NULL,
    mark TEXT NOT NULL,
    stop INTEGER NOT NULL,
    PRIMARY KEY (tenant, uid, user_key, occurrence_key, mark)
) STRICT;
INSERT INTO marked_overrides (tenant, uid, user_key, occurrence_key, mark, stop)
    SELECT tenant, uid, user_key, occurrence_key, mark, stop FROM overrides;
DROP TABLE overrides;
ALTER TABLE marked_overrides RENAME TO overrides;
