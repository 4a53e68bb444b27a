-- 志愿服务队和志愿者: teams, who belongs to them, and what somebody has agreed to before anything was registered of them.

CREATE TABLE volunteer_teams (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    named BOOLEAN NOT NULL, -- false: a place kept for a team of which nobody has written yet what it is called
    kind TEXT NOT NULL,
    slogan TEXT NOT NULL,
    founded_on TEXT, -- a day
    ended_on TEXT,
    position INTEGER NOT NULL, -- in lists
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_teams', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_teams_by_name ON volunteer_teams (tenant_id, name);

CREATE TABLE volunteer_team_estates ( -- where a team serves
    tenant_id UUID NOT NULL,
    team_id UUID NOT NULL,
    estate_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, team_id, estate_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_team_estates', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE volunteer_team_groups ( -- whom a team serves
    tenant_id UUID NOT NULL,
    team_id UUID NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (tenant_id, team_id, target),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_team_groups', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE volunteers ( -- also those who have applied or been recommended; they are volunteers once they are active
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    state TEXT NOT NULL,
    way TEXT NOT NULL, -- 居民推荐, 自愿报名, 组织动员
    team_id UUID, -- the one that they want to join
    estate_id UUID, -- where they live, if in the community
    resident_id UUID, -- whom the register knows; set by somebody, never by itself
    name TEXT NOT NULL, -- empty once it is erased
    sex TEXT NOT NULL,
    birth_date TEXT,
    identity_sealed BYTEA,
    identity_fingerprint BYTEA,
    phone_sealed BYTEA,
    political_status TEXT,
    source TEXT, -- 离退休人员, 党员, …
    skills TEXT,
    qualifications TEXT,
    services TEXT, -- 服务类别
    available TEXT, -- 服务时间
    national_no TEXT, -- of the national system, so that the identity number need not be shown
    insurance_no TEXT,
    note_sealed BYTEA,
    recommender_sealed BYTEA, -- who has recommended them
    guardian_sealed BYTEA, -- of a minor: name, relation and phone
    guardian_agreed_on TEXT, -- the day of the written consent
    ended_why TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    joined_on TEXT, -- 注册时间, a day
    ended_on TEXT,
    link_number INTEGER NOT NULL, -- counts up where a link must not be good any more
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteers', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteers_by_identity ON volunteers (tenant_id, identity_fingerprint) WHERE state = 'active';
CREATE INDEX volunteers_by_state ON volunteers (tenant_id, state, applied_at, id);
CREATE INDEX volunteers_by_resident ON volunteers (tenant_id, resident_id);

CREATE TABLE volunteer_memberships (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    team_id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    post TEXT NOT NULL, -- 队长, 副队长, 队员
    way TEXT NOT NULL,
    joined_on TEXT NOT NULL, -- a day
    left_on TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES volunteer_teams (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_memberships', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_memberships_standing ON volunteer_memberships (tenant_id, team_id, volunteer_id) WHERE left_on IS NULL;
CREATE UNIQUE INDEX volunteer_memberships_leader ON volunteer_memberships (tenant_id, team_id) WHERE left_on IS NULL AND post = 'leader';
CREATE INDEX volunteer_memberships_by_team ON volunteer_memberships (tenant_id, team_id);
CREATE INDEX volunteer_memberships_by_volunteer ON volunteer_memberships (tenant_id, volunteer_id, joined_on);

CREATE TABLE volunteer_consents ( -- what somebody has agreed to, until they take it back
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    how TEXT NOT NULL,
    edition TEXT NOT NULL, -- of the wording that they have read: the head of its digest
    given_at BIGINT NOT NULL,
    recorded_by UUID, -- null: they themselves, by their link
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_consents', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX volunteer_consents_standing ON volunteer_consents (tenant_id, volunteer_id, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX volunteer_consents_by_volunteer ON volunteer_consents (tenant_id, volunteer_id, given_at, id);

CREATE TABLE volunteer_vettings ( -- whether there is anything against working with minors: the result and no details
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    result TEXT NOT NULL,
    checked_on TEXT NOT NULL, -- a day
    expires_on TEXT NOT NULL,
    proof_no TEXT NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_vettings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_vettings_by_volunteer ON volunteer_vettings (tenant_id, volunteer_id, recorded_at, id);

CREATE TABLE volunteer_imports ( -- a 志愿者花名册 that has been sent in
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    agreed BOOLEAN NOT NULL, -- all of them have signed before: whoever sent it in has said so
    file_name TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BYTEA, -- the header and the rows; once it is applied only those that were given back, and in the end nothing
    outcome TEXT NOT NULL, -- in words; empty until it is applied
    account_id UUID,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_imports', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_imports_by_time ON volunteer_imports (tenant_id, created_at, id);
