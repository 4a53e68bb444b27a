-- 巡逻: routes with points at which whoever walks says that they are there, the rounds along them, and each time somebody was there.

CREATE TABLE patrol_routes (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- whose people walk it
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What is asked of it now; `patrol_route_versions` has what was asked on earlier days.
    interval_minutes INTEGER NOT NULL, -- at every point somebody is there again within
    tolerance_minutes INTEGER NOT NULL, -- so many more before a point counts as left alone
    from_minute INTEGER NOT NULL, -- of the day
    to_minute INTEGER NOT NULL,
    days TEXT NOT NULL, -- on the school days of its school, on every day, or on working days
    school_id UUID, -- around which it leads, if it does around one
    closed_at BIGINT, -- not walked any more
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (kind IN ('school', 'street')),
    CHECK (interval_minutes BETWEEN 1 AND 720),
    CHECK (tolerance_minutes BETWEEN 0 AND 60),
    CHECK (from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440),
    CHECK (days IN ('school', 'every', 'working')),
    CHECK (days <> 'school' OR school_id IS NOT NULL)
);
--@citus SELECT create_distributed_table('patrol_routes', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX patrol_routes_by_name ON patrol_routes (tenant_id, name);
CREATE INDEX patrol_routes_by_time ON patrol_routes (tenant_id, created_at, id);

CREATE TABLE patrol_route_versions ( -- what is asked of a route from a day on, until the next one; the figures of earlier days stay as they were
    tenant_id UUID NOT NULL,
    route_id UUID NOT NULL,
    from_day TEXT NOT NULL,
    interval_minutes INTEGER NOT NULL,
    tolerance_minutes INTEGER NOT NULL,
    from_minute INTEGER NOT NULL,
    to_minute INTEGER NOT NULL,
    days TEXT NOT NULL,
    school_id UUID,
    PRIMARY KEY (tenant_id, route_id, from_day),
    FOREIGN KEY (tenant_id, route_id) REFERENCES patrol_routes (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id)
);
--@citus SELECT create_distributed_table('patrol_route_versions', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE patrol_points (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    route_id UUID NOT NULL,
    position INTEGER NOT NULL, -- in the order in which they are walked
    name TEXT NOT NULL,
    school_id UUID, -- at which it lies
    place_id UUID, -- on the list of 治安复杂地区 and 人员聚集区
    link_number INTEGER NOT NULL, -- counts up where the code that hangs here must not be good any more
    closed_at BIGINT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, route_id) REFERENCES patrol_routes (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    FOREIGN KEY (tenant_id, place_id) REFERENCES hazard_places (tenant_id, id)
);
--@citus SELECT create_distributed_table('patrol_points', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX patrol_points_by_name ON patrol_points (tenant_id, route_id, name);

CREATE TABLE patrol_rounds ( -- somebody goes along a route on a day
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    route_id UUID NOT NULL,
    day TEXT NOT NULL,
    planned_at BIGINT, -- when they set out; null: at any time of the day
    begun_at BIGINT,
    ended_at BIGINT,
    cancelled_at BIGINT,
    words TEXT NOT NULL, -- 交接 and what happened, said at the end; why, where it was cancelled
    created_by UUID,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, route_id) REFERENCES patrol_routes (tenant_id, id),
    CHECK (ended_at IS NULL OR begun_at IS NOT NULL),
    CHECK (cancelled_at IS NULL OR begun_at IS NULL)
);
--@citus SELECT create_distributed_table('patrol_rounds', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX patrol_rounds_by_day ON patrol_rounds (tenant_id, day, id);
CREATE INDEX patrol_rounds_by_route ON patrol_rounds (tenant_id, route_id, day);

CREATE TABLE patrol_walkers ( -- who goes
    tenant_id UUID NOT NULL,
    round_id UUID NOT NULL,
    person_id UUID NOT NULL,
    day TEXT NOT NULL, -- of the round
    PRIMARY KEY (tenant_id, round_id, person_id),
    FOREIGN KEY (tenant_id, round_id) REFERENCES patrol_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id)
);
--@citus SELECT create_distributed_table('patrol_walkers', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX patrol_walkers_by_person ON patrol_walkers (tenant_id, person_id, day);

CREATE TABLE patrol_checks ( -- somebody was at a point; never changed but for what became of the note
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    round_id UUID NOT NULL,
    point_id UUID NOT NULL,
    person_id UUID NOT NULL,
    at BIGINT NOT NULL,
    how TEXT NOT NULL,
    note TEXT NOT NULL, -- what they saw; may be empty
    waiting BOOLEAN NOT NULL, -- nobody has looked at the note yet
    seen_at BIGINT, -- somebody has, and it is no hazard
    seen_by UUID,
    answer TEXT NOT NULL, -- what came of it then; may be empty
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, round_id) REFERENCES patrol_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, point_id) REFERENCES patrol_points (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES duty_people (tenant_id, id),
    CHECK (how IN ('link', 'code', 'desk')),
    CHECK (NOT waiting OR note <> '' AND seen_at IS NULL)
);
--@citus SELECT create_distributed_table('patrol_checks', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX patrol_checks_by_time ON patrol_checks (tenant_id, at, id);
CREATE INDEX patrol_checks_by_point ON patrol_checks (tenant_id, point_id, at);
CREATE INDEX patrol_checks_by_round ON patrol_checks (tenant_id, round_id, at, id);
CREATE INDEX patrol_checks_waiting ON patrol_checks (tenant_id, at, id) WHERE waiting;

-- What was noted elsewhere before it became a hazard, by whichever slice keeps it; one becomes one hazard.
ALTER TABLE hazards ADD COLUMN origin_id UUID;
CREATE UNIQUE INDEX hazards_by_origin ON hazards (tenant_id, origin_id) WHERE origin_id IS NOT NULL;
