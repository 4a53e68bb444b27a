-- What a survey found to be different from the register, until somebody has said whether it is so; and what only some may see.

CREATE TABLE findings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    batch_kind TEXT NOT NULL,
    batch_id UUID NOT NULL, -- the first import of a workbook, or a campaign
    source_id UUID NOT NULL, -- the import, or the record of a visit
    kind TEXT NOT NULL,
    building_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    resident_id UUID, -- null where the register does not know them
    field TEXT, -- what of the resident it is about; null where it is about the whole of them
    words TEXT NOT NULL, -- masked, by the program
    payload_sealed BYTEA, -- JSON of what was said; gone once it has been decided
    mark BYTEA NOT NULL, -- keyed hash of what was said: the same is noted once
    seen_version INTEGER NOT NULL, -- of the resident
    sure BOOLEAN NOT NULL,
    found_at BIGINT NOT NULL,
    found_by UUID,
    decision TEXT, -- null while nobody has looked
    decided_by UUID,
    decided_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id),
    FOREIGN KEY (tenant_id, dwelling_id) REFERENCES dwellings (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('findings', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX findings_open_once ON findings (tenant_id, mark) WHERE decision IS NULL;
CREATE UNIQUE INDEX findings_once_in_batch ON findings (tenant_id, batch_id, mark);
CREATE INDEX findings_open ON findings (tenant_id, kind, found_at, id) WHERE decision IS NULL;
CREATE INDEX findings_sure ON findings (tenant_id, batch_id, id) WHERE decision IS NULL AND sure;
CREATE INDEX findings_of_resident ON findings (tenant_id, resident_id) WHERE resident_id IS NOT NULL;

ALTER TABLE imports ADD COLUMN mode TEXT NOT NULL DEFAULT 'register'; -- or 'compare': noted as findings, not written
ALTER TABLE imports ADD COLUMN batch_id UUID; -- of a comparison: the first import of the same workbook
CREATE INDEX imports_by_digest ON imports (tenant_id, digest, created_at);
ALTER TABLE import_rows ADD COLUMN door TEXT; -- the place that the row names, of a comparison
ALTER TABLE import_rows ADD COLUMN dwelling_id UUID;
ALTER TABLE import_rows ADD COLUMN resident_id UUID; -- whom the register knows the row's person as
CREATE INDEX import_rows_by_resident ON import_rows (tenant_id, import_id, resident_id) WHERE resident_id IS NOT NULL;
CREATE INDEX import_rows_by_door ON import_rows (tenant_id, import_id, door) WHERE door IS NOT NULL;

CREATE TABLE restricted_tags ( -- for named roles, where the setting allows them at all; apart, so that nothing else can show them
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    resident_id UUID NOT NULL,
    tag TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT, -- null while it holds
    evidence_sealed BYTEA, -- gone where the person's data were erased
    set_by UUID,
    verified_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id)
);
--@citus SELECT create_distributed_table('restricted_tags', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX restricted_tags_by_resident ON restricted_tags (tenant_id, resident_id);
CREATE INDEX resident_tags_by_resident ON resident_tags (tenant_id, resident_id);
CREATE UNIQUE INDEX restricted_tags_current ON restricted_tags (tenant_id, resident_id, tag) WHERE until IS NULL;

CREATE TABLE data_requests ( -- what somebody asks for about their own data (个人信息保护法, art. 44 to 50)
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    resident_id UUID NOT NULL,
    building_id UUID NOT NULL, -- of the resident
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    requester_sealed BYTEA NOT NULL, -- who asks, and how that was checked
    words_sealed BYTEA NOT NULL,
    answer_sealed BYTEA,
    filed_at BIGINT NOT NULL,
    filed_by UUID,
    due_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resident_id) REFERENCES residents (tenant_id, id),
    FOREIGN KEY (tenant_id, building_id) REFERENCES buildings (tenant_id, id)
);
--@citus SELECT create_distributed_table('data_requests', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX data_requests_open ON data_requests (tenant_id, due_at, id) WHERE state = 'open';
CREATE INDEX data_requests_ended ON data_requests (tenant_id, decided_at, id) WHERE state <> 'open';
CREATE INDEX residents_by_merger ON residents (tenant_id, merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE export_requests ( -- somebody wants a roll with whole numbers, and somebody else decides
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    query TEXT NOT NULL, -- the filter of the roll
    words TEXT NOT NULL, -- the filter, in words
    people INTEGER NOT NULL, -- when it was asked for
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    answer TEXT, -- why not
    expires_at BIGINT, -- of one that was approved
    taken_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, asked_by) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('export_requests', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX export_requests_by_time ON export_requests (tenant_id, asked_at, id);
CREATE INDEX export_requests_waiting ON export_requests (tenant_id, state, asked_at) WHERE state IN ('open', 'approved');
