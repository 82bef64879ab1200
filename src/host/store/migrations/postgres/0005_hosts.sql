-- Which hosts share the store. They belong to no tenant.
CREATE TABLE hosts (
    host text COLLATE "C" PRIMARY KEY,
    joined_at bigint NOT NULL,
    renewed_at bigint NOT NULL,
    renewals bigint NOT NULL
);
