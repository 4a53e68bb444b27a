-- Of whoever is erased the paper of a certificate goes too, since the whole identity number stands on it; what a check shows stays.

CREATE TABLE next_volunteer_certificates ( -- the register of numbers; what one says is never changed, it can only be revoked
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
    paper_sealed BYTEA, -- null again when the volunteer's particulars are erased
    decided_at BIGINT,
    refused_why TEXT,
    revoked_at BIGINT,
    revoked_by UUID,
    revoked_why TEXT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state IN ('issued', 'revoked')) = (number IS NOT NULL AND masked_name IS NOT NULL AND minutes IS NOT NULL AND training IS NOT NULL
        AND times IS NOT NULL AND first_on IS NOT NULL AND last_on IS NOT NULL AND issued_on IS NOT NULL)),
    CHECK (number IS NOT NULL OR paper_sealed IS NULL),
    CHECK ((state = 'applied') = (decided_at IS NULL)),
    CHECK ((state = 'refused') = (refused_why IS NOT NULL)),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL AND revoked_why IS NOT NULL)),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('next_volunteer_certificates', 'tenant_id', colocate_with => 'tenants');
INSERT INTO next_volunteer_certificates (tenant_id, id, volunteer_id, state, from_on, until_on, applied_at, due_on, number, masked_name, minutes, training,
        times, first_on, last_on, issued_on, issued_by, paper_sealed, decided_at, refused_why, revoked_at, revoked_by, revoked_why, lock_version)
    SELECT tenant_id, id, volunteer_id, state, from_on, until_on, applied_at, due_on, number, masked_name, minutes, training,
        times, first_on, last_on, issued_on, issued_by, paper_sealed, decided_at, refused_why, revoked_at, revoked_by, revoked_why, lock_version
    FROM volunteer_certificates;
DROP TABLE volunteer_certificates;
ALTER TABLE next_volunteer_certificates RENAME TO volunteer_certificates;
CREATE UNIQUE INDEX volunteer_certificates_by_number ON volunteer_certificates (tenant_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX volunteer_certificates_waiting ON volunteer_certificates (tenant_id, volunteer_id) WHERE state = 'applied';
CREATE INDEX volunteer_certificates_by_volunteer ON volunteer_certificates (tenant_id, volunteer_id, applied_at, id);
CREATE INDEX volunteer_certificates_by_state ON volunteer_certificates (tenant_id, state, applied_at, id);
