-- 志愿服务时长: what somebody has served, from the word of whoever leads to the ledger. A figure is never changed but replaced by another
-- version, which names the one it replaces with the figure that it had, so that the database lets nobody write over either.

ALTER TABLE volunteer_activities ADD COLUMN kind TEXT NOT NULL DEFAULT 'service' CHECK (kind IN ('service', 'training'));

CREATE TABLE volunteer_record_versions ( -- what was served by one word; rows are added and never changed
    tenant_id UUID NOT NULL,
    record_id UUID NOT NULL,
    number INTEGER NOT NULL,
    volunteer_id UUID NOT NULL,
    came_at BIGINT NOT NULL, -- as it was noted or said
    left_at BIGINT NOT NULL,
    counts_from BIGINT NOT NULL, -- what of it counts
    counts_until BIGINT NOT NULL,
    breaks INTEGER NOT NULL, -- minutes
    minutes INTEGER NOT NULL CHECK (minutes BETWEEN 0 AND 1440),
    left_said BOOLEAN NOT NULL, -- they did not sign out: whoever has made the version says when they went
    replaces INTEGER,
    replaces_minutes INTEGER,
    why TEXT NOT NULL, -- empty for the first
    made_by UUID, -- an account
    made_by_volunteer UUID, -- or a volunteer, by their link
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, record_id, number),
    UNIQUE (tenant_id, record_id, number, minutes),
    CHECK (counts_from <= counts_until),
    CHECK ((number = 1) = (replaces IS NULL)),
    CHECK (replaces IS NULL OR (replaces = number - 1 AND replaces_minutes IS NOT NULL AND why <> '')),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, record_id, replaces, replaces_minutes) REFERENCES volunteer_record_versions (tenant_id, record_id, number, minutes) DEFERRABLE
);
--@citus SELECT create_distributed_table('volunteer_record_versions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_record_versions_by_volunteer ON volunteer_record_versions (tenant_id, volunteer_id);

CREATE TABLE volunteer_records ( -- how far a record has come, and the version that holds
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    team_id UUID NOT NULL,
    activity_id UUID, -- null: entered by the volunteer
    kind TEXT NOT NULL CHECK (kind IN ('service', 'training')),
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    counts_from BIGINT NOT NULL,
    counts_until BIGINT NOT NULL,
    on_day TEXT NOT NULL, -- the day in Shanghai on which it begins
    confirmed_by UUID, -- an account
    confirmed_by_volunteer UUID CHECK (confirmed_by_volunteer IS NULL OR confirmed_by_volunteer <> volunteer_id), -- or whoever leads
    confirmed_at BIGINT,
    approved_by UUID CHECK (approved_by IS NULL OR confirmed_by IS NULL OR approved_by <> confirmed_by),
    approved_at BIGINT,
    over_day_why TEXT, -- why more is right than a day may have
    books_at BIGINT, -- from then on it is in the ledger, unless somebody has objected
    objection_sealed BYTEA,
    objected_at BIGINT,
    answer TEXT, -- to the objection
    answered_by UUID,
    answered_at BIGINT,
    refused_why TEXT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    -- The last move: from which state, by which step, to which. The database takes no other than these.
    move TEXT NOT NULL CHECK (move LIKE '%>' || state AND move IN (
-- every move of a record of service
    '>submitted>submitted', '>confirmed>confirmed',
    'submitted>confirmed>confirmed', 'submitted>refused>refused',
    'confirmed>approved>approved', 'confirmed>refused>refused', 'confirmed>corrected>confirmed',
    'approved>objected>objected', 'approved>corrected>confirmed',
    'objected>answered>approved', 'objected>corrected>confirmed'
-- the end of them
    )),
    PRIMARY KEY (tenant_id, id),
    CHECK ((state IN ('approved', 'objected')) = (approved_at IS NOT NULL AND books_at IS NOT NULL)),
    CHECK (state NOT IN ('confirmed', 'approved', 'objected') OR confirmed_at IS NOT NULL),
    CHECK (state <> 'objected' OR objected_at IS NOT NULL),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    FOREIGN KEY (tenant_id, id, version, minutes) REFERENCES volunteer_record_versions (tenant_id, record_id, number, minutes)
);
--@citus SELECT create_distributed_table('volunteer_records', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_records_once ON volunteer_records (tenant_id, activity_id, volunteer_id) WHERE activity_id IS NOT NULL;
CREATE INDEX volunteer_records_by_volunteer ON volunteer_records (tenant_id, volunteer_id, counts_from, id);
CREATE INDEX volunteer_records_by_state ON volunteer_records (tenant_id, state, counts_from, id);
CREATE INDEX volunteer_records_by_team ON volunteer_records (tenant_id, team_id, state);
