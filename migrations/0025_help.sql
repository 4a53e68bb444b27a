-- 找党员: residents who turn to a party member, and what the member makes of it. The issue has all the rest.

CREATE TABLE helps (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    member_id UUID NOT NULL,
    estate_id UUID NOT NULL, -- on whose board the member was found
    state TEXT NOT NULL,
    shares_phone BOOLEAN NOT NULL, -- the member may read the reporter's name and phone
    asked_at BIGINT NOT NULL,
    told_at BIGINT, -- somebody of the branch has passed the word on
    answered_at BIGINT,
    mediates BOOLEAN NOT NULL,
    reporter_agreed BOOLEAN, -- to the mediation; null until they have said
    other_agreed BOOLEAN,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES party_members (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('helps', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX helps_by_issue ON helps (tenant_id, issue_id);
CREATE INDEX helps_by_member ON helps (tenant_id, member_id, asked_at);
CREATE INDEX helps_by_time ON helps (tenant_id, asked_at, id);
CREATE INDEX helps_untold ON helps (tenant_id, asked_at, id) WHERE told_at IS NULL AND state = 'asked';
