-- 剔除: an issue that is left out of the three rates, because somebody has proposed it and somebody else has approved of it.

CREATE TABLE exclusions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    ground TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'refused', 'revoked')),
    proposed_by UUID NOT NULL,
    proposed_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    answer TEXT, -- what whoever decided has to say
    revoked_by UUID,
    revoked_at BIGINT,
    revocation TEXT, -- why it counts again
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id),
    -- Nobody approves of what they have proposed, and nothing is decided by nobody.
    CHECK (decided_by IS NULL OR decided_by <> proposed_by),
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL AND revoked_by IS NOT NULL AND revocation IS NOT NULL))
);
--@citus SELECT create_distributed_table('exclusions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX exclusions_by_issue ON exclusions (tenant_id, issue_id, proposed_at, id);
CREATE UNIQUE INDEX exclusions_standing ON exclusions (tenant_id, issue_id) WHERE state IN ('proposed', 'approved');
CREATE INDEX exclusions_waiting ON exclusions (tenant_id, proposed_at, id) WHERE state = 'proposed';
