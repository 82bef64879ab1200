-- What a tenant's key lends to processes that have no root key, and flows whose codes such a process has handed over.

ALTER TABLE tenant_keys ADD COLUMN lent text COLLATE "C";
CREATE INDEX connect_flows_handed ON connect_flows (expires_at, tenant, id) WHERE state = 'handed';
