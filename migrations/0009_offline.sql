-- What phones send that were without signal when it was written down.

CREATE TABLE offline_records (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL, -- made by the phone
    account_id UUID NOT NULL, -- whose record it is
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL, -- of the bytes that came: the same again gets the first receipt
    content_sealed BYTEA, -- the bytes; removed some time after they were entered
    state TEXT NOT NULL,
    sentence TEXT NOT NULL, -- why it could not be entered, or why nobody will enter it
    answer TEXT NOT NULL, -- JSON: what the phone was told
    made_at BIGINT NOT NULL, -- by the clock of the server
    received_at BIGINT NOT NULL,
    settled_by UUID, -- who decided about a record that was held
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
--@citus SELECT create_distributed_table('offline_records', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX offline_records_held ON offline_records (tenant_id, received_at, id) WHERE state = 'held';
CREATE INDEX offline_records_held_by_account ON offline_records (tenant_id, account_id, id) WHERE state = 'held';
CREATE INDEX offline_records_kept ON offline_records (tenant_id, received_at) WHERE content_sealed IS NOT NULL;

CREATE TABLE offline_disputes ( -- another content under an id that is taken: both are kept for somebody to look at
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    record_id UUID NOT NULL,
    account_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    content_sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    decision TEXT, -- null while nobody has looked
    decided_by UUID,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, record_id, digest),
    FOREIGN KEY (tenant_id, record_id) REFERENCES offline_records (tenant_id, id)
);
--@citus SELECT create_distributed_table('offline_disputes', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX offline_disputes_open ON offline_disputes (tenant_id, received_at, id) WHERE decision IS NULL;

CREATE TABLE offline_photos (
    tenant_id UUID NOT NULL,
    record_id UUID NOT NULL,
    id UUID NOT NULL, -- made by the phone
    digest BYTEA NOT NULL, -- of the bytes that came
    photo_id UUID NOT NULL,
    attached BOOLEAN NOT NULL, -- false while its record is held
    received_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, record_id, id),
    FOREIGN KEY (tenant_id, record_id) REFERENCES offline_records (tenant_id, id),
    FOREIGN KEY (tenant_id, photo_id) REFERENCES photos (tenant_id, id)
);
--@citus SELECT create_distributed_table('offline_photos', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX offline_photos_by_photo ON offline_photos (tenant_id, photo_id);
