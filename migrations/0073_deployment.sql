-- 部署方案: fixed posts, patrols and reserve of a unit from a day on, in versions. Whoever approves one had no hand in it, and what is approved
-- never changes: a change is another version. Names and hours are kept as they were when it was written.

CREATE TABLE deployment_plans (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    organisation_id UUID NOT NULL, -- the unit whose plan it is
    version INTEGER NOT NULL, -- of this unit, from 1
    name TEXT NOT NULL,
    effective_from TEXT NOT NULL, -- a day
    reason TEXT NOT NULL,
    copied_from UUID, -- the version that it began as; null: made from what is guarded
    state TEXT NOT NULL,
    made_by UUID NOT NULL,
    made_at BIGINT NOT NULL,
    changed_by UUID NOT NULL, -- whoever wrote in it last
    submitted_by UUID,
    submitted_at BIGINT,
    approved_by UUID,
    approved_at BIGINT,
    returned_by UUID, -- the last time that it was given back
    returned_at BIGINT,
    words TEXT NOT NULL, -- said with the approval, or why it was given back
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, copied_from) REFERENCES deployment_plans (tenant_id, id) DEFERRABLE, -- a backup comes back in any order
    CHECK (state IN ('draft', 'submitted', 'approved', 'returned')),
    CHECK (version > 0),
    CHECK ((submitted_by IS NULL) = (submitted_at IS NULL)),
    CHECK (state NOT IN ('submitted', 'approved') OR submitted_by IS NOT NULL),
    CHECK ((state = 'approved') = (approved_by IS NOT NULL)),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((returned_by IS NULL) = (returned_at IS NULL)),
    CHECK (state <> 'returned' OR returned_by IS NOT NULL),
    -- Nobody approves what they have made, changed or handed in.
    CHECK (approved_by <> made_by),
    CHECK (approved_by <> changed_by),
    CHECK (approved_by <> submitted_by)
);
--@citus SELECT create_distributed_table('deployment_plans', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX deployment_plans_by_version ON deployment_plans (tenant_id, organisation_id, version);
CREATE INDEX deployment_plans_by_time ON deployment_plans (tenant_id, made_at, id);
CREATE INDEX deployment_plans_approved ON deployment_plans (tenant_id, organisation_id, effective_from, version) WHERE state = 'approved';
CREATE INDEX deployment_plans_submitted ON deployment_plans (tenant_id, submitted_at, id) WHERE state = 'submitted';

CREATE TABLE deployment_posts ( -- 定点守护: a gate in a peak
    tenant_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    gate_id UUID NOT NULL,
    slot_id UUID NOT NULL,
    school_id UUID NOT NULL,
    position INTEGER NOT NULL,
    school_name TEXT NOT NULL,
    gate_name TEXT NOT NULL,
    peak TEXT NOT NULL,
    from_minute INTEGER NOT NULL, -- of the day
    to_minute INTEGER NOT NULL,
    people INTEGER NOT NULL,
    police INTEGER NOT NULL, -- of these
    PRIMARY KEY (tenant_id, plan_id, gate_id, slot_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id),
    FOREIGN KEY (tenant_id, gate_id) REFERENCES duty_gates (tenant_id, id),
    FOREIGN KEY (tenant_id, slot_id) REFERENCES duty_slots (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (people BETWEEN 1 AND 50),
    CHECK (police BETWEEN 0 AND people)
);
--@citus SELECT create_distributed_table('deployment_posts', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX deployment_posts_by_school ON deployment_posts (tenant_id, school_id, plan_id);

CREATE TABLE deployment_patrols ( -- 巡逻
    tenant_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    route_id UUID NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    from_minute INTEGER NOT NULL,
    to_minute INTEGER NOT NULL,
    people INTEGER NOT NULL,
    vehicles INTEGER NOT NULL,
    interval_minutes INTEGER NOT NULL, -- the longest between two rounds
    PRIMARY KEY (tenant_id, plan_id, route_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id),
    FOREIGN KEY (tenant_id, route_id) REFERENCES patrol_routes (tenant_id, id),
    CHECK (people BETWEEN 1 AND 50),
    CHECK (vehicles BETWEEN 0 AND 20),
    CHECK (interval_minutes BETWEEN 1 AND 1440)
);
--@citus SELECT create_distributed_table('deployment_patrols', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE deployment_reserves ( -- 动态备勤: a group that waits somewhere and is sent
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    base TEXT NOT NULL, -- where it waits, in words
    people INTEGER NOT NULL,
    response_minutes INTEGER NOT NULL, -- it ought to be there within
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id),
    CHECK (people BETWEEN 1 AND 50),
    CHECK (response_minutes BETWEEN 1 AND 240)
);
--@citus SELECT create_distributed_table('deployment_reserves', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX deployment_reserves_by_name ON deployment_reserves (tenant_id, plan_id, name);

CREATE TABLE deployment_reaches ( -- in how many minutes a reserve is at a school; where there is no row it does not go
    tenant_id UUID NOT NULL,
    reserve_id UUID NOT NULL,
    school_id UUID NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, reserve_id, school_id),
    FOREIGN KEY (tenant_id, reserve_id) REFERENCES deployment_reserves (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK (minutes BETWEEN 0 AND 240)
);
--@citus SELECT create_distributed_table('deployment_reaches', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE deployment_surveys ( -- 调研 on which the plan rests
    tenant_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    school_id UUID NOT NULL,
    version INTEGER NOT NULL,
    school_name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, plan_id, school_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id, version) REFERENCES hazard_surveys (tenant_id, school_id, version)
);
--@citus SELECT create_distributed_table('deployment_surveys', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE deployment_notices ( -- a school whose gates are kept otherwise from a day on has to know
    tenant_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    school_id UUID NOT NULL,
    made_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    seen_at BIGINT,
    seen_by TEXT, -- the name that somebody of its security gave
    PRIMARY KEY (tenant_id, plan_id, school_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES deployment_plans (tenant_id, id),
    FOREIGN KEY (tenant_id, school_id) REFERENCES duty_schools (tenant_id, id),
    CHECK ((seen_at IS NULL) = (seen_by IS NULL))
);
--@citus SELECT create_distributed_table('deployment_notices', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX deployment_notices_by_school ON deployment_notices (tenant_id, school_id, plan_id);
CREATE INDEX deployment_notices_unseen ON deployment_notices (tenant_id, due_at, plan_id) WHERE seen_at IS NULL;
