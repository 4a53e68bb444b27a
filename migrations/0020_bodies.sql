-- 物管会, 居民代表, 居委会 and their meetings; 四议两公开; 党建指导员.

CREATE TABLE bodies (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    estate_id UUID, -- null: of the whole community
    term_began_on TEXT, -- of those who sit on it now: a day
    term_ends_on TEXT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('bodies', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX bodies_by_name ON bodies (tenant_id, name);

CREATE TABLE body_seats ( -- who sits on a body, and who did
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    body_id UUID NOT NULL,
    name TEXT NOT NULL,
    part TEXT NOT NULL, -- whom they sit there for
    post TEXT NOT NULL,
    since TEXT NOT NULL, -- a day
    until TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, body_id) REFERENCES bodies (tenant_id, id)
);
--@citus SELECT create_distributed_table('body_seats', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX body_seats_by_body ON body_seats (tenant_id, body_id, name, id);

ALTER TABLE meetings ADD COLUMN body_id UUID; -- whose meeting it is, or one of the two whose it is
CREATE INDEX meetings_by_body ON meetings (tenant_id, body_id, planned_at, id) WHERE body_id IS NOT NULL;

CREATE TABLE procedures ( -- 四议两公开
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT NOT NULL, -- public words
    reason TEXT NOT NULL, -- why it is taken up; not public
    party_organisation_id UUID NOT NULL, -- which branch proposes
    estate_id UUID NOT NULL, -- whom it concerns
    stopped_at BIGINT,
    stopped_why TEXT NOT NULL,
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, party_organisation_id) REFERENCES party_organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('procedures', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX procedures_by_time ON procedures (tenant_id, created_at, id);

ALTER TABLE agenda_items ADD COLUMN procedure_id UUID; -- of which 四议两公开 it is a step
ALTER TABLE agenda_items ADD COLUMN procedure_step TEXT;
CREATE INDEX agenda_items_by_procedure ON agenda_items (tenant_id, procedure_id) WHERE procedure_id IS NOT NULL;

CREATE TABLE party_instructors ( -- 党建指导员, sent to a property company
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    member_id UUID, -- whom the member list knows
    company_id UUID NOT NULL, -- an organisation
    estate_id UUID, -- where; null: wherever the company works
    since TEXT NOT NULL, -- a day
    until TEXT, -- the last day, as it was planned or as it came
    duties TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES party_members (tenant_id, id),
    FOREIGN KEY (tenant_id, company_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_instructors', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE instructor_notes ( -- what they did there, day by day; never changed
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    instructor_id UUID NOT NULL,
    day TEXT NOT NULL,
    text TEXT NOT NULL,
    made_by UUID,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, instructor_id) REFERENCES party_instructors (tenant_id, id)
);
--@citus SELECT create_distributed_table('instructor_notes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX instructor_notes_by_day ON instructor_notes (tenant_id, instructor_id, day, id);
