-- 党组织和党员: the organisations as a tree, who belongs to them, who holds which post, and who is shown to the public.

CREATE TABLE party_organisations (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    parent_id UUID,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    estate_id UUID, -- null: it looks after no one estate
    organisation_id UUID NOT NULL, -- whose campaigns and meetings are its own; a 党小组 has that of its branch
    founded_on TEXT, -- a date, as far as it is known
    term_began_on TEXT, -- of the present committee: a day
    term_ends_on TEXT,
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES party_organisations (tenant_id, id) DEFERRABLE, -- a backup comes back in any order
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_organisations', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX party_organisations_own ON party_organisations (tenant_id, organisation_id) WHERE kind <> 'party_group';
CREATE INDEX party_organisations_by_name ON party_organisations (tenant_id, name);

CREATE TABLE party_members (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    party_organisation_id UUID NOT NULL, -- not a 党小组
    group_id UUID, -- the 党小组 within it
    resident_id UUID, -- whom the register knows; set by somebody, never by itself
    name TEXT NOT NULL,
    sex TEXT NOT NULL,
    ethnic_group TEXT,
    birth_date TEXT,
    identity_sealed BYTEA,
    identity_fingerprint BYTEA,
    phone_sealed BYTEA,
    education TEXT,
    joined_on TEXT, -- 入党时间
    full_since TEXT, -- 转正时间
    home_organisation TEXT, -- 组织关系所在地, where it is elsewhere
    status TEXT NOT NULL,
    link TEXT NOT NULL,
    note_sealed BYTEA,
    ended TEXT, -- why somebody is not counted here any more; the row stays
    ended_on TEXT,
    updated_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, identity_fingerprint),
    FOREIGN KEY (tenant_id, party_organisation_id) REFERENCES party_organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES party_organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_members', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX party_members_by_organisation ON party_members (tenant_id, party_organisation_id, name, id);
CREATE INDEX party_members_by_name ON party_members (tenant_id, name);
CREATE INDEX party_members_by_resident ON party_members (tenant_id, resident_id);

CREATE TABLE party_moves ( -- from one organisation of the community to another: who should have attended where on a past day
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    member_id UUID NOT NULL,
    from_id UUID NOT NULL, -- the organisation they left
    moved_on TEXT NOT NULL, -- a day, the first one in the other
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES party_members (tenant_id, id),
    FOREIGN KEY (tenant_id, from_id) REFERENCES party_organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_moves', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX party_moves_by_member ON party_moves (tenant_id, member_id, moved_on, id);
CREATE INDEX party_moves_from ON party_moves (tenant_id, from_id, moved_on, member_id);

CREATE TABLE party_posts ( -- who leads an organisation, and who did
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    party_organisation_id UUID NOT NULL,
    member_id UUID NOT NULL,
    post TEXT NOT NULL,
    since TEXT NOT NULL, -- a day
    until TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, party_organisation_id) REFERENCES party_organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES party_members (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_posts', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX party_posts_held ON party_posts (tenant_id, party_organisation_id, member_id, post) WHERE until IS NULL;
CREATE INDEX party_posts_by_organisation ON party_posts (tenant_id, party_organisation_id, member_id);
CREATE INDEX party_posts_by_member ON party_posts (tenant_id, member_id);

CREATE TABLE party_consents ( -- 亮身份: shown as long as one stands
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    member_id UUID NOT NULL,
    how TEXT NOT NULL,
    given_on TEXT NOT NULL, -- a day
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    withdrawn_how TEXT,
    withdrawn_on TEXT,
    withdrawn_by UUID,
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES party_members (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_consents', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX party_consents_standing ON party_consents (tenant_id, member_id) WHERE withdrawn_at IS NULL;
CREATE INDEX party_consents_by_member ON party_consents (tenant_id, member_id, recorded_at, id);

CREATE TABLE party_imports ( -- a 党员花名册 that has been sent in
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    party_organisation_id UUID NOT NULL, -- whose it is, where a row does not say
    file_name TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BYTEA, -- the header and the rows; once it is applied only those that were given back, and in the end nothing
    outcome TEXT NOT NULL, -- in words; empty until it is applied
    account_id UUID,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, party_organisation_id) REFERENCES party_organisations (tenant_id, id)
);
--@citus SELECT create_distributed_table('party_imports', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX party_imports_by_time ON party_imports (tenant_id, created_at, id);
CREATE INDEX party_imports_kept ON party_imports (tenant_id, created_at, id) WHERE sealed IS NOT NULL;
