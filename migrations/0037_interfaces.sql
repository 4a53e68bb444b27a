-- 令牌, by which other programs are let in, and the order in which they follow what has changed.

CREATE TABLE api_tokens (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL, -- which program it is for
    scopes TEXT NOT NULL, -- codes with spaces between
    estate_id UUID, -- null: of the whole community
    fingerprint BYTEA NOT NULL, -- a keyed hash; the token itself is shown once and not kept
    created_by UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_on TEXT, -- the last day
    revoked_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('api_tokens', 'tenant_id', colocate_with => 'tenants');

ALTER TABLE issues ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0; -- by the clock of the program, whatever moment a step is told of
UPDATE issues SET changed_at = (SELECT COALESCE(MAX(v.at), issues.reported_at) FROM issue_events v
    WHERE v.tenant_id = issues.tenant_id AND v.issue_id = issues.id);
CREATE INDEX issues_by_change ON issues (tenant_id, changed_at, id);
