-- 业主共同决定: what votes of owners have come to. They are held apart from meetings, and only their figures are kept.

CREATE TABLE owner_votes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    matter TEXT NOT NULL,
    way TEXT NOT NULL,
    held_on TEXT NOT NULL,
    area BIGINT NOT NULL, -- of all owners, in hundredths of a square metre, as the next two
    area_taking_part BIGINT NOT NULL,
    area_agreeing BIGINT NOT NULL,
    owners BIGINT NOT NULL,
    owners_taking_part BIGINT NOT NULL,
    owners_agreeing BIGINT NOT NULL,
    rules TEXT NOT NULL, -- JSON: by which it was counted
    passed BOOLEAN NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('owner_votes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX owner_votes_by_issue ON owner_votes (tenant_id, issue_id, recorded_at);

ALTER TABLE agenda_items ADD COLUMN without_owners TEXT; -- why it is carried out although the owners have not agreed
