-- 七彩四点半, the children: who is on the roll, what their guardians have agreed to, who may fetch them, and who has looked.

CREATE TABLE children (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    state TEXT NOT NULL,
    estate_id UUID NOT NULL,
    building_id UUID NOT NULL, -- where they live, without the door
    sealed BYTEA, -- all particulars; null once they are erased
    medical_sealed BYTEA, -- what staff have to know of the child's health
    invited_at BIGINT NOT NULL,
    enrolled_on TEXT, -- a day
    ended_on TEXT,
    ended_why TEXT NOT NULL,
    link_number INTEGER NOT NULL, -- counts up where the guardian's link must not be good any more
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id),
    CHECK (state IN ('invited', 'enrolled', 'declined', 'left')),
    CHECK (state NOT IN ('invited', 'enrolled') OR sealed IS NOT NULL)
);
--@citus SELECT create_distributed_table('children', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX children_by_state ON children (tenant_id, state, invited_at, id);

CREATE TABLE child_adults ( -- whom the guardian lets fetch the child, and who must not; a row ends and never changes
    tenant_id UUID NOT NULL,
    child_id UUID NOT NULL,
    id UUID NOT NULL,
    barred BOOLEAN NOT NULL,
    sealed BYTEA NOT NULL, -- name, relation and phone
    added_at BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (tenant_id, child_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
--@citus SELECT create_distributed_table('child_adults', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE child_consent_texts ( -- every wording that somebody has read, once
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    edition TEXT NOT NULL, -- its SHA-256
    wording TEXT NOT NULL,
    PRIMARY KEY (tenant_id, edition)
);
--@citus SELECT create_distributed_table('child_consent_texts', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE child_consents (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    how TEXT NOT NULL,
    edition TEXT NOT NULL,
    guardian_sealed BYTEA, -- who agreed; null once it need not be kept any more
    given_at BIGINT NOT NULL,
    recorded_by UUID, -- null: the guardian, by their link
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    FOREIGN KEY (tenant_id, edition) REFERENCES child_consent_texts (tenant_id, edition)
);
--@citus SELECT create_distributed_table('child_consents', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX child_consents_standing ON child_consents (tenant_id, child_id, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX child_consents_by_child ON child_consents (tenant_id, child_id, given_at, id);
CREATE INDEX child_consents_ended ON child_consents (tenant_id, withdrawn_at) WHERE guardian_sealed IS NOT NULL AND withdrawn_at IS NOT NULL;

CREATE TABLE child_openings ( -- who has said why they read a child's record, and until when it is open to them
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    child_id UUID NOT NULL,
    reader_id UUID NOT NULL, -- an account
    reader_name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
--@citus SELECT create_distributed_table('child_openings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX child_openings_by_reader ON child_openings (tenant_id, child_id, reader_id, until_at);
CREATE INDEX child_openings_by_time ON child_openings (tenant_id, child_id, at, id);
