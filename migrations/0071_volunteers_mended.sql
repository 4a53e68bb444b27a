-- What somebody has read when they agreed, what a series leaves out, until when an insurance is good, and hours that were refused: whoever
-- they are about may contest that for some days, and it can be put right.

CREATE TABLE volunteer_consent_texts ( -- every wording that somebody has read, once
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    edition TEXT NOT NULL, -- the head of its digest, as the consents name it
    wording TEXT NOT NULL,
    PRIMARY KEY (tenant_id, edition)
);
--@citus SELECT create_distributed_table('volunteer_consent_texts', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE volunteer_photos_left ( -- of those who came together: nobody's presence shows them any more, and they are removed next
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    photo_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, photo_id)
);
--@citus SELECT create_distributed_table('volunteer_photos_left', 'tenant_id', colocate_with => 'tenants');

ALTER TABLE volunteer_series ADD COLUMN skip TEXT NOT NULL DEFAULT 'nothing' CHECK (skip IN ('nothing', 'holidays', 'days_off'));
ALTER TABLE volunteers ADD COLUMN insured_until TEXT;

CREATE TABLE next_volunteer_records ( -- how far a record has come, and the version that holds
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    team_id UUID NOT NULL,
    activity_id UUID, -- null: entered by the volunteer, or noted by the program
    noted_from TEXT, -- where the program knows them from, in words
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
    contested_until BIGINT, -- of what was refused: until then somebody may say that it is not right, and it can be put right
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    -- The last move: from which state, by which step, to which. The database takes no other than these.
    move TEXT NOT NULL CHECK (move LIKE '%>' || state AND move IN (
-- every move of a record of service
    '>submitted>submitted', '>confirmed>confirmed',
    'submitted>confirmed>confirmed', 'submitted>refused>refused',
    'confirmed>approved>approved', 'confirmed>refused>refused', 'confirmed>corrected>confirmed',
    'approved>objected>objected', 'approved>corrected>confirmed',
    'objected>answered>approved', 'objected>corrected>confirmed', 'objected>upheld>refused',
    'refused>objected>objected', 'refused>corrected>confirmed'
-- the end of them
    )),
    PRIMARY KEY (tenant_id, id),
    CHECK ((approved_at IS NULL) = (books_at IS NULL)),
    CHECK (state <> 'approved' OR approved_at IS NOT NULL),
    CHECK (state IN ('approved', 'objected') OR approved_at IS NULL),
    CHECK (state <> 'refused' OR contested_until IS NOT NULL),
    CHECK (state <> 'objected' OR objected_at IS NOT NULL AND (approved_at IS NULL) = (contested_until IS NOT NULL)),
    CHECK (state NOT IN ('confirmed', 'approved') OR confirmed_at IS NOT NULL),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    FOREIGN KEY (tenant_id, id, version, minutes) REFERENCES volunteer_record_versions (tenant_id, record_id, number, minutes)
);
--@citus SELECT create_distributed_table('next_volunteer_records', 'tenant_id', colocate_with => 'tenants');
INSERT INTO next_volunteer_records (tenant_id, id, volunteer_id, team_id, activity_id, noted_from, kind, title, state, version, minutes, counts_from, counts_until,
        on_day, confirmed_by, confirmed_by_volunteer, confirmed_at, approved_by, approved_at, over_day_why, books_at, objection_sealed, objected_at,
        answer, answered_by, answered_at, refused_why, contested_until, created_at, lock_version, move)
    SELECT tenant_id, id, volunteer_id, team_id, activity_id, noted_from, kind, title, state, version, minutes, counts_from, counts_until,
        on_day, confirmed_by, confirmed_by_volunteer, confirmed_at, approved_by, approved_at, over_day_why, books_at, objection_sealed, objected_at,
        answer, answered_by, answered_at, refused_why, CASE WHEN state = 'refused' THEN created_at END, created_at, lock_version, move
    FROM volunteer_records;
DROP TABLE volunteer_records;
ALTER TABLE next_volunteer_records RENAME TO volunteer_records;
CREATE UNIQUE INDEX volunteer_records_once ON volunteer_records (tenant_id, activity_id, volunteer_id) WHERE activity_id IS NOT NULL;
CREATE INDEX volunteer_records_by_volunteer ON volunteer_records (tenant_id, volunteer_id, counts_from, id);
CREATE INDEX volunteer_records_by_state ON volunteer_records (tenant_id, state, counts_from, id);
CREATE INDEX volunteer_records_by_team ON volunteer_records (tenant_id, team_id, state);
