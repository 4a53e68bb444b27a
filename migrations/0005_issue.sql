-- The closed loop: an issue, its events (the chain of the receipt), dispatches, extensions, surveys.

CREATE TABLE issues (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    number TEXT NOT NULL, -- SSYS-20261123-0001
    receipt_code TEXT NOT NULL,
    source TEXT NOT NULL,
    category TEXT NOT NULL,
    tier TEXT, -- of urgency, given when accepted
    remedy TEXT, -- what kind of thing can solve it, given when accepted
    state TEXT NOT NULL,
    open BOOLEAN NOT NULL, -- the state is not an end
    summary TEXT, -- public words, written by staff when accepted
    description TEXT NOT NULL, -- the reporter's words, never public
    estate_id UUID,
    building_id UUID,
    unit_id UUID,
    grid_id UUID,
    place_text TEXT NOT NULL,
    search_text TEXT NOT NULL, -- words and place, lower-case
    position BIGINT NOT NULL, -- the how manieth issue of the tenant; its place in the search bitmaps
    indexed BOOLEAN NOT NULL, -- the bitmaps know this search_text
    reporter_sealed BYTEA, -- name and phone
    phone_fingerprint BYTEA,
    filed_by UUID, -- the staff member who entered it for somebody
    organisation_id UUID, -- responsible now
    since BIGINT NOT NULL, -- when it came into its state
    due_at BIGINT NOT NULL, -- when the next step is due
    merged_into UUID,
    round INTEGER NOT NULL, -- grows when it is reopened
    reported_at BIGINT NOT NULL,
    ended_at BIGINT,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id),
    FOREIGN KEY (tenant_id, unit_id) REFERENCES units (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisations (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES issues (tenant_id, id) DEFERRABLE
);
--@citus SELECT create_distributed_table('issues', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX issues_open ON issues (tenant_id, due_at, id) WHERE open;
CREATE INDEX issues_open_by_report ON issues (tenant_id, reported_at, id) WHERE open;
CREATE INDEX issues_ended ON issues (tenant_id, ended_at, id) WHERE NOT open;
CREATE UNIQUE INDEX issues_by_position ON issues (tenant_id, position);
CREATE INDEX issues_unindexed ON issues (tenant_id, position) WHERE NOT indexed;
CREATE INDEX issues_by_building ON issues (tenant_id, building_id, reported_at);
CREATE INDEX issues_by_phone ON issues (tenant_id, phone_fingerprint) WHERE phone_fingerprint IS NOT NULL;
-- What is counted above a list stands in the index itself.
CREATE INDEX issues_open_by_state ON issues (tenant_id, state, category, due_at, estate_id, grid_id, organisation_id) WHERE open;
CREATE INDEX issues_by_merge ON issues (tenant_id, merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE receipt_codes (
    code TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    issue_id UUID NOT NULL
);
--@citus SELECT create_reference_table('receipt_codes');

CREATE TABLE issue_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    position INTEGER NOT NULL, -- the issue's lock_version after it
    round INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    due_at BIGINT, -- when it was due
    account_id UUID, -- null: the reporter, or the program
    role TEXT NOT NULL,
    organisation_id UUID,
    note TEXT NOT NULL, -- public words
    internal_note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, issue_id, position),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('issue_events', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE issue_photos (
    tenant_id UUID NOT NULL,
    event_id UUID NOT NULL,
    photo_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, event_id, photo_id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES issue_events (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id)
);
--@citus SELECT create_distributed_table('issue_photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX issue_photos_by_photo ON issue_photos (tenant_id, photo_id);
CREATE INDEX issue_photos_by_issue ON issue_photos (tenant_id, issue_id, event_id, position);

CREATE TABLE extensions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    round INTEGER NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    requested_by UUID NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    granted BOOLEAN,
    decision TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('extensions', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX extensions_by_issue ON extensions (tenant_id, issue_id);
CREATE UNIQUE INDEX extensions_pending ON extensions (tenant_id, issue_id) WHERE decided_at IS NULL;

CREATE TABLE surveys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    round INTEGER NOT NULL,
    respondent TEXT NOT NULL,
    channel TEXT NOT NULL,
    surveyor_id UUID,
    score INTEGER NOT NULL, -- 5 非常满意 … 1 非常不满意
    solved TEXT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('surveys', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX surveys_by_issue ON surveys (tenant_id, issue_id);

CREATE TABLE rating_links ( -- the reporter's own, good for one rating
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    issue_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issue_id) REFERENCES issues (tenant_id, id)
);
--@citus SELECT create_distributed_table('rating_links', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX rating_links_by_issue ON rating_links (tenant_id, issue_id);
