-- 护学岗, what is guarded: schools, their gates and crossings, the peaks of a school day, and on which days there is school.

CREATE TABLE duty_schools (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- the station that answers for it; the patrol unit above or beside it may send people too
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    address TEXT NOT NULL, -- in words; may be empty
    contact_sealed BYTEA, -- who answers for the school's own security: name and phone
    phone TEXT NOT NULL, -- the number that the school's page shows; may be empty
    link_number INTEGER NOT NULL, -- counts up where the school's link must not be good any more
    position BIGINT NOT NULL, -- in lists
    closed_at BIGINT, -- not guarded any more
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_schools', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX duty_schools_by_name ON duty_schools (tenant_id, name);
CREATE INDEX duty_schools_in_order ON duty_schools (tenant_id, position, id);
CREATE INDEX duty_schools_by_organisation ON duty_schools (tenant_id, organisation_id);

CREATE TABLE duty_gates ( -- 岗: a gate, a crossing, a bus stop, a place where children are fetched
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    duty TEXT NOT NULL, -- 定责: what whoever stands here does; may be empty
    seats INTEGER NOT NULL, -- how many people are needed
    officers INTEGER NOT NULL, -- how many of them are police in uniform, officers or auxiliaries
    qualification TEXT, -- what everybody who stands here needs
    link_number INTEGER NOT NULL, -- counts up where the code that hangs here must not be good any more
    position BIGINT NOT NULL,
    closed_at BIGINT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (seats BETWEEN 1 AND 20),
    CHECK (officers BETWEEN 0 AND seats)
);
--@citus SELECT create_distributed_table('duty_gates', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX duty_gates_by_name ON duty_gates (tenant_id, school_id, name);

CREATE TABLE duty_slots ( -- a peak of a school: 早入校, 午放学, …
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    school_id UUID NOT NULL,
    kind TEXT NOT NULL,
    days TEXT NOT NULL, -- on every school day, or only on those with lessons, or only on those with exams
    early INTEGER, -- minutes before the first bell; null: as the settings say
    stay INTEGER, -- minutes after the last bell
    closed_at BIGINT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (early BETWEEN 0 AND 180),
    CHECK (stay BETWEEN 0 AND 180)
);
--@citus SELECT create_distributed_table('duty_slots', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_slots_by_school ON duty_slots (tenant_id, school_id);

CREATE TABLE duty_bells ( -- the grades of a peak come or go one after the other: one window lies around all of them
    tenant_id UUID NOT NULL,
    slot_id UUID NOT NULL,
    minute INTEGER NOT NULL, -- of the day
    grades TEXT NOT NULL, -- in words; empty: everybody
    PRIMARY KEY (tenant_id, slot_id, minute),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id),
    CHECK (minute BETWEEN 0 AND 1439)
);
--@citus SELECT create_distributed_table('duty_bells', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE duty_slot_gates ( -- which gates are open in a peak
    tenant_id UUID NOT NULL,
    slot_id UUID NOT NULL,
    gate_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, slot_id, gate_id),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_slot_gates', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE duty_terms (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    school_id UUID, -- null: of all schools that have none of their own
    name TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('duty_terms', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_terms_by_day ON duty_terms (tenant_id, first_day, id);

CREATE TABLE duty_days ( -- what is different on a day: no school, a make-up day, exams
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    school_id UUID, -- null: of all schools; a school's own goes before it
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_days', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX duty_days_of_all ON duty_days (tenant_id, day) WHERE school_id IS NULL;
CREATE UNIQUE INDEX duty_days_of_school ON duty_days (tenant_id, school_id, day) WHERE school_id IS NOT NULL;

-- Who stands there.

CREATE TABLE duty_people (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- the station or unit that they belong to or that answers for them
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    phone_sealed BYTEA,
    qualifications TEXT NOT NULL, -- codes between commas: ,traffic,first_aid,
    daily INTEGER NOT NULL, -- the most peaks of a day
    weekly INTEGER NOT NULL, -- the most peaks of a week
    standby BOOLEAN NOT NULL, -- may be called when somebody is absent
    link_number INTEGER NOT NULL, -- counts up where their link must not be good any more
    ended_at BIGINT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    CHECK (daily BETWEEN 1 AND 10),
    CHECK (weekly BETWEEN 1 AND 50)
);
--@citus SELECT create_distributed_table('duty_people', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_people_by_time ON duty_people (tenant_id, created_at, id);

CREATE TABLE duty_reaches ( -- minutes in which somebody is at a school from where they work
    tenant_id UUID NOT NULL,
    person_id UUID NOT NULL,
    school_id UUID NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, person_id, school_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (minutes BETWEEN 0 AND 240)
);
--@citus SELECT create_distributed_table('duty_reaches', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_reaches_by_school ON duty_reaches (tenant_id, school_id, minutes);

CREATE TABLE duty_leaves ( -- when somebody cannot be put down
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    CHECK (first_day <= last_day)
);
--@citus SELECT create_distributed_table('duty_leaves', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_leaves_by_person ON duty_leaves (tenant_id, person_id, first_day);
