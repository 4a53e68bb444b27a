-- 星级志愿者和志愿服务记录证明: what is given for hours, when somebody asks for it and it has been looked at.

CREATE TABLE volunteer_stars (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    star SMALLINT NOT NULL CHECK (star BETWEEN 1 AND 5),
    state TEXT NOT NULL CHECK (state IN ('applied', 'awarded', 'refused')),
    minutes INTEGER NOT NULL, -- in the ledger when it was asked for, and then when it was decided
    applied_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    why TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'applied') = (decided_at IS NULL)),
    CHECK (state <> 'refused' OR why <> ''),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_stars', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_stars_once ON volunteer_stars (tenant_id, volunteer_id, star) WHERE state <> 'refused';
CREATE INDEX volunteer_stars_by_volunteer ON volunteer_stars (tenant_id, volunteer_id, applied_at, id);
CREATE INDEX volunteer_stars_by_state ON volunteer_stars (tenant_id, state, applied_at, id);

CREATE TABLE volunteer_certificates ( -- the register of numbers; what one says is never changed, it can only be revoked
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'issued', 'refused', 'revoked')),
    from_on TEXT, -- days: what was asked for; null: from the beginning, until now
    until_on TEXT,
    applied_at BIGINT NOT NULL,
    due_on TEXT, -- null where the working days of that year are not known yet
    number TEXT, -- from here on as it was issued
    masked_name TEXT,
    minutes INTEGER,
    training INTEGER,
    times INTEGER,
    first_on TEXT,
    last_on TEXT,
    issued_on TEXT,
    issued_by UUID,
    paper_sealed BYTEA,
    decided_at BIGINT,
    refused_why TEXT,
    revoked_at BIGINT,
    revoked_by UUID,
    revoked_why TEXT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state IN ('issued', 'revoked')) = (number IS NOT NULL AND masked_name IS NOT NULL AND minutes IS NOT NULL AND training IS NOT NULL
        AND times IS NOT NULL AND first_on IS NOT NULL AND last_on IS NOT NULL AND issued_on IS NOT NULL AND paper_sealed IS NOT NULL)),
    CHECK ((state = 'applied') = (decided_at IS NULL)),
    CHECK ((state = 'refused') = (refused_why IS NOT NULL)),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL AND revoked_why IS NOT NULL)),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_certificates', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_certificates_by_number ON volunteer_certificates (tenant_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX volunteer_certificates_waiting ON volunteer_certificates (tenant_id, volunteer_id) WHERE state = 'applied';
CREATE INDEX volunteer_certificates_by_volunteer ON volunteer_certificates (tenant_id, volunteer_id, applied_at, id);
CREATE INDEX volunteer_certificates_by_state ON volunteer_certificates (tenant_id, state, applied_at, id);
