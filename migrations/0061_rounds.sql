-- 为民服务, rounds: volunteers go from door to door on a day, each along their own doors, and note what came of each.

CREATE TABLE service_outcomes ( -- what can come of a door, as the community names it
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    counted BOOLEAN NOT NULL, -- so many of it: leaflets
    alone BOOLEAN NOT NULL, -- nothing else comes of a door of which this does: nothing was wanted
    away BOOLEAN NOT NULL, -- and nobody was met: somebody has to go again
    ended_at BIGINT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (alone OR NOT away),
    CHECK (NOT (alone AND counted))
);
--@citus SELECT create_distributed_table('service_outcomes', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE service_rounds (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    estate_id UUID NOT NULL,
    team_id UUID NOT NULL,
    activity_id UUID, -- in the course of which they go
    title TEXT NOT NULL,
    origin TEXT NOT NULL, -- the list was made from a place, from a tag of the register, or from open needs
    tag TEXT, -- which; volunteers never see it
    on_day TEXT NOT NULL, -- a day
    starts_at BIGINT NOT NULL, -- on that day
    ends_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_why TEXT NOT NULL,
    forgotten_at BIGINT, -- the doors are not kept any more, only what came of them
    created_at BIGINT NOT NULL,
    created_by UUID,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    CHECK (origin IN ('place', 'tag', 'needs')),
    CHECK (starts_at < ends_at),
    CHECK (origin = 'tag' OR tag IS NULL)
);
--@citus SELECT create_distributed_table('service_rounds', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_rounds_by_time ON service_rounds (tenant_id, created_at, id);
CREATE INDEX service_rounds_by_day ON service_rounds (tenant_id, on_day, id);
CREATE INDEX service_rounds_kept ON service_rounds (tenant_id, on_day) WHERE forgotten_at IS NULL;

CREATE TABLE service_round_doors (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    round_id UUID NOT NULL,
    position INTEGER NOT NULL, -- in walking order
    dwelling_id UUID, -- null once it is not kept any more
    need_id UUID, -- for which they go there
    volunteer_id UUID, -- whose door it is
    noted_at BIGINT,
    noted_by UUID, -- an account, from paper
    noted_by_volunteer UUID, -- or a volunteer, by their link
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, round_id) REFERENCES service_rounds (tenant_id, id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id),
    FOREIGN KEY (tenant_id, need_id) REFERENCES service_needs (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_round_doors', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_round_doors_in_order ON service_round_doors (tenant_id, round_id, position);
CREATE INDEX service_round_doors_by_volunteer ON service_round_doors (tenant_id, volunteer_id, round_id);
CREATE INDEX service_round_doors_by_dwelling ON service_round_doors (tenant_id, dwelling_id);
CREATE INDEX service_round_doors_by_need ON service_round_doors (tenant_id, need_id);

CREATE TABLE service_door_outcomes (
    tenant_id UUID NOT NULL,
    door_id UUID NOT NULL,
    outcome_id UUID NOT NULL,
    round_id UUID NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    PRIMARY KEY (tenant_id, door_id, outcome_id),
    FOREIGN KEY (tenant_id, door_id) REFERENCES service_round_doors (tenant_id, id),
    FOREIGN KEY (tenant_id, outcome_id) REFERENCES service_outcomes (tenant_id, id),
    FOREIGN KEY (tenant_id, round_id) REFERENCES service_rounds (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_door_outcomes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_door_outcomes_by_round ON service_door_outcomes (tenant_id, round_id, outcome_id);

-- Outside providers: who comes into the community by agreement, with which standing service, on which dates, and how many they served.

CREATE TABLE service_providers (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL, -- of the organisation
    contact_sealed BYTEA, -- whom to call there: name and phone
    agreed_from TEXT NOT NULL, -- days
    agreed_until TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (agreed_from <= agreed_until)
);
--@citus SELECT create_distributed_table('service_providers', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE service_standings ( -- what a provider comes for again and again
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    provider_id UUID NOT NULL,
    estate_id UUID NOT NULL,
    kind_id UUID, -- the kind of service that it is, so that it is suggested for needs
    issue_id UUID, -- the wish that it answers
    title TEXT NOT NULL, -- 量血压、测血糖，儿童口腔检查
    place TEXT NOT NULL,
    rule TEXT NOT NULL, -- RFC 5545; empty: once
    ended_at BIGINT, -- they do not come for it any more
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES service_providers (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, kind_id) REFERENCES service_kinds (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_standings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_standings_by_provider ON service_standings (tenant_id, provider_id, created_at);
CREATE INDEX service_standings_by_issue ON service_standings (tenant_id, issue_id) WHERE issue_id IS NOT NULL;

CREATE TABLE service_dates (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    standing_id UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    doors INTEGER, -- served
    people INTEGER,
    leaflets INTEGER,
    counted_at BIGINT,
    missed_why TEXT, -- nobody came
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, standing_id) REFERENCES service_standings (tenant_id, id),
    CHECK (starts_at < ends_at),
    CHECK ((counted_at IS NULL) = (people IS NULL)),
    CHECK (counted_at IS NULL OR missed_why IS NULL)
);
--@citus SELECT create_distributed_table('service_dates', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_dates_by_standing ON service_dates (tenant_id, standing_id, starts_at);
CREATE INDEX service_dates_uncounted ON service_dates (tenant_id, ends_at) WHERE counted_at IS NULL AND missed_why IS NULL;
CREATE INDEX service_dates_by_start ON service_dates (tenant_id, starts_at, id);

ALTER TABLE service_calls ADD COLUMN date_id UUID; -- a date of an outside provider, to which whoever needs it goes
CREATE INDEX service_calls_by_date ON service_calls (tenant_id, date_id) WHERE date_id IS NOT NULL;

CREATE TABLE service_forms ( -- what a form has made, so that one that comes twice makes it once
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL, -- made with the form
    made_id UUID, -- the need, or the issue
    number TEXT, -- by which the issue is known
    begun_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_forms', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_forms_by_time ON service_forms (tenant_id, begun_at);
