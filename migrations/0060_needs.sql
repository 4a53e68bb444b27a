-- 为民服务, the needs of residents: kinds of service, who needs what at which door, and which volunteer is asked to go when.

CREATE TABLE service_kinds ( -- 量血压, 清理院子; what a kind asks for stands in its versions
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    estate_id UUID, -- null: of the whole community
    version INTEGER NOT NULL, -- the one that holds
    ended_at BIGINT, -- nothing new of this kind is taken down any more
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_kinds', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE service_kind_versions ( -- rows are added and never changed
    tenant_id UUID NOT NULL,
    kind_id UUID NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    skill TEXT NOT NULL, -- the words that stand in the skills of whoever can do it, apart by spaces; empty: anybody
    qualification TEXT NOT NULL, -- the same of their certificates; empty: none is asked for
    target TEXT, -- the group whose teams do it
    risk TEXT NOT NULL,
    insured BOOLEAN NOT NULL, -- only who is insured against accidents
    made_by UUID,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind_id, number),
    CHECK (risk IN ('low', 'high')),
    FOREIGN KEY (tenant_id, kind_id) REFERENCES service_kinds (tenant_id, id)
);
--@citus SELECT create_distributed_table('service_kind_versions', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE service_needs (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind_id UUID NOT NULL,
    kind_version INTEGER NOT NULL, -- as it was when the need was taken down
    estate_id UUID NOT NULL, -- stays, so that needs are counted
    building_id UUID, -- null once it is not kept any more
    dwelling_id UUID,
    resident_id UUID, -- whose need it is, where the register knows them
    sealed BYTEA, -- what is needed in their words, the name and the phone; null once they are erased
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    days TEXT NOT NULL, -- the days of the week that suit, 1 to 7 apart by commas; empty: any
    parts TEXT NOT NULL, -- morning, afternoon, evening; empty: any
    shares BOOLEAN NOT NULL, -- whoever goes there may read the words, the name and the phone
    created_at BIGINT NOT NULL,
    created_by UUID, -- null: a resident, on the form of the board
    ended_at BIGINT,
    ended_why TEXT NOT NULL,
    met BOOLEAN, -- what whoever closed it was told
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, kind_id, kind_version) REFERENCES service_kind_versions (tenant_id, kind_id, number),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id),
    CHECK (state IN ('open', 'matched', 'done', 'withdrawn', 'unmet')),
    CHECK (state NOT IN ('open', 'matched') OR sealed IS NOT NULL),
    CHECK (sealed IS NULL OR building_id IS NOT NULL AND dwelling_id IS NOT NULL),
    CHECK ((state IN ('open', 'matched')) = (ended_at IS NULL))
);
--@citus SELECT create_distributed_table('service_needs', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX service_needs_by_state ON service_needs (tenant_id, state, created_at, id);
CREATE INDEX service_needs_by_time ON service_needs (tenant_id, created_at, id);
CREATE INDEX service_needs_by_dwelling ON service_needs (tenant_id, dwelling_id);
CREATE INDEX service_needs_by_resident ON service_needs (tenant_id, resident_id);
CREATE INDEX service_needs_kept ON service_needs (tenant_id, ended_at) WHERE sealed IS NOT NULL AND ended_at IS NOT NULL;

CREATE TABLE service_consent_texts ( -- every wording that somebody has read, once
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    edition TEXT NOT NULL, -- its SHA-256
    wording TEXT NOT NULL,
    PRIMARY KEY (tenant_id, edition)
);
--@citus SELECT create_distributed_table('service_consent_texts', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE service_consents ( -- that the name and the phone are kept, and that whoever comes may read them; a row is never changed but when it is withdrawn
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    need_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    how TEXT NOT NULL,
    edition TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    recorded_by UUID, -- null: they themselves
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, need_id) REFERENCES service_needs (tenant_id, id),
    FOREIGN KEY (tenant_id, edition) REFERENCES service_consent_texts (tenant_id, edition)
);
--@citus SELECT create_distributed_table('service_consents', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX service_consents_standing ON service_consents (tenant_id, need_id, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX service_consents_by_need ON service_consents (tenant_id, need_id, given_at, id);

CREATE TABLE service_calls ( -- who is asked to go to a need, and when: a volunteer, or all who come to an activity
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    need_id UUID NOT NULL,
    volunteer_id UUID,
    activity_id UUID,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    reason TEXT NOT NULL, -- why they were suggested, in words
    state TEXT NOT NULL,
    answer TEXT NOT NULL, -- why not, or what was done
    asked_at BIGINT NOT NULL,
    asked_by UUID,
    answered_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, need_id) REFERENCES service_needs (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES volunteer_activities (tenant_id, id),
    CHECK (volunteer_id IS NULL OR activity_id IS NULL),
    CHECK (state IN ('asked', 'accepted', 'declined', 'done', 'cancelled')),
    CHECK (starts_at < ends_at)
);
--@citus SELECT create_distributed_table('service_calls', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX service_calls_standing ON service_calls (tenant_id, need_id) WHERE state IN ('asked', 'accepted');
CREATE INDEX service_calls_by_need ON service_calls (tenant_id, need_id, asked_at, id);
CREATE INDEX service_calls_by_activity ON service_calls (tenant_id, activity_id, starts_at);
CREATE INDEX service_calls_by_volunteer ON service_calls (tenant_id, volunteer_id, starts_at);

CREATE TABLE volunteer_engagements ( -- what a volunteer is booked for besides activities, so that nobody books them twice
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    subject_id UUID NOT NULL, -- what they are booked for: a visit, or a round of doors
    volunteer_id UUID NOT NULL,
    title TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id),
    CHECK (starts_at < ends_at)
);
--@citus SELECT create_distributed_table('volunteer_engagements', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_engagements_by_volunteer ON volunteer_engagements (tenant_id, volunteer_id, starts_at);
CREATE INDEX volunteer_engagements_by_subject ON volunteer_engagements (tenant_id, subject_id);
CREATE INDEX volunteer_engagements_by_time ON volunteer_engagements (tenant_id, starts_at);
