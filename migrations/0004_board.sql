-- What everybody may read: publications, and whom to call.

CREATE TABLE publications (
    tenant_id UUID NOT NULL REFERENCES tenants (tenant_id),
    id UUID NOT NULL,
    estate_id UUID, -- null: the whole community
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL, -- JSON snapshot, never changed
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('publications', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX publications_by_time ON publications (tenant_id, starts_at, id);
CREATE INDEX publications_by_estate ON publications (tenant_id, estate_id, starts_at, id);
CREATE INDEX publications_by_subject ON publications (tenant_id, subject_id);

CREATE TABLE contacts ( -- the directory of a 党群服务站; each person has agreed to be shown
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    estate_id UUID NOT NULL,
    post TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    consented_at BIGINT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('contacts', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX contacts_by_estate ON contacts (tenant_id, estate_id, position);
