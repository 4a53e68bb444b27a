-- 护学岗, who stands where and when, and what became of it on the day.

CREATE TABLE duty_school_units ( -- whoever covers a school: its station, and the patrol unit beside it
    tenant_id UUID NOT NULL,
    school_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, school_id, organisation_id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_school_units', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE duty_rosters (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- whose people it is made of
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    state TEXT NOT NULL,
    seed BIGINT NOT NULL, -- the same posts and people with the same seed give the same roster
    seats INTEGER NOT NULL,
    empty INTEGER NOT NULL,
    least_empty INTEGER NOT NULL, -- no roster has fewer empty seats
    made_by UUID,
    made_at BIGINT NOT NULL,
    published_by UUID,
    published_at BIGINT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    CHECK (state IN ('draft', 'published', 'dropped')),
    CHECK ((state = 'published') = (published_at IS NOT NULL))
);
--@citus SELECT create_distributed_table('duty_rosters', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX duty_rosters_by_time ON duty_rosters (tenant_id, made_at, id);

CREATE TABLE duty_gaps ( -- seats that a roster leaves empty, and why nobody can take them
    tenant_id UUID NOT NULL,
    roster_id UUID NOT NULL,
    day TEXT NOT NULL,
    gate_id UUID NOT NULL,
    slot_id UUID NOT NULL,
    seat INTEGER NOT NULL,
    why TEXT NOT NULL,
    proved BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, roster_id, day, gate_id, slot_id, seat),
    FOREIGN KEY (tenant_id, roster_id) REFERENCES duty_rosters (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id)
);
--@citus SELECT create_distributed_table('duty_gaps', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE duty_shifts ( -- 班次: somebody at a post in a peak of a day; what is missing of it is null or empty, and shown as missing
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    roster_id UUID, -- null: put down by hand
    school_id UUID NOT NULL,
    day TEXT NOT NULL,
    gate_id UUID,
    slot_id UUID,
    seat INTEGER NOT NULL, -- from 0
    person_id UUID,
    duty TEXT NOT NULL,
    starts_at BIGINT, -- arrive before
    ends_at BIGINT,
    state TEXT NOT NULL,
    pinned BOOLEAN NOT NULL, -- stays when a roster is made again
    confirmed_at BIGINT,
    came_at BIGINT,
    came_how TEXT,
    came_where TEXT, -- in words, as coarse as whoever came wants to say
    left_at BIGINT,
    absent_at BIGINT,
    absent_why TEXT NOT NULL,
    stands_for UUID, -- the shift whose person is absent
    reach_by BIGINT, -- when whoever was called said to be there at the latest
    handover TEXT NOT NULL,
    handover_at BIGINT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, roster_id) REFERENCES duty_rosters (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    FOREIGN KEY (tenant_id, stands_for) REFERENCES duty_shifts (tenant_id, id) DEFERRABLE, -- a backup comes back in any order
    CHECK (state IN ('draft', 'standing', 'cancelled')),
    CHECK (ends_at > starts_at),
    CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
    CHECK ((came_at IS NULL) = (came_how IS NULL)),
    -- Nobody has come who is not there to come, and nobody goes before.
    CHECK (came_at IS NULL OR person_id IS NOT NULL AND state = 'standing'),
    CHECK (left_at IS NULL OR came_at IS NOT NULL AND left_at >= came_at),
    CHECK (absent_at IS NULL OR came_at IS NULL)
);
--@citus SELECT create_distributed_table('duty_shifts', 'tenant_id', colocate_with => 'tenants');
-- One person in a seat; whoever is absent has given it up.
CREATE UNIQUE INDEX duty_shifts_seat ON duty_shifts (tenant_id, day, gate_id, slot_id, seat) WHERE state = 'standing' AND absent_at IS NULL;
CREATE INDEX duty_shifts_by_day ON duty_shifts (tenant_id, day, school_id);
CREATE INDEX duty_shifts_by_person ON duty_shifts (tenant_id, person_id, day);
CREATE INDEX duty_shifts_by_roster ON duty_shifts (tenant_id, roster_id, day);
CREATE INDEX duty_shifts_standing_for ON duty_shifts (tenant_id, stands_for);

CREATE TABLE duty_calls ( -- somebody on standby is called for a shift
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    shift_id UUID NOT NULL,
    person_id UUID NOT NULL,
    minutes INTEGER NOT NULL, -- to get there, as the table said
    called_at BIGINT NOT NULL,
    answer_by BIGINT NOT NULL,
    answered_at BIGINT,
    accepted BOOLEAN,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, shift_id) REFERENCES duty_shifts (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    CHECK ((answered_at IS NULL) = (accepted IS NULL))
);
--@citus SELECT create_distributed_table('duty_calls', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX duty_calls_once ON duty_calls (tenant_id, shift_id, person_id);
CREATE UNIQUE INDEX duty_calls_accepted ON duty_calls (tenant_id, shift_id) WHERE accepted;
CREATE INDEX duty_calls_by_person ON duty_calls (tenant_id, person_id, called_at);

CREATE TABLE duty_swaps ( -- somebody asks a colleague to take a shift over; staff approve
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    shift_id UUID NOT NULL,
    from_id UUID NOT NULL,
    to_id UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    agreed_at BIGINT,
    state TEXT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    why TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, shift_id) REFERENCES duty_shifts (tenant_id, id),
    FOREIGN KEY (tenant_id, from_id) REFERENCES duty_people (tenant_id, id),
    FOREIGN KEY (tenant_id, to_id) REFERENCES duty_people (tenant_id, id),
    CHECK (state IN ('asked', 'agreed', 'approved', 'refused')),
    CHECK (from_id <> to_id),
    CHECK (state <> 'approved' OR agreed_at IS NOT NULL)
);
--@citus SELECT create_distributed_table('duty_swaps', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX duty_swaps_open ON duty_swaps (tenant_id, shift_id) WHERE state IN ('asked', 'agreed');
CREATE INDEX duty_swaps_by_person ON duty_swaps (tenant_id, to_id, asked_at);
CREATE INDEX duty_swaps_waiting ON duty_swaps (tenant_id, asked_at) WHERE state = 'agreed';
