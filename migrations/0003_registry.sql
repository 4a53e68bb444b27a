-- Who lives there, and the workbooks from which that was read.

CREATE TABLE households (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    head_name TEXT NOT NULL, -- tells several households in one dwelling apart
    kind TEXT, -- null: not known
    lock_version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT, -- when the last of its people had left
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id)
);
--@citus SELECT create_distributed_table('households', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX households_current ON households (tenant_id, dwelling_id, head_name) WHERE ended_at IS NULL;

CREATE TABLE residents (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    household_id UUID NOT NULL, -- the last one, of somebody who has left
    building_id UUID NOT NULL, -- of the household
    name TEXT NOT NULL,
    search_text TEXT NOT NULL, -- name, pinyin and initials, lower-case
    position BIGINT NOT NULL, -- the how manieth resident of the tenant; their place in the search bitmaps
    indexed BOOLEAN NOT NULL, -- the bitmaps know this search_text
    sex TEXT NOT NULL, -- GB/T 2261.1
    birth_date TEXT, -- YYYY-MM-DD, or less of it where less is known
    document TEXT, -- the kind of the document that the number is from; null where nobody has said
    identity_sealed BYTEA,
    identity_fingerprint BYTEA, -- keyed hash, for exact look-up
    phone_sealed BYTEA,
    phone_fingerprint BYTEA,
    ethnic_group TEXT,
    political_status TEXT,
    education TEXT,
    marital_status TEXT,
    relation TEXT, -- to the head of the household, GB/T 4761
    registered_address TEXT,
    residence_state TEXT,
    workplace TEXT,
    health_sealed BYTEA,
    note_sealed BYTEA,
    lock_version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended TEXT, -- why they are not counted any more; null while they belong here
    ended_at BIGINT,
    merged_into UUID, -- the same person under another id
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, identity_fingerprint),
    FOREIGN KEY (tenant_id, household_id) REFERENCES households (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('residents', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX residents_by_household ON residents (tenant_id, household_id);
CREATE UNIQUE INDEX residents_by_position ON residents (tenant_id, position);
CREATE INDEX residents_unindexed ON residents (tenant_id, position) WHERE NOT indexed;
CREATE INDEX residents_by_phone ON residents (tenant_id, phone_fingerprint, position) WHERE phone_fingerprint IS NOT NULL;
CREATE INDEX residents_by_name ON residents (tenant_id, name) WHERE ended IS NULL;
CREATE INDEX residents_by_building ON residents (tenant_id, building_id, position) WHERE ended IS NULL;

CREATE TABLE resident_fields ( -- with which version of a resident a field changed last; what nobody has changed has no row
    tenant_id UUID NOT NULL,
    resident_id UUID NOT NULL,
    field TEXT NOT NULL,
    version INTEGER NOT NULL,
    account_id UUID, -- by whom; null: the program
    made_at BIGINT NOT NULL, -- when they wrote it down, which may be long before it arrived
    PRIMARY KEY (tenant_id, resident_id, field),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('resident_fields', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE doubles ( -- two residents who may be one person; decided by somebody, never by the program
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    one_id UUID NOT NULL, -- the one registered earlier
    other_id UUID NOT NULL,
    why TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    decision TEXT, -- null while nobody has looked
    decided_by UUID,
    decided_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, one_id, other_id),
    FOREIGN KEY (tenant_id, one_id) REFERENCES residents (tenant_id, id),
    FOREIGN KEY (tenant_id, other_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('doubles', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX doubles_open ON doubles (tenant_id, found_at, id) WHERE decision IS NULL;

CREATE TABLE resident_tags (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    resident_id UUID NOT NULL,
    tag TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT, -- null while it holds
    evidence TEXT NOT NULL,
    set_by UUID,
    verified_at BIGINT NOT NULL, -- when somebody last saw that it holds
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('resident_tags', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX resident_tags_current ON resident_tags (tenant_id, resident_id, tag) WHERE until IS NULL;

CREATE TABLE building_figures ( -- how many people and homes of each kind a building has; made anew from the rows
    tenant_id UUID NOT NULL,
    building_id UUID NOT NULL,
    facet TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, building_id, facet),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('building_figures', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE stale_buildings ( -- a row for each change since the figures of a building were made
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    building_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('stale_buildings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX stale_buildings_by_building ON stale_buildings (tenant_id, building_id, id);

CREATE TABLE saved_views ( -- filters of rolls that somebody comes back to
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('saved_views', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX saved_views_by_account ON saved_views (tenant_id, account_id, created_at, id);

CREATE TABLE imports (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    file_name TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    header TEXT NOT NULL, -- JSON: the header cells as they stood, to give the rejected rows back under
    total_rows INTEGER NOT NULL,
    created_count INTEGER NOT NULL,
    updated_count INTEGER NOT NULL,
    unchanged_count INTEGER NOT NULL,
    rejected_count INTEGER NOT NULL,
    account_id UUID,
    created_at BIGINT NOT NULL,
    applied_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
--@citus SELECT create_distributed_table('imports', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX imports_by_time ON imports (tenant_id, created_at, id);

CREATE TABLE import_rows (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    row_number INTEGER NOT NULL, -- the worksheet's own
    state TEXT NOT NULL,
    sealed BYTEA, -- the original cells and what was read from them; removed some time after the import
    rejected_column TEXT,
    reason TEXT,
    PRIMARY KEY (tenant_id, import_id, row_number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id)
);
--@citus SELECT create_distributed_table('import_rows', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX import_rows_by_state ON import_rows (tenant_id, import_id, state, row_number);
